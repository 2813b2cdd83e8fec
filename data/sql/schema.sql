-- Revision 0001: the tables. Functions, views and triggers are made anew at each migration, by data/attach.py.

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
