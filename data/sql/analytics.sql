-- Revision 0002: hours, what each account and each thread has had in all, and when a thread began. Everything is
-- counted anew afterwards. The locks are waited for in short tries: a writer needs the queue's, and would wait behind.
-- What takes long, such as an index of many rows, has no place here: writers wait from the lock to the end.

DO $$
BEGIN
    SET LOCAL lock_timeout = '200ms';
    FOR attempt IN 1 .. 300 LOOP
        BEGIN
            LOCK TABLE creditpulse.changes, creditpulse.quarantine, creditpulse.thread_totals, creditpulse.thread_users,
                creditpulse.usage_rollup, creditpulse.purchase_rollup, creditpulse.state IN ACCESS EXCLUSIVE MODE;
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.05 + random() * 0.35);
        END;
    END LOOP;
    RAISE 'tables of schema creditpulse stayed locked by other transactions; end the long ones (see pg_stat_activity) and run `python app.py migrate` again';
END
$$;

TRUNCATE creditpulse.thread_totals, creditpulse.thread_users, creditpulse.usage_rollup, creditpulse.purchase_rollup;

-- source l: a thread's or an account's first or last call to be looked up again.
-- spent: what the rows cost, those with a negative cost left out: no stretch of time can have cost more.
ALTER TABLE creditpulse.changes ADD COLUMN first_at timestamptz, ADD COLUMN spent numeric NOT NULL DEFAULT 0;
ALTER TABLE creditpulse.quarantine ADD COLUMN first_at timestamptz, ADD COLUMN spent numeric NOT NULL DEFAULT 0;

-- The steps (see step_of) are what lists are walked by: they move seldom, so that most updates stay heap-only.
ALTER TABLE creditpulse.thread_totals
    ADD COLUMN first_at timestamptz,
    ADD COLUMN spent numeric NOT NULL DEFAULT 0,
    ADD COLUMN spent_step integer NOT NULL DEFAULT -1000,
    ADD COLUMN calls_step integer NOT NULL DEFAULT -1000,
    ADD COLUMN tokens_step integer NOT NULL DEFAULT -1000;
CREATE INDEX thread_totals_spent ON creditpulse.thread_totals (spent_step DESC);
CREATE INDEX thread_totals_calls ON creditpulse.thread_totals (calls_step DESC);
CREATE INDEX thread_totals_tokens ON creditpulse.thread_totals (tokens_step DESC);
CREATE INDEX thread_totals_first ON creditpulse.thread_totals (first_at, last_quarter);

ALTER TABLE creditpulse.thread_users
    ADD COLUMN spent numeric NOT NULL DEFAULT 0,
    ADD COLUMN spent_step integer NOT NULL DEFAULT -1000;
CREATE INDEX thread_users_spent ON creditpulse.thread_users (user_id, spent_step DESC);

CREATE TABLE creditpulse.thread_hours (
    thread_id uuid,
    hour timestamptz,
    model text,
    calls bigint NOT NULL,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    total_tokens bigint NOT NULL,
    cost numeric NOT NULL,
    PRIMARY KEY (thread_id, hour, model)
) WITH (fillfactor = 80);
CREATE INDEX thread_hours_hour ON creditpulse.thread_hours (hour);

-- Of usage_logs.user_id; rows without a user belong to the nil UUID.
CREATE TABLE creditpulse.account_totals (
    account_id uuid PRIMARY KEY,
    calls bigint NOT NULL,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    total_tokens bigint NOT NULL,
    cost numeric NOT NULL,
    spent numeric NOT NULL,
    spent_step integer NOT NULL,
    last_at timestamptz,
    last_quarter timestamptz
) WITH (fillfactor = 50);
CREATE INDEX account_totals_spent ON creditpulse.account_totals (spent_step DESC);
CREATE INDEX account_totals_last_quarter ON creditpulse.account_totals (last_quarter DESC);

-- Of an earlier version, which knows nothing of these tables: a process of it that still runs must not count them.
DROP FUNCTION IF EXISTS creditpulse.apply_queue(xid8, bigint);
UPDATE creditpulse.state SET history = 'needed';
