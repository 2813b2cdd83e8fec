-- Revision 0005: preferences, each in a column of its own, so that of changes to several fields at once none is lost.
-- The table has been there since 0001, and nothing has used it; its lock is waited for in short tries, as in 0002.

DO $$
BEGIN
    SET LOCAL lock_timeout = '200ms';
    FOR attempt IN 1 .. 300 LOOP
        BEGIN
            LOCK TABLE creditpulse.preferences IN ACCESS EXCLUSIVE MODE;
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.05 + random() * 0.35);
        END;
    END LOOP;
    RAISE 'table creditpulse.preferences stayed locked by other transactions; end the long ones (see pg_stat_activity) and run `python app.py migrate` again';
END
$$;

-- A column that is null follows the default, also where a later version has another one. `person` is who signs in, by
-- the name of their viewer: no user of the platform. Of two states of a person the one with the higher `version` is the
-- later: it goes by the clock, so that it grows also from an older state of the database that was restored.
ALTER TABLE creditpulse.preferences
    DROP COLUMN IF EXISTS preferences,
    DROP COLUMN IF EXISTS updated_at,
    DROP CONSTRAINT IF EXISTS preferences_person_check,
    ADD CONSTRAINT preferences_person_check CHECK (octet_length(person) BETWEEN 1 AND 1000),
    ADD COLUMN IF NOT EXISTS version bigint NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS running_seconds integer CHECK (running_seconds BETWEEN 2 AND 600),
    ADD COLUMN IF NOT EXISTS idle_seconds integer CHECK (idle_seconds BETWEEN 2 AND 600),
    ADD COLUMN IF NOT EXISTS subscription_seconds integer CHECK (subscription_seconds BETWEEN 2 AND 600),
    ADD COLUMN IF NOT EXISTS live_stream boolean,
    ADD COLUMN IF NOT EXISTS theme text CHECK (theme IN ('system', 'light', 'dark')),
    ADD COLUMN IF NOT EXISTS zone text CHECK (octet_length(zone) BETWEEN 1 AND 64),
    ADD COLUMN IF NOT EXISTS unit text CHECK (unit IN ('credits', 'dollars')),
    ADD COLUMN IF NOT EXISTS reduced_motion text CHECK (reduced_motion IN ('system', 'reduced'));
