-- Revision 0004: sums of all models, and the sums of all accounts in tables of their own. A year's rows of all accounts
-- would else lie strewn among those of each, one to a page, and pages ask for them most. Everything is counted anew
-- afterwards; the lock is waited for in short tries, as in 0002.

DO $$
BEGIN
    SET LOCAL lock_timeout = '200ms';
    FOR attempt IN 1 .. 300 LOOP
        BEGIN
            LOCK TABLE creditpulse.usage_rollup IN ACCESS EXCLUSIVE MODE;
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.05 + random() * 0.35);
        END;
    END LOOP;
    RAISE 'tables of schema creditpulse stayed locked by other transactions; end the long ones (see pg_stat_activity) and run `python app.py migrate` again';
END
$$;

-- Renamed, not dropped: views read it, until they are made anew.
TRUNCATE creditpulse.usage_rollup;
ALTER TABLE creditpulse.usage_rollup RENAME TO usage_rollup_accounts;
ALTER INDEX creditpulse.usage_rollup_pkey RENAME TO usage_rollup_accounts_pkey;
CREATE TABLE creditpulse.usage_rollup (
    LIKE creditpulse.usage_rollup_accounts,
    PRIMARY KEY (scope, grain, bucket, model)
) PARTITION BY LIST (scope);
ALTER TABLE creditpulse.usage_rollup ATTACH PARTITION creditpulse.usage_rollup_accounts DEFAULT;
CREATE TABLE creditpulse.usage_rollup_all PARTITION OF creditpulse.usage_rollup
    FOR VALUES IN ('ffffffff-ffff-ffff-ffff-ffffffffffff') WITH (fillfactor = 70);

-- Usage of a scope, whatever the model: what most questions are about, in up to a twelfth of the rows.
CREATE TABLE creditpulse.total_rollup (
    scope uuid,
    grain smallint,
    bucket timestamptz,
    calls bigint NOT NULL,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    total_tokens bigint NOT NULL,
    cost numeric NOT NULL,
    PRIMARY KEY (scope, grain, bucket)
) PARTITION BY LIST (scope);
CREATE TABLE creditpulse.total_rollup_accounts PARTITION OF creditpulse.total_rollup DEFAULT WITH (fillfactor = 70);
CREATE TABLE creditpulse.total_rollup_all PARTITION OF creditpulse.total_rollup
    FOR VALUES IN ('ffffffff-ffff-ffff-ffff-ffffffffffff') WITH (fillfactor = 70);

UPDATE creditpulse.state SET history = 'needed';
