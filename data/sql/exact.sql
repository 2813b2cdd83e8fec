-- What rollups are keyed by, and the views that are exact at every moment: in any snapshot a change is in the rollup
-- or in the queue, never in both or neither.

-- The quarter hour (UTC) of a row; rows without a time, or with one outside the calendar, lie at the infinities.
CREATE OR REPLACE FUNCTION creditpulse.quarter_of(at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN at IS NULL OR at < '0001-01-02 00:00:00+00' THEN '-infinity'::timestamptz
    WHEN at >= '9999-12-31 00:00:00+00' THEN 'infinity'::timestamptz
    ELSE date_bin('15 minutes', at, '2000-01-01 00:00:00+00')
END;

CREATE OR REPLACE FUNCTION creditpulse.hour_of(at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN isfinite(at) THEN date_bin('1 hour', at, '2000-01-01 00:00:00+00') ELSE at END;

CREATE OR REPLACE FUNCTION creditpulse.day_of(at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN isfinite(at) THEN date_bin('1 day', at, '2000-01-01 00:00:00+00') ELSE at END;

-- In whose sums an account's rows count: its own, and those of all accounts.
CREATE OR REPLACE FUNCTION creditpulse.scopes_of(account uuid) RETURNS TABLE (scope uuid)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT * FROM (VALUES (account), ('ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)) AS s (scope)
$$;

-- In which buckets of these sums the rows of a quarter hour count.
CREATE OR REPLACE FUNCTION creditpulse.buckets_of(quarter timestamptz) RETURNS TABLE (grain smallint, bucket timestamptz)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT * FROM (VALUES
        (0::smallint, quarter),
        (2::smallint, creditpulse.hour_of(quarter)),
        (1::smallint, creditpulse.day_of(quarter))
    ) AS b (grain, bucket)
$$;

-- The step of a figure: one up is a quarter of an e-fold. It moves seldom as a thread grows, so that an index on it
-- leaves most updates heap-only. Nothing, and what is less, has the lowest step.
CREATE OR REPLACE FUNCTION creditpulse.step_of(figure double precision) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN floor(4 * ln(greatest(figure, 1e-6)))::integer;

-- Whether a delta can be added to a rollup's columns without ever overflowing them, or poisoning a sum.
CREATE OR REPLACE FUNCTION creditpulse.foldable(
    prompt_tokens numeric, completion_tokens numeric, total_tokens numeric, cost numeric
) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN abs(prompt_tokens) < 1e16 AND abs(completion_tokens) < 1e16 AND abs(total_tokens) < 1e16 AND abs(cost) < 1e16;

-- The queued rows that a total has to include. low is void where a restored server counts transactions anew.
CREATE OR REPLACE VIEW creditpulse.queued AS
SELECT c.*
FROM creditpulse.changes c
WHERE c.xid >= (
        SELECT CASE WHEN s.low > pg_snapshot_xmin(pg_current_snapshot()) THEN '0'::xid8 ELSE s.low END
        FROM creditpulse.state s)
    AND CASE c.source
        WHEN 'u' THEN c.id > coalesce((SELECT max(t.id) FROM creditpulse.changes t WHERE t.source = 'U'), 0)
        WHEN 'p' THEN c.id > coalesce((SELECT max(t.id) FROM creditpulse.changes t WHERE t.source = 'P'), 0)
        ELSE true END
    AND creditpulse.foldable(c.prompt_tokens, c.completion_tokens, c.total_tokens, c.cost);

-- Several rows a thread. first_at and last_at: the least and the greatest of them, once a deletion has been folded.
CREATE OR REPLACE VIEW creditpulse.exact_threads AS
SELECT thread_id, calls, prompt_tokens, completion_tokens, total_tokens, cost, last_at, first_at, spent
FROM creditpulse.thread_totals
WHERE NOT EXISTS (SELECT FROM creditpulse.changes WHERE source = 'U')
UNION ALL
SELECT thread_id, calls, prompt_tokens::bigint, completion_tokens::bigint, total_tokens::bigint, cost, last_at,
    first_at, spent
FROM creditpulse.queued WHERE source = 'u';

CREATE OR REPLACE VIEW creditpulse.exact_thread_users AS
SELECT thread_id, user_id, calls, cost, spent
FROM creditpulse.thread_users
WHERE NOT EXISTS (SELECT FROM creditpulse.changes WHERE source = 'U')
UNION ALL
SELECT thread_id, user_id, calls, cost, spent FROM creditpulse.queued WHERE source = 'u';

CREATE OR REPLACE VIEW creditpulse.exact_thread_hours AS
SELECT thread_id, hour, model, calls, prompt_tokens, completion_tokens, total_tokens, cost
FROM creditpulse.thread_hours
WHERE NOT EXISTS (SELECT FROM creditpulse.changes WHERE source = 'U')
UNION ALL
SELECT thread_id, creditpulse.hour_of(quarter), model,
    calls, prompt_tokens::bigint, completion_tokens::bigint, total_tokens::bigint, cost
FROM creditpulse.queued WHERE source = 'u';

CREATE OR REPLACE VIEW creditpulse.exact_accounts AS
SELECT account_id, calls, prompt_tokens, completion_tokens, total_tokens, cost, spent, last_at
FROM creditpulse.account_totals
WHERE NOT EXISTS (SELECT FROM creditpulse.changes WHERE source = 'U')
UNION ALL
SELECT user_id, calls, prompt_tokens::bigint, completion_tokens::bigint, total_tokens::bigint, cost, spent, last_at
FROM creditpulse.queued WHERE source = 'u';

CREATE OR REPLACE VIEW creditpulse.exact_usage AS
SELECT scope, grain, bucket, model, calls, prompt_tokens, completion_tokens, total_tokens, cost
FROM creditpulse.usage_rollup
WHERE NOT EXISTS (SELECT FROM creditpulse.changes WHERE source = 'U')
UNION ALL
SELECT s.scope, b.grain, b.bucket, q.model,
    q.calls, q.prompt_tokens::bigint, q.completion_tokens::bigint, q.total_tokens::bigint, q.cost
FROM creditpulse.queued q
CROSS JOIN LATERAL creditpulse.scopes_of(q.user_id) AS s
CROSS JOIN LATERAL creditpulse.buckets_of(q.quarter) AS b
WHERE q.source = 'u';

-- The same of all models.
CREATE OR REPLACE VIEW creditpulse.exact_totals AS
SELECT scope, grain, bucket, calls, prompt_tokens, completion_tokens, total_tokens, cost
FROM creditpulse.total_rollup
WHERE NOT EXISTS (SELECT FROM creditpulse.changes WHERE source = 'U')
UNION ALL
SELECT s.scope, b.grain, b.bucket,
    q.calls, q.prompt_tokens::bigint, q.completion_tokens::bigint, q.total_tokens::bigint, q.cost
FROM creditpulse.queued q
CROSS JOIN LATERAL creditpulse.scopes_of(q.user_id) AS s
CROSS JOIN LATERAL creditpulse.buckets_of(q.quarter) AS b
WHERE q.source = 'u';

CREATE OR REPLACE VIEW creditpulse.exact_purchases AS
SELECT scope, grain, bucket, cost, calls
FROM creditpulse.purchase_rollup
WHERE NOT EXISTS (SELECT FROM creditpulse.changes WHERE source = 'P')
UNION ALL
SELECT s.scope, b.grain, b.bucket, q.cost, q.calls
FROM creditpulse.queued q
CROSS JOIN LATERAL creditpulse.scopes_of(q.user_id) AS s
CROSS JOIN LATERAL creditpulse.buckets_of(q.quarter) AS b
WHERE q.source = 'p';

-- How long the oldest committed change has waited for its fold, at most: a long transaction's rows are
-- older than its commit, so the last time that the queue was seen empty bounds it too. 0 where none waits.
CREATE OR REPLACE FUNCTION creditpulse.queue_age() RETURNS interval
LANGUAGE sql STABLE
RETURN coalesce((
    SELECT CASE WHEN count(*) > 0 THEN clock_timestamp() - greatest(min(c.queued_at),
        (SELECT folded_at FROM creditpulse.state), (SELECT clean_at FROM creditpulse.leader)) END
    FROM creditpulse.changes c
    WHERE c.xid >= (
        SELECT CASE WHEN s.low > pg_snapshot_xmin(pg_current_snapshot()) THEN '0'::xid8 ELSE s.low END
        FROM creditpulse.state s)
), interval '0');
