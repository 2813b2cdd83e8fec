-- Everything of ours but the triggers, which attach.py makes to fit the source tables it finds.

CREATE SCHEMA IF NOT EXISTS creditpulse;

-- One row: the fold number, and how far the queue is known to be folded. Every change whose transaction
-- is older than low has been folded: scans start there, however many dead rows an old snapshot keeps.
CREATE TABLE creditpulse.state (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version bigint NOT NULL DEFAULT 0,
    low xid8 NOT NULL DEFAULT '0',
    folded_at timestamptz,
    history text NOT NULL DEFAULT 'needed' CHECK (history IN ('needed', 'counting', 'complete'))
) WITH (fillfactor = 20);
INSERT INTO creditpulse.state DEFAULT VALUES;

-- The leader's heartbeat; clean_at is when it last saw an empty queue.
CREATE TABLE creditpulse.leader (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    name text NOT NULL,
    beat_at timestamptz NOT NULL,
    clean_at timestamptz
) WITH (fillfactor = 20);

-- The queue. source: u usage, p purchased credits, t touched (an agent run or thread changed),
-- U usage_logs truncated, P credit_usage truncated. No thread or user is the nil UUID.
-- Tokens are numeric here, so that no sum can overflow inside a writer's transaction.
CREATE TABLE creditpulse.changes (
    id bigint GENERATED ALWAYS AS IDENTITY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    queued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    source "char" NOT NULL,
    thread_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    user_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    model text NOT NULL DEFAULT '',
    quarter timestamptz NOT NULL DEFAULT '-infinity',
    last_at timestamptz,
    calls bigint NOT NULL DEFAULT 0,
    prompt_tokens numeric NOT NULL DEFAULT 0,
    completion_tokens numeric NOT NULL DEFAULT 0,
    total_tokens numeric NOT NULL DEFAULT 0,
    cost numeric NOT NULL DEFAULT 0
) WITH (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_analyze_threshold = 100000,
    vacuum_truncate = false  -- its lock would keep writers waiting
);
CREATE INDEX changes_xid ON creditpulse.changes (xid);
CREATE INDEX changes_truncated ON creditpulse.changes (id) WHERE source IN ('U', 'P');

-- What cannot be added to a rollup, with the reason; it counts in no total.
CREATE TABLE creditpulse.quarantine (
    LIKE creditpulse.changes,
    quarantined_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason text NOT NULL
);

CREATE TABLE creditpulse.thread_totals (
    thread_id uuid PRIMARY KEY,
    calls bigint NOT NULL,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    total_tokens bigint NOT NULL,
    cost numeric NOT NULL,
    last_at timestamptz,
    -- Sorted by in lists: moves every quarter hour at most, so that the updates between stay heap-only.
    last_quarter timestamptz
) WITH (fillfactor = 70);
CREATE INDEX thread_totals_last_quarter ON creditpulse.thread_totals (last_quarter DESC);

CREATE TABLE creditpulse.thread_users (
    thread_id uuid,
    user_id uuid,
    calls bigint NOT NULL,
    cost numeric NOT NULL,
    PRIMARY KEY (thread_id, user_id)
) WITH (fillfactor = 70);
CREATE INDEX thread_users_user ON creditpulse.thread_users (user_id, thread_id);

-- Usage of a scope (an account, or all: ffffffff-…) by model. grain 0: quarter hours, grain 1: days, both UTC.
CREATE TABLE creditpulse.usage_rollup (
    scope uuid,
    grain smallint,
    bucket timestamptz,
    model text,
    calls bigint NOT NULL,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    total_tokens bigint NOT NULL,
    cost numeric NOT NULL,
    PRIMARY KEY (scope, grain, bucket, model)
) WITH (fillfactor = 70);

-- Purchased credits used (dollars) of a scope.
CREATE TABLE creditpulse.purchase_rollup (
    scope uuid,
    grain smallint,
    bucket timestamptz,
    cost numeric NOT NULL,
    calls bigint NOT NULL,
    PRIMARY KEY (scope, grain, bucket)
) WITH (fillfactor = 70);

CREATE TABLE creditpulse.subscriptions (
    user_id uuid PRIMARY KEY,
    plan text NOT NULL,
    status text NOT NULL DEFAULT 'active',
    credits_included numeric,
    period_start timestamptz,
    period_end timestamptz
);

