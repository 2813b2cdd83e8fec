-- Takes the queued changes of transactions from low on, up to, not including, the row cutoff (NULL: all), and adds
-- them to the rollups. It stops at the mark of a truncated table, which has to be seen to before anything after it.
-- shrunk_*: the threads and accounts that may have lost their first or last call.
CREATE OR REPLACE FUNCTION creditpulse.take_queue(
    low xid8, cutoff bigint,
    OUT taken bigint, OUT threads uuid[], OUT accounts uuid[], OUT shrunk_threads uuid[], OUT shrunk_accounts uuid[],
    OUT recount boolean, OUT horizon xid8
) LANGUAGE plpgsql
SET enable_hashagg = off  -- sorted rows go through each rollup's index in its order, which takes less time
AS $$
DECLARE
    nil CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
    WITH gone AS MATERIALIZED (
        DELETE FROM creditpulse.changes c
        WHERE c.xid >= take_queue.low AND c.id < least(cutoff, (
            SELECT min(t.id) FROM creditpulse.changes t
            WHERE t.source IN ('U', 'P') AND t.xid >= take_queue.low), 9223372036854775807)
        RETURNING c.*
    ), :sums
    SELECT count(*),
        array_agg(DISTINCT g.thread_id) FILTER (WHERE g.thread_id <> nil),
        array_agg(DISTINCT g.user_id) FILTER (WHERE g.source NOT IN ('R', 'l')),
        array_agg(DISTINCT g.thread_id) FILTER (WHERE g.source IN ('u', 'l') AND g.calls <= 0 AND g.thread_id <> nil),
        array_agg(DISTINCT g.user_id) FILTER (WHERE g.source IN ('u', 'l') AND g.calls <= 0),
        coalesce(bool_or(g.source = 'R'), false),
        pg_snapshot_xmin(pg_current_snapshot())
    INTO taken, threads, accounts, shrunk_threads, shrunk_accounts, recount, horizon
    FROM gone g;
END
$$;

-- One fold: takes queued changes, adds them to the rollups, raises the fold number, and tells every
-- listener what changed. One call, one transaction. Two folds at once cannot count a row twice, since only
-- the rows that this call deleted are added; the leader only makes sure that it is not tried.
-- complete: nothing that was committed when the call started is left in the queue.

CREATE OR REPLACE FUNCTION creditpulse.fold(
    batch_rows integer DEFAULT 20000,
    OUT taken bigint, OUT complete boolean, OUT version bigint, OUT history text, OUT started timestamptz
) LANGUAGE plpgsql AS $$
DECLARE
    recount boolean;
    since xid8;
    cutoff bigint;
    horizon xid8;
    truncated bigint;
    emptied boolean := false;
    shrunk_threads uuid[];
    shrunk_accounts uuid[];
    threads uuid[];
    accounts uuid[];
