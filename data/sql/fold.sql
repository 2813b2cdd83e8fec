-- Takes the queued changes of transactions from low on, up to, not including, the row cutoff (NULL: all), and adds
-- them to the rollups. It stops at the mark of a truncated table, which has to be seen to before anything after it.
CREATE OR REPLACE FUNCTION creditpulse.apply_queue(
    low xid8, cutoff bigint,
    OUT taken bigint, OUT threads uuid[], OUT accounts uuid[], OUT shrunk uuid[], OUT recount boolean, OUT horizon xid8
) LANGUAGE plpgsql AS $$
DECLARE
    nil CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    every CONSTANT uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
BEGIN
    WITH gone AS MATERIALIZED (
        DELETE FROM creditpulse.changes c
        WHERE c.xid >= apply_queue.low AND c.id < least(cutoff, (
            SELECT min(t.id) FROM creditpulse.changes t
            WHERE t.source IN ('U', 'P') AND t.xid >= apply_queue.low), 9223372036854775807)
        RETURNING c.*
    ), good AS MATERIALIZED (
        SELECT * FROM gone g
        WHERE creditpulse.foldable(g.prompt_tokens, g.completion_tokens, g.total_tokens, g.cost)
    ), bad AS (
        INSERT INTO creditpulse.quarantine
        SELECT g.*, clock_timestamp(), 'a token count or a cost too large to add up'
        FROM gone g
        WHERE NOT creditpulse.foldable(g.prompt_tokens, g.completion_tokens, g.total_tokens, g.cost)
    ), per_thread AS (
        INSERT INTO creditpulse.thread_totals AS t
        SELECT g.thread_id, sum(g.calls), sum(g.prompt_tokens), sum(g.completion_tokens), sum(g.total_tokens),
            sum(g.cost), max(g.last_at), creditpulse.quarter_of(max(g.last_at))
        FROM good g WHERE g.source = 'u' AND g.thread_id <> nil GROUP BY g.thread_id
        ON CONFLICT (thread_id) DO UPDATE SET
            calls = t.calls + excluded.calls,
            prompt_tokens = t.prompt_tokens + excluded.prompt_tokens,
            completion_tokens = t.completion_tokens + excluded.completion_tokens,
            total_tokens = t.total_tokens + excluded.total_tokens,
            cost = t.cost + excluded.cost,
            last_at = greatest(t.last_at, excluded.last_at),
            last_quarter = creditpulse.quarter_of(greatest(t.last_at, excluded.last_at))
    ), per_user AS (
        INSERT INTO creditpulse.thread_users AS t
        SELECT g.thread_id, g.user_id, sum(g.calls), sum(g.cost)
        FROM good g WHERE g.source = 'u' AND g.thread_id <> nil GROUP BY g.thread_id, g.user_id
        ON CONFLICT (thread_id, user_id) DO UPDATE SET
            calls = t.calls + excluded.calls,
            cost = t.cost + excluded.cost
    ), per_scope AS (
        INSERT INTO creditpulse.usage_rollup AS t
        SELECT b.scope, b.grain, b.bucket, g.model, sum(g.calls), sum(g.prompt_tokens),
            sum(g.completion_tokens), sum(g.total_tokens), sum(g.cost)
        FROM good g
        CROSS JOIN LATERAL (VALUES
            (g.user_id, 0::smallint, g.quarter),
            (g.user_id, 1::smallint, creditpulse.day_of(g.quarter)),
            (every, 0::smallint, g.quarter),
            (every, 1::smallint, creditpulse.day_of(g.quarter))
        ) AS b (scope, grain, bucket)
        WHERE g.source = 'u'
        GROUP BY b.scope, b.grain, b.bucket, g.model
        ON CONFLICT (scope, grain, bucket, model) DO UPDATE SET
            calls = t.calls + excluded.calls,
            prompt_tokens = t.prompt_tokens + excluded.prompt_tokens,
            completion_tokens = t.completion_tokens + excluded.completion_tokens,
            total_tokens = t.total_tokens + excluded.total_tokens,
            cost = t.cost + excluded.cost
    ), purchased AS (
        INSERT INTO creditpulse.purchase_rollup AS t
        SELECT b.scope, b.grain, b.bucket, sum(g.cost), sum(g.calls)
        FROM good g
        CROSS JOIN LATERAL (VALUES
            (g.user_id, 0::smallint, g.quarter),
            (g.user_id, 1::smallint, creditpulse.day_of(g.quarter)),
            (every, 0::smallint, g.quarter),
            (every, 1::smallint, creditpulse.day_of(g.quarter))
        ) AS b (scope, grain, bucket)
        WHERE g.source = 'p'
        GROUP BY b.scope, b.grain, b.bucket
        ON CONFLICT (scope, grain, bucket) DO UPDATE SET
            cost = t.cost + excluded.cost,
            calls = t.calls + excluded.calls
    )
    SELECT count(*),
        array_agg(DISTINCT g.thread_id) FILTER (WHERE g.thread_id <> nil),
        array_agg(DISTINCT g.user_id) FILTER (WHERE g.source <> 'R'),
        array_agg(DISTINCT g.thread_id) FILTER (WHERE g.source = 'u' AND g.calls <= 0 AND g.thread_id <> nil),
        coalesce(bool_or(g.source = 'R'), false),
        pg_snapshot_xmin(pg_current_snapshot())
    INTO taken, threads, accounts, shrunk, recount, horizon
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
    shrunk uuid[];
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
        DELETE FROM creditpulse.usage_rollup;
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

    SELECT fold.taken + a.taken, a.threads, a.accounts, a.shrunk, a.recount, a.horizon
    INTO taken, threads, accounts, shrunk, recount, horizon
    FROM creditpulse.apply_queue(since, cutoff) AS a;

    -- A table that was truncated while we worked: the next fold begins with it.
    complete := complete AND NOT EXISTS (SELECT FROM creditpulse.changes c WHERE c.source IN ('U', 'P'));
    IF taken = 0 THEN
        -- A void low has to go before the restored server's count of transactions comes as far.
        UPDATE creditpulse.state s SET low = since WHERE s.low > horizon;
        RETURN;
    END IF;

    IF shrunk IS NOT NULL THEN
        BEGIN
            LOCK TABLE public.usage_logs IN ACCESS SHARE MODE NOWAIT;
            UPDATE creditpulse.thread_totals t
            SET last_at = l.at, last_quarter = creditpulse.quarter_of(l.at)
            FROM (
                SELECT s.thread_id, (SELECT max(u.created_at) FROM creditpulse.source_usage u WHERE u.thread_id = s.thread_id) AS at
                FROM unnest(shrunk) AS s (thread_id)
            ) l
            WHERE t.thread_id = l.thread_id;
        EXCEPTION WHEN lock_not_available THEN
            -- Somebody holds the table for long: no fold waits for that. A change without figures asks again.
            INSERT INTO creditpulse.changes (source, thread_id) SELECT 'u', unnest(shrunk);
            complete := false;
        END;
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