CREATE TABLE creditpulse.preferences (
    person text PRIMARY KEY,
    preferences jsonb NOT NULL DEFAULT '{}',
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The quarter hour (UTC) of a row; rows without a time, or with one outside the calendar, lie at the infinities.
CREATE FUNCTION creditpulse.quarter_of(at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN at IS NULL OR at < '0001-01-02 00:00:00+00' THEN '-infinity'::timestamptz
    WHEN at >= '9999-12-31 00:00:00+00' THEN 'infinity'::timestamptz
    ELSE date_bin('15 minutes', at, '2000-01-01 00:00:00+00')
END;

CREATE FUNCTION creditpulse.day_of(at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN isfinite(at) THEN date_bin('1 day', at, '2000-01-01 00:00:00+00') ELSE at END;

-- Whether a delta can be added to a rollup's columns without ever overflowing them, or poisoning a sum.
CREATE FUNCTION creditpulse.foldable(prompt_tokens numeric, completion_tokens numeric, total_tokens numeric, cost numeric)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN abs(prompt_tokens) < 1e16 AND abs(completion_tokens) < 1e16 AND abs(total_tokens) < 1e16 AND abs(cost) < 1e16;

-- The queued rows that a total has to include. low is void where a restored server counts transactions anew.
CREATE VIEW creditpulse.queued AS
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

-- Exact at every moment: in any snapshot a change is in the rollup or in the queue, never in both or neither.
CREATE VIEW creditpulse.exact_threads AS
SELECT thread_id, calls, prompt_tokens, completion_tokens, total_tokens, cost, last_at
FROM creditpulse.thread_totals
WHERE NOT EXISTS (SELECT FROM creditpulse.changes WHERE source = 'U')
UNION ALL
SELECT thread_id, calls, prompt_tokens::bigint, completion_tokens::bigint, total_tokens::bigint, cost, last_at
FROM creditpulse.queued WHERE source = 'u';

CREATE VIEW creditpulse.exact_thread_users AS
SELECT thread_id, user_id, calls, cost
FROM creditpulse.thread_users
WHERE NOT EXISTS (SELECT FROM creditpulse.changes WHERE source = 'U')
UNION ALL
SELECT thread_id, user_id, calls, cost FROM creditpulse.queued WHERE source = 'u';

CREATE VIEW creditpulse.exact_usage AS
SELECT scope, grain, bucket, model, calls, prompt_tokens, completion_tokens, total_tokens, cost
FROM creditpulse.usage_rollup
WHERE NOT EXISTS (SELECT FROM creditpulse.changes WHERE source = 'U')
UNION ALL
SELECT b.scope, b.grain, b.bucket, q.model,
    q.calls, q.prompt_tokens::bigint, q.completion_tokens::bigint, q.total_tokens::bigint, q.cost
FROM creditpulse.queued q
CROSS JOIN LATERAL (VALUES
    (q.user_id, 0::smallint, q.quarter),
    (q.user_id, 1::smallint, creditpulse.day_of(q.quarter)),
    ('ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid, 0::smallint, q.quarter),
    ('ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid, 1::smallint, creditpulse.day_of(q.quarter))
) AS b (scope, grain, bucket)
WHERE q.source = 'u';

CREATE VIEW creditpulse.exact_purchases AS
SELECT scope, grain, bucket, cost, calls
FROM creditpulse.purchase_rollup
WHERE NOT EXISTS (SELECT FROM creditpulse.changes WHERE source = 'P')
UNION ALL
SELECT b.scope, b.grain, b.bucket, q.cost, q.calls
FROM creditpulse.queued q
CROSS JOIN LATERAL (VALUES
    (q.user_id, 0::smallint, q.quarter),
    (q.user_id, 1::smallint, creditpulse.day_of(q.quarter)),
    ('ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid, 0::smallint, q.quarter),
    ('ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid, 1::smallint, creditpulse.day_of(q.quarter))
) AS b (scope, grain, bucket)
WHERE q.source = 'p';

-- How long the oldest committed change has waited for its fold, at most: a long transaction's rows are
-- older than its commit, so the last time that the queue was seen empty bounds it too.
CREATE FUNCTION creditpulse.queue_age() RETURNS interval
LANGUAGE sql STABLE
RETURN coalesce((
    SELECT least(clock_timestamp() - min(c.queued_at), clock_timestamp() - greatest(
        (SELECT folded_at FROM creditpulse.state), (SELECT clean_at FROM creditpulse.leader)))
    FROM creditpulse.changes c
    WHERE c.xid >= (
        SELECT CASE WHEN s.low > pg_snapshot_xmin(pg_current_snapshot()) THEN '0'::xid8 ELSE s.low END
        FROM creditpulse.state s)
), interval '0');
