-- What the calls are made from: who uses what, when. Everything follows from generator.shape, so that the same
-- shape is the same database. generator.draw is a number between 0 and 1 that follows from another number.

CREATE FUNCTION generator.draw(number bigint, stream int) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ((hashint8extended(number, stream) & 4503599627370495)::float8 + 0.5) / 4503599627370496;

CREATE FUNCTION generator.normal(number bigint, stream int) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN sqrt(-2 * ln(generator.draw(number, stream))) * cos(2 * pi() * generator.draw(number, stream + 1));

-- The part of a week's work that is done when each of its hours begins, from Monday midnight on.
CREATE FUNCTION generator.rhythm() RETURNS float8[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT array_agg(w.before / w.whole ORDER BY w.hour) || 1.0::float8
    FROM (
        SELECT h.hour, sum(h.weight) OVER (ORDER BY h.hour) - h.weight AS before, sum(h.weight) OVER () AS whole
        FROM (
            SELECT n AS hour, CASE WHEN n < 120 THEN 1.25 ELSE 0.375 END
                * (ARRAY[1,1,1,1,1,1,2,4,8,12,14,13,9,11,14,14,12,9,6,4,3,3,2,1])[1 + n % 24]::float8 AS weight
            FROM generate_series(0, 167) AS n
        ) h
    ) w
);

UPDATE generator.shape SET rhythm = generator.rhythm();

-- Weeks of work done so many hours after a Monday's midnight, and the other way round.
CREATE FUNCTION generator.work(hours float8) RETURNS float8
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    rhythm CONSTANT float8[] := (SELECT s.rhythm FROM generator.shape s);
    week int := floor(hours / 168);
    hour int := floor(hours - 168 * week);
BEGIN
    RETURN week + rhythm[hour + 1] + (hours - 168 * week - hour) * (rhythm[hour + 2] - rhythm[hour + 1]);
END $$;

CREATE FUNCTION generator.hours(work float8) RETURNS float8
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    rhythm CONSTANT float8[] := (SELECT s.rhythm FROM generator.shape s);
    week int := floor(work);
    hour int := width_bucket(work - week, rhythm);
BEGIN
    RETURN 168 * week + hour - 1 + (work - week - rhythm[hour]) / (rhythm[hour + 1] - rhythm[hour]);
END $$;

CREATE TABLE generator.models AS
SELECT row_number() OVER () AS number, m.*, jsonb_build_object('model', m.name) AS content,
    (sum(m.share) OVER (ROWS UNBOUNDED PRECEDING) - m.share) / sum(m.share) OVER () AS above
FROM (VALUES  -- dollars for a million tokens of prompt and completion; how often a thread uses it
    ('claude-sonnet-4-5', 3.0::float8, 15.0::float8, 22.0::float8), ('claude-haiku-4-5', 1.0, 5.0, 20.0),
    ('gpt-5-mini', 0.25, 2.0, 16.0), ('gemini-2.5-flash', 0.3, 2.5, 12.0), ('gpt-5', 1.25, 10.0, 9.0),
    ('gemini-2.5-pro', 1.25, 10.0, 6.0), ('claude-opus-4-5', 5.0, 25.0, 5.0), ('gpt-5-nano', 0.05, 0.4, 4.0),
    ('deepseek-chat', 0.28, 0.42, 3.0), ('grok-4', 3.0, 15.0, 1.5), ('qwen3-max', 1.2, 6.0, 1.0), ('kimi-k2', 0.6, 2.5, 0.5)
) AS m (name, prompt_price, completion_price, share);

-- Zipf with exponent 1. One thread in 200 belongs to nobody. Accounts lie in six zones.
CREATE TABLE generator.accounts AS
SELECT n AS number, md5('account ' || n)::uuid AS account_id,
    (ARRAY[-8, -5, 0, 1, 5.5, 9])[1 + floor(6 * generator.draw(n, 1))]::float8 AS hours_east,
    1 + floor(4 * generator.draw(n, 2))::int AS projects
FROM generator.shape s, generate_series(1, s.accounts) AS n;

-- Zipf with exponent 0.6 over threads. A thread's life is log-normal around three hours: minutes for some, days for
-- many, weeks for a few and for those whose calls need them. Start and span are in weeks of work.
CREATE TABLE generator.threads AS
WITH calls AS (
    SELECT n AS number, sum(power(n, -0.6)) OVER (ORDER BY n) AS upto, sum(power(n, -0.6)) OVER () AS whole,
        power(n, -0.6) AS own
    FROM generator.shape s, generate_series(1, s.threads) AS n
), counted AS (
    SELECT c.number, round(s.rows * (c.upto - c.own) / c.whole)::bigint AS first,
        round(s.rows * c.upto / c.whole)::bigint AS next,
        CASE WHEN generator.draw(c.number, 3) > 0.005
            THEN floor(exp(generator.draw(c.number, 4) * ln(s.accounts + 1)))::int END AS account
    FROM calls c, generator.shape s
), living AS (
    SELECT c.*, a.account_id, coalesce(a.hours_east, 0) AS hours_east,
        1 + floor(a.projects * generator.draw(c.number, 5))::int AS project,
        greatest(least(3 * exp(2 * generator.normal(c.number, 6)), 60 * 24), (c.next - c.first) * 12 / 3600.0) / 168 AS span
    FROM counted c LEFT JOIN generator.accounts a ON a.number = c.account
)
SELECT l.number::int, md5('thread ' || l.number)::uuid AS thread_id, l.account::int, l.account_id, l.project, l.hours_east,
    l.first, l.next - l.first AS calls, l.span,
    b.earliest + (b.latest - b.earliest - l.span) * power(generator.draw(l.number, 8), 0.8) AS start,
    m.number::int AS model
