-- Exact sums of any stretch of time: whole days, hours and quarter hours from the rollups (with what is queued), and
-- an edge inside a quarter hour from the raw rows of that quarter. Stable: one call sees one snapshot.

CREATE OR REPLACE FUNCTION creditpulse.buckets_between(
    start_at timestamptz, end_at timestamptz,
    OUT grain smallint, OUT first timestamptz, OUT last timestamptz
) RETURNS SETOF record LANGUAGE sql IMMUTABLE AS $$
    WITH edges AS (
        SELECT
            date_bin('15 minutes', start_at + interval '15 minutes' - interval '1 microsecond', '2000-01-01 00:00:00+00') AS q1,
            date_bin('15 minutes', end_at, '2000-01-01 00:00:00+00') AS q2,
            date_bin('1 hour', start_at + interval '1 hour' - interval '1 microsecond', '2000-01-01 00:00:00+00') AS h1,
            date_bin('1 hour', end_at, '2000-01-01 00:00:00+00') AS h2,
            date_bin('1 day', start_at + interval '1 day' - interval '1 microsecond', '2000-01-01 00:00:00+00') AS d1,
            date_bin('1 day', end_at, '2000-01-01 00:00:00+00') AS d2
    )
    SELECT r.grain::smallint, r.first, r.last
    FROM edges e CROSS JOIN LATERAL (VALUES
        (1, e.d1, e.d2),
        (2, e.h1, CASE WHEN e.d1 <= e.d2 THEN e.d1 ELSE e.h2 END),
        (2, CASE WHEN e.d1 <= e.d2 THEN e.d2 ELSE e.h2 END, e.h2),
        (0, e.q1, CASE WHEN e.h1 <= e.h2 THEN e.h1 ELSE e.q2 END),
        (0, CASE WHEN e.h1 <= e.h2 THEN e.h2 ELSE e.q2 END, e.q2)
    ) AS r (grain, first, last)
    WHERE r.first < r.last
$$;

-- The stretches of [start_at, end_at) that no whole quarter hour covers: two at most.
CREATE OR REPLACE FUNCTION creditpulse.edges_between(
    start_at timestamptz, end_at timestamptz, OUT first timestamptz, OUT last timestamptz
) RETURNS SETOF record LANGUAGE sql IMMUTABLE AS $$
    WITH edges AS (
        SELECT
            date_bin('15 minutes', start_at + interval '15 minutes' - interval '1 microsecond', '2000-01-01 00:00:00+00') AS q1,
            date_bin('15 minutes', end_at, '2000-01-01 00:00:00+00') AS q2
    )
    SELECT r.first, r.last
    FROM edges e CROSS JOIN LATERAL (VALUES
        (start_at, CASE WHEN e.q1 <= e.q2 THEN e.q1 ELSE end_at END),
        (CASE WHEN e.q1 <= e.q2 THEN e.q2 ELSE end_at END, end_at)
    ) AS r (first, last)
    WHERE r.first < r.last
$$;

CREATE OR REPLACE FUNCTION creditpulse.usage_between(
    of_scope uuid, start_at timestamptz, end_at timestamptz,
    OUT calls bigint, OUT prompt_tokens bigint, OUT completion_tokens bigint, OUT total_tokens bigint, OUT cost numeric
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    nil CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    every CONSTANT uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
    edge record;
    raw record;
BEGIN
    SELECT coalesce(sum(s.calls), 0), coalesce(sum(s.prompt_tokens), 0), coalesce(sum(s.completion_tokens), 0),
        coalesce(sum(s.total_tokens), 0), coalesce(sum(s.cost), 0)
    INTO calls, prompt_tokens, completion_tokens, total_tokens, cost
    FROM creditpulse.buckets_between(start_at, end_at) AS b
    -- Lateral, and already summed: else the planner may read every row that the scope has had since ever.
    CROSS JOIN LATERAL (
        SELECT sum(r.calls) AS calls, sum(r.prompt_tokens) AS prompt_tokens,
            sum(r.completion_tokens) AS completion_tokens, sum(r.total_tokens) AS total_tokens, sum(r.cost) AS cost
        FROM creditpulse.exact_totals r
        WHERE r.scope = of_scope AND r.grain = b.grain AND r.bucket >= b.first AND r.bucket < b.last
    ) AS s;
    FOR edge IN SELECT * FROM creditpulse.edges_between(start_at, end_at) LOOP
        SELECT count(*) AS calls, coalesce(sum(u.prompt_tokens), 0) AS prompt_tokens,
            coalesce(sum(u.completion_tokens), 0) AS completion_tokens,
            coalesce(sum(u.total_tokens), 0) AS total_tokens, coalesce(sum(u.cost), 0) AS cost
        INTO raw FROM creditpulse.source_usage u
        WHERE u.created_at >= edge.first AND u.created_at < edge.last
            AND (of_scope = every OR u.user_id = of_scope OR (of_scope = nil AND u.user_id IS NULL))
            AND creditpulse.foldable(u.prompt_tokens, u.completion_tokens, u.total_tokens, u.cost);
        calls := calls + raw.calls;
        prompt_tokens := prompt_tokens + raw.prompt_tokens;
        completion_tokens := completion_tokens + raw.completion_tokens;
        total_tokens := total_tokens + raw.total_tokens;
        cost := cost + raw.cost;
    END LOOP;
END
$$;

-- Dollars of purchased credits used by a scope.
CREATE OR REPLACE FUNCTION creditpulse.purchases_between(of_scope uuid, start_at timestamptz, end_at timestamptz)
RETURNS numeric LANGUAGE plpgsql STABLE AS $$
DECLARE
    nil CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    every CONSTANT uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
    total numeric;
BEGIN
    SELECT coalesce(sum(s.cost), 0) INTO total
    FROM creditpulse.buckets_between(start_at, end_at) AS b
    CROSS JOIN LATERAL (
        SELECT sum(r.cost) AS cost FROM creditpulse.exact_purchases r
        WHERE r.scope = of_scope AND r.grain = b.grain AND r.bucket >= b.first AND r.bucket < b.last
    ) AS s;
    RETURN total + (
        SELECT coalesce(sum(c.cost), 0)
        FROM creditpulse.edges_between(start_at, end_at) AS e
        JOIN creditpulse.source_purchases c ON c.created_at >= e.first AND c.created_at < e.last
        WHERE (of_scope = every OR c.user_id = of_scope OR (of_scope = nil AND c.user_id IS NULL))
            AND creditpulse.foldable(0, 0, 0, c.cost));
END
$$;

-- How many agents of a scope are running now. A thread belongs to its account, or to who used it most.
CREATE OR REPLACE FUNCTION creditpulse.agents_running(of_scope uuid) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT count(DISTINCT r.thread_id)
    FROM creditpulse.source_runs r
    WHERE r.status = 'running' AND (
        of_scope = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
        OR of_scope = coalesce(
            (SELECT t.account_id FROM creditpulse.source_threads t WHERE t.thread_id = r.thread_id),
            (SELECT u.user_id FROM creditpulse.thread_users u WHERE u.thread_id = r.thread_id
                ORDER BY u.calls DESC LIMIT 1),
            '00000000-0000-0000-0000-000000000000'))
$$;
