-- What lists of threads are sorted by, and what names are found by.

-- The step of a figure that lists are sorted by: a whole step is read for one block of a list, so it has to have few
-- threads; finer than step_of. Up to 100 every number of calls has a step of its own.
CREATE OR REPLACE FUNCTION creditpulse.fine_step_of(figure double precision) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN floor(128 * ln(greatest(figure, 1e-6)))::integer;

-- A name is found by every three signs in a row that it has, as extension pg_trgm does, which not every server offers.
-- Indexes are built of grams(): were it ever to return something else, it would have to have another name.
CREATE OR REPLACE FUNCTION creditpulse.grams(first text, second text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    words text;
    found text[] := '{}';
BEGIN
    FOREACH words IN ARRAY ARRAY[first, second] LOOP
        words := '  ' || lower(left(words, 200));
        FOR place IN 1 .. coalesce(length(words), 0) - 2 LOOP
            found := found || substr(words, place, 3);
        END LOOP;
    END LOOP;
    RETURN found;
END
$$;
-- Whoever writes into an indexed table calls it.
GRANT EXECUTE ON FUNCTION creditpulse.grams(text, text) TO PUBLIC;

-- What the grams of every name have that has `search` in it; with one or two signs, of those with a word that begins so.
CREATE OR REPLACE FUNCTION creditpulse.grams_of(search text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE length(search)
    WHEN 1 THEN ARRAY['  ' || lower(search)]
    WHEN 2 THEN ARRAY[' ' || lower(search)]
    ELSE ARRAY(SELECT DISTINCT substr(lower(left(search, 200)), place, 3)
        FROM generate_series(1, length(left(search, 200)) - 2) AS place)
END;

-- Whether a name has `search` in it, in letters of either case.
CREATE OR REPLACE FUNCTION creditpulse.named(name text, search text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(strpos(lower(left(name, 200)), lower(left(search, 200))) > 0, false);