FROM living l CROSS JOIN generator.shape s
CROSS JOIN LATERAL (
    SELECT generator.work(extract(epoch FROM s.until - s.origin) / 3600 - 24 * s.days + l.hours_east) AS earliest,
        generator.work(extract(epoch FROM s.until - s.origin) / 3600 - 0.1 + l.hours_east) AS latest
) b
CROSS JOIN LATERAL (
    SELECT m.number FROM generator.models m WHERE m.above <= generator.draw(l.number, 9) ORDER BY m.above DESC LIMIT 1
) m;
ALTER TABLE generator.threads ADD PRIMARY KEY (number);

-- Agents make twenty calls a run, some seconds apart; a thread's runs are spread over its life.
CREATE TABLE generator.runs AS
SELECT t.first + 20 * r AS first, least(20, t.calls - 20 * r)::int AS calls, t.number AS thread,
    s.origin + make_interval(secs => 3600 * (generator.hours(t.start + t.span
        * (r + generator.draw(t.first + 20 * r, 10)) / ((t.calls + 19) / 20)) - t.hours_east)) AS started_at,
    4 + 11 * generator.draw(t.first + 20 * r, 11) AS gap
FROM generator.threads t CROSS JOIN generator.shape s CROSS JOIN generate_series(0, (t.calls - 1) / 20) AS r;

ANALYZE generator.models, generator.accounts, generator.threads, generator.runs;

INSERT INTO public.users (id, email, name, created_at)
SELECT a.account_id, lower(n.first || '.' || n.last || a.number || '@example.com'), n.first || ' ' || n.last,
    s.until - make_interval(days => s.days + 30)
FROM generator.accounts a CROSS JOIN generator.shape s
CROSS JOIN LATERAL (
    SELECT (ARRAY['Ada','Ben','Chloe','Dev','Elif','Femi','Greta','Hugo','Ines','Jonas','Kaya','Lena','Mira','Noor',
            'Oskar','Petra','Quinn','Rosa','Sven','Tara','Uma','Vera','Wei','Yuki'])[1 + a.number % 24] AS first,
        (ARRAY['Abbott','Berg','Castro','Dahl','Eriksen','Farkas','Gupta','Hoang','Ibsen','Jansen','Kowalski','Lind',
            'Moreau','Novak','Okafor','Park','Rossi','Silva','Tanaka','Ueda','Vogel','Wolff','Yilmaz'])[1 + a.number % 23] AS last
) n;

INSERT INTO public.projects (project_id, name, account_id, created_at)
SELECT md5('project ' || a.number || '.' || p)::uuid,
    s.subjects[1 + (a.number * 7 + p * 3) % cardinality(s.subjects)] || ' ' || a.number, a.account_id,
    s.until - make_interval(days => s.days)
FROM generator.accounts a CROSS JOIN generator.shape s CROSS JOIN generate_series(1, a.projects) AS p;

INSERT INTO public.threads (thread_id, account_id, project_id, metadata, created_at, updated_at)
SELECT t.thread_id, t.account_id, md5('project ' || t.account || '.' || t.project)::uuid,
    jsonb_build_object('title', s.subjects[1 + floor(cardinality(s.subjects) * generator.draw(t.number, 12))::int] || ' '
        || s.tasks[1 + floor(cardinality(s.tasks) * generator.draw(t.number, 13))::int]),
    l.began, l.began
FROM generator.threads t CROSS JOIN generator.shape s
CROSS JOIN LATERAL (
    SELECT s.origin + make_interval(secs => 3600 * (generator.hours(t.start) - t.hours_east)) AS began
) l;

INSERT INTO public.agent_runs (id, thread_id, status, started_at, completed_at, error, created_at)
SELECT md5('run ' || r.first)::uuid, t.thread_id, r.status, r.started_at,
    CASE WHEN r.status <> 'running' THEN r.started_at + make_interval(secs => r.gap * r.calls) END,
    CASE WHEN r.status = 'failed' THEN 'the model answered 529 (overloaded) five times' END, r.started_at
FROM (
    SELECT r.*, CASE
        WHEN row_number() OVER (ORDER BY r.started_at DESC) <= s.running THEN 'running'
        WHEN generator.draw(r.first, 14) < 0.03 THEN 'failed'
        WHEN generator.draw(r.first, 14) < 0.04 THEN 'stopped' ELSE 'completed' END AS status
    FROM generator.runs r CROSS JOIN generator.shape s
) r
JOIN generator.threads t ON t.number = r.thread;

-- Purchased credits used in one run out of ten.
INSERT INTO public.credit_usage (id, user_id, amount_dollars, thread_id, description, created_at)
SELECT md5('purchase ' || r.first)::uuid, t.account_id, round((0.01 + 5 * power(generator.draw(r.first, 16), 3))::numeric, 2),
    t.thread_id, 'Token overage', r.started_at + interval '1 minute'
FROM generator.runs r JOIN generator.threads t ON t.number = r.thread
WHERE t.account_id IS NOT NULL AND generator.draw(r.first, 15) < 0.1;