BEGIN
    started := clock_timestamp();
    SELECT CASE WHEN s.low > pg_snapshot_xmin(pg_current_snapshot()) THEN '0'::xid8 ELSE s.low END, s.version, s.history
    INTO since, fold.version, fold.history FROM creditpulse.state s;
    taken := 0;
    -- Whoever counts the history holds the lock; what is queued meanwhile waits.
    IF fold.history <> 'complete' OR NOT pg_try_advisory_xact_lock_shared(:history_lock) THEN
        complete := false;
        RETURN;
    END IF;

    SELECT c.id INTO cutoff FROM creditpulse.changes c
    WHERE c.xid >= since ORDER BY c.id OFFSET batch_rows LIMIT 1;
    complete := cutoff IS NULL;

    SELECT max(c.id) INTO truncated FROM creditpulse.changes c WHERE c.source = 'U';
    IF truncated IS NOT NULL THEN
        DELETE FROM creditpulse.thread_totals;
        DELETE FROM creditpulse.thread_users;
        DELETE FROM creditpulse.thread_hours;
        DELETE FROM creditpulse.account_totals;
        DELETE FROM creditpulse.usage_rollup;
        DELETE FROM creditpulse.total_rollup;
        DELETE FROM creditpulse.changes c WHERE c.source IN ('u', 'U') AND c.id <= truncated;
        GET DIAGNOSTICS taken = ROW_COUNT;
        emptied := true;
    END IF;
    SELECT max(c.id) INTO truncated FROM creditpulse.changes c WHERE c.source = 'P';
    IF truncated IS NOT NULL THEN
        DELETE FROM creditpulse.purchase_rollup;
        DELETE FROM creditpulse.changes c WHERE c.source IN ('p', 'P') AND c.id <= truncated;
        taken := taken + 1;
        emptied := true;
    END IF;

    SELECT fold.taken + q.taken, q.threads, q.accounts, q.shrunk_threads, q.shrunk_accounts, q.recount, q.horizon
    INTO taken, threads, accounts, shrunk_threads, shrunk_accounts, recount, horizon
    FROM creditpulse.take_queue(since, cutoff) AS q;

    -- A table that was truncated while we worked: the next fold begins with it.
    complete := complete AND NOT EXISTS (SELECT FROM creditpulse.changes c WHERE c.source IN ('U', 'P'));
    IF taken = 0 THEN
        -- A void low has to go before the restored server's count of transactions comes as far.
        UPDATE creditpulse.state s SET low = since WHERE s.low > horizon;
        RETURN;
    END IF;

    IF shrunk_accounts IS NOT NULL AND NOT creditpulse.look_up_ends(shrunk_threads, shrunk_accounts) THEN
        -- A change without figures asks again.
        INSERT INTO creditpulse.changes (source, thread_id, user_id)
        SELECT 'l', coalesce(s.thread_id, '00000000-0000-0000-0000-000000000000'),
            coalesce(s.account_id, '00000000-0000-0000-0000-000000000000')
        FROM unnest(shrunk_threads, shrunk_accounts) AS s (thread_id, account_id);
        complete := false;
    END IF;

    UPDATE creditpulse.state s
    SET version = s.version + 1,
        low = CASE WHEN complete THEN horizon ELSE since END,
        folded_at = CASE WHEN complete THEN started ELSE s.folded_at END,
        history = CASE WHEN recount THEN 'needed' ELSE s.history END
    RETURNING s.version, s.history INTO fold.version, fold.history;

    PERFORM pg_notify('creditpulse_folded', m) FROM creditpulse.fold_messages(version, threads, accounts, emptied) AS m;
END
$$;

-- The first and last calls of threads, and the last ones of accounts, read from their rows. False where somebody holds
-- the table for long: no fold waits for that.
CREATE OR REPLACE FUNCTION creditpulse.look_up_ends(threads uuid[], accounts uuid[]) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE public.usage_logs IN ACCESS SHARE MODE NOWAIT;
    UPDATE creditpulse.thread_totals t
    SET first_at = l.first_at, last_at = l.last_at, last_quarter = creditpulse.quarter_of(l.last_at)
    FROM (
        SELECT s.thread_id,
            (SELECT min(u.created_at) FROM creditpulse.source_usage u WHERE u.thread_id = s.thread_id) AS first_at,
            (SELECT max(u.created_at) FROM creditpulse.source_usage u WHERE u.thread_id = s.thread_id) AS last_at
        FROM unnest(threads) AS s (thread_id)
    ) l
    WHERE t.thread_id = l.thread_id;
    UPDATE creditpulse.account_totals t
    SET last_at = l.last_at, last_quarter = creditpulse.quarter_of(l.last_at)
    FROM (
        SELECT s.account_id, greatest(
            (SELECT max(u.created_at) FROM creditpulse.source_usage u WHERE u.user_id = s.account_id),
            CASE WHEN s.account_id = '00000000-0000-0000-0000-000000000000' THEN
                (SELECT max(u.created_at) FROM creditpulse.source_usage u WHERE u.user_id IS NULL) END) AS last_at
        FROM unnest(accounts) AS s (account_id)
    ) l
    WHERE t.account_id = l.account_id;
    RETURN true;
EXCEPTION WHEN lock_not_available THEN
    RETURN false;
END
$$;

-- What listeners are told, in texts below 8,000 bytes: the ids in chunks of 100, or, above 1,000, that all changed.
CREATE OR REPLACE FUNCTION creditpulse.fold_messages(version bigint, threads uuid[], accounts uuid[], everything boolean)
RETURNS SETOF text LANGUAGE plpgsql STABLE AS $$
DECLARE
    parts CONSTANT integer := greatest(1,
        (coalesce(cardinality(threads), 0) + 99) / 100, (coalesce(cardinality(accounts), 0) + 99) / 100);
BEGIN
    IF everything OR parts > 10 THEN
        RETURN NEXT json_build_object('version', version, 'part', 1, 'parts', 1, 'all', true)::text;
        RETURN;
    END IF;
    FOR part IN 1 .. parts LOOP
        RETURN NEXT json_build_object('version', version, 'part', part, 'parts', parts,
            'threads', coalesce(to_json(threads[part * 100 - 99 : part * 100]), '[]'),
            'accounts', coalesce(to_json(accounts[part * 100 - 99 : part * 100]), '[]'))::text;
    END LOOP;
END
$$;
