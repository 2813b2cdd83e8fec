-- Revision 0003: what the list of threads is sorted by. A step with many threads of the same number of calls is read in
-- the order of their ids. Everything is counted anew afterwards; the lock is waited for in short tries, as in 0002.

DO $$
BEGIN
    SET LOCAL lock_timeout = '200ms';
    FOR attempt IN 1 .. 300 LOOP
        BEGIN
            LOCK TABLE creditpulse.thread_totals IN ACCESS EXCLUSIVE MODE;
            EXIT;
        EXCEPTION WHEN lock_not_available THEN
            IF attempt = 300 THEN
                RAISE;
            END IF;
            PERFORM pg_sleep(0.05 + random() * 0.35);
        END;
    END LOOP;
END
$$;

ALTER TABLE creditpulse.thread_totals ADD COLUMN cost_step integer NOT NULL DEFAULT -10000;
-- Of an account's threads the first ones are found without a look at each: its key knows the steps, too.
ALTER TABLE creditpulse.thread_totals DROP CONSTRAINT thread_totals_pkey, ADD CONSTRAINT thread_totals_pkey
    PRIMARY KEY (thread_id) INCLUDE (last_quarter, cost_step, calls_step, tokens_step);
DROP INDEX creditpulse.thread_totals_calls, creditpulse.thread_totals_tokens;
CREATE INDEX thread_totals_cost ON creditpulse.thread_totals (cost_step, thread_id);
CREATE INDEX thread_totals_calls ON creditpulse.thread_totals (calls_step, thread_id);
CREATE INDEX thread_totals_tokens ON creditpulse.thread_totals (tokens_step, thread_id);

UPDATE creditpulse.state SET history = 'needed';
