-- Adds the deltas of `gone` (a common table expression before this one, with the columns of creditpulse.changes) to
-- every rollup; what cannot be added up is set aside. Part of a statement: see fold.sql and data/history.py.
good AS MATERIALIZED (
        SELECT g.source, g.thread_id, g.user_id, g.model, g.quarter, min(g.first_at) AS first_at,
            max(g.last_at) AS last_at, sum(g.calls) AS calls, sum(g.prompt_tokens) AS prompt_tokens,
            sum(g.completion_tokens) AS completion_tokens, sum(g.total_tokens) AS total_tokens, sum(g.cost) AS cost,
            sum(g.spent) AS spent
        FROM gone g
        WHERE creditpulse.foldable(g.prompt_tokens, g.completion_tokens, g.total_tokens, g.cost)
            AND g.source IN ('u', 'p')
        GROUP BY g.source, g.thread_id, g.user_id, g.model, g.quarter
    ), bad AS (
        INSERT INTO creditpulse.quarantine (id, xid, queued_at, source, thread_id, user_id, model, quarter, first_at,
            last_at, calls, prompt_tokens, completion_tokens, total_tokens, cost, spent, reason)
        SELECT g.id, g.xid, g.queued_at, g.source, g.thread_id, g.user_id, g.model, g.quarter, g.first_at,
            g.last_at, g.calls, g.prompt_tokens, g.completion_tokens, g.total_tokens, g.cost, g.spent,
            'a token count or a cost too large to add up'
        FROM gone g
        WHERE NOT creditpulse.foldable(g.prompt_tokens, g.completion_tokens, g.total_tokens, g.cost)
    ), per_thread AS (
        INSERT INTO creditpulse.thread_totals AS t (thread_id, calls, prompt_tokens, completion_tokens, total_tokens,
            cost, spent, first_at, last_at, last_quarter, spent_step, cost_step, calls_step, tokens_step)
        SELECT s.*, creditpulse.quarter_of(s.last_at), creditpulse.step_of(s.spent), creditpulse.fine_step_of(s.cost),
            creditpulse.fine_step_of(s.calls), creditpulse.fine_step_of(s.total_tokens)
        FROM (
            SELECT g.thread_id, sum(g.calls) AS calls, sum(g.prompt_tokens), sum(g.completion_tokens),
                sum(g.total_tokens) AS total_tokens, sum(g.cost) AS cost, sum(g.spent) AS spent, min(g.first_at),
                max(g.last_at) AS last_at
            FROM good g
            WHERE g.source = 'u' AND g.thread_id <> '00000000-0000-0000-0000-000000000000'
            GROUP BY g.thread_id
        ) s
        ON CONFLICT (thread_id) DO UPDATE SET
            calls = t.calls + excluded.calls,
            prompt_tokens = t.prompt_tokens + excluded.prompt_tokens,
            completion_tokens = t.completion_tokens + excluded.completion_tokens,
            total_tokens = t.total_tokens + excluded.total_tokens,
            cost = t.cost + excluded.cost,
            spent = t.spent + excluded.spent,
            first_at = least(t.first_at, excluded.first_at),
            last_at = greatest(t.last_at, excluded.last_at),
            last_quarter = creditpulse.quarter_of(greatest(t.last_at, excluded.last_at)),
            spent_step = creditpulse.step_of(t.spent + excluded.spent),
            cost_step = creditpulse.fine_step_of(t.cost + excluded.cost),
            calls_step = creditpulse.fine_step_of(t.calls + excluded.calls),
            tokens_step = creditpulse.fine_step_of(t.total_tokens + excluded.total_tokens)
    ), per_user AS (
        INSERT INTO creditpulse.thread_users AS t (thread_id, user_id, calls, cost, spent, spent_step)
        SELECT g.thread_id, g.user_id, sum(g.calls), sum(g.cost), sum(g.spent), creditpulse.step_of(sum(g.spent))
        FROM good g
        WHERE g.source = 'u' AND g.thread_id <> '00000000-0000-0000-0000-000000000000'
        GROUP BY g.thread_id, g.user_id
        ON CONFLICT (thread_id, user_id) DO UPDATE SET
            calls = t.calls + excluded.calls,
            cost = t.cost + excluded.cost,
            spent = t.spent + excluded.spent,
            spent_step = creditpulse.step_of(t.spent + excluded.spent)
    ), per_hour AS (
        INSERT INTO creditpulse.thread_hours AS t
        SELECT g.thread_id, h.hour, g.model, sum(g.calls), sum(g.prompt_tokens), sum(g.completion_tokens),
            sum(g.total_tokens), sum(g.cost)
        FROM good g CROSS JOIN LATERAL (SELECT creditpulse.hour_of(g.quarter)) AS h (hour)
        WHERE g.source = 'u' AND g.thread_id <> '00000000-0000-0000-0000-000000000000'
        GROUP BY g.thread_id, h.hour, g.model
        ON CONFLICT (thread_id, hour, model) DO UPDATE SET
            calls = t.calls + excluded.calls,
            prompt_tokens = t.prompt_tokens + excluded.prompt_tokens,
            completion_tokens = t.completion_tokens + excluded.completion_tokens,
            total_tokens = t.total_tokens + excluded.total_tokens,
            cost = t.cost + excluded.cost
    ), per_account AS (
        INSERT INTO creditpulse.account_totals AS t (account_id, calls, prompt_tokens, completion_tokens, total_tokens,
            cost, spent, spent_step, last_at, last_quarter)
        SELECT g.user_id, sum(g.calls), sum(g.prompt_tokens), sum(g.completion_tokens), sum(g.total_tokens),
            sum(g.cost), sum(g.spent), creditpulse.step_of(sum(g.spent)), max(g.last_at),
            creditpulse.quarter_of(max(g.last_at))
        FROM good g
        WHERE g.source = 'u'
        GROUP BY g.user_id
        ON CONFLICT (account_id) DO UPDATE SET
            calls = t.calls + excluded.calls,
            prompt_tokens = t.prompt_tokens + excluded.prompt_tokens,
            completion_tokens = t.completion_tokens + excluded.completion_tokens,
            total_tokens = t.total_tokens + excluded.total_tokens,
            cost = t.cost + excluded.cost,
            spent = t.spent + excluded.spent,
            spent_step = creditpulse.step_of(t.spent + excluded.spent),
            last_at = greatest(t.last_at, excluded.last_at),
            last_quarter = creditpulse.quarter_of(greatest(t.last_at, excluded.last_at))
    ), per_quarter AS MATERIALIZED (
        SELECT g.user_id AS scope, g.quarter, g.model, sum(g.calls) AS calls, sum(g.prompt_tokens) AS prompt_tokens,
            sum(g.completion_tokens) AS completion_tokens, sum(g.total_tokens) AS total_tokens, sum(g.cost) AS cost
        FROM good g
        WHERE g.source = 'u'
        GROUP BY g.user_id, g.quarter, g.model
    ), per_bucket AS MATERIALIZED (
        SELECT q.scope, b.grain, b.bucket, q.model, sum(q.calls) AS calls, sum(q.prompt_tokens) AS prompt_tokens,
            sum(q.completion_tokens) AS completion_tokens, sum(q.total_tokens) AS total_tokens, sum(q.cost) AS cost
        FROM (
            TABLE per_quarter
            UNION ALL
            SELECT 'ffffffff-ffff-ffff-ffff-ffffffffffff', quarter, model, sum(calls), sum(prompt_tokens),
                sum(completion_tokens), sum(total_tokens), sum(cost)
            FROM per_quarter GROUP BY quarter, model
        ) q CROSS JOIN LATERAL creditpulse.buckets_of(q.quarter) AS b
        GROUP BY q.scope, b.grain, b.bucket, q.model
    ), per_scope AS (
        INSERT INTO creditpulse.usage_rollup AS t
        SELECT * FROM per_bucket ORDER BY scope, grain, bucket, model
        ON CONFLICT (scope, grain, bucket, model) DO UPDATE SET
            calls = t.calls + excluded.calls,
            prompt_tokens = t.prompt_tokens + excluded.prompt_tokens,
            completion_tokens = t.completion_tokens + excluded.completion_tokens,
            total_tokens = t.total_tokens + excluded.total_tokens,
            cost = t.cost + excluded.cost
    ), of_all_models AS (
        INSERT INTO creditpulse.total_rollup AS t
        SELECT b.scope, b.grain, b.bucket, sum(b.calls), sum(b.prompt_tokens), sum(b.completion_tokens),
            sum(b.total_tokens), sum(b.cost)
        FROM per_bucket b
        GROUP BY b.scope, b.grain, b.bucket ORDER BY b.scope, b.grain, b.bucket
        ON CONFLICT (scope, grain, bucket) DO UPDATE SET
            calls = t.calls + excluded.calls,
            prompt_tokens = t.prompt_tokens + excluded.prompt_tokens,
            completion_tokens = t.completion_tokens + excluded.completion_tokens,
            total_tokens = t.total_tokens + excluded.total_tokens,
            cost = t.cost + excluded.cost
    ), purchased AS (
        INSERT INTO creditpulse.purchase_rollup AS t
        SELECT s.scope, b.grain, b.bucket, sum(g.cost), sum(g.calls)
        FROM good g
        CROSS JOIN LATERAL creditpulse.scopes_of(g.user_id) AS s
        CROSS JOIN LATERAL creditpulse.buckets_of(g.quarter) AS b
        WHERE g.source = 'p'
        GROUP BY s.scope, b.grain, b.bucket
        ON CONFLICT (scope, grain, bucket) DO UPDATE SET
            cost = t.cost + excluded.cost,
            calls = t.calls + excluded.calls
    )
