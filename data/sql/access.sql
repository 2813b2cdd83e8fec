-- Who is signed in, and who looked at what.

-- `id` is the hash of the number in the browser's cookie; the ID token is what the provider knows its own session by.
CREATE TABLE creditpulse.sessions (
    id bytea PRIMARY KEY,
    email text NOT NULL,
    subject text NOT NULL,
    id_token text,
    started_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_expiry ON creditpulse.sessions (expires_at);

-- `times` is how often the same happened within the second that `at` is the end of.
CREATE TABLE creditpulse.audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    person text NOT NULL,
    action text NOT NULL,
    kind text NOT NULL DEFAULT '',
    subject text NOT NULL DEFAULT '',
    way text NOT NULL DEFAULT '',
    address text NOT NULL DEFAULT '',
    times integer NOT NULL DEFAULT 1
);
CREATE INDEX audit_person ON creditpulse.audit (person text_pattern_ops, id);
CREATE INDEX audit_action ON creditpulse.audit (action, id);
CREATE INDEX audit_at ON creditpulse.audit (at, id);

CREATE FUNCTION creditpulse.keep_audit() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'creditpulse.audit is append-only' USING
        ERRCODE = 'restrict_violation',
        HINT = 'docs/security.md says how old entries are removed.';
END
$$;
CREATE TRIGGER creditpulse_append_only BEFORE UPDATE OR DELETE ON creditpulse.audit
    FOR EACH ROW EXECUTE FUNCTION creditpulse.keep_audit();
CREATE TRIGGER creditpulse_never_emptied BEFORE TRUNCATE ON creditpulse.audit
    FOR EACH STATEMENT EXECUTE FUNCTION creditpulse.keep_audit();
REVOKE ALL ON creditpulse.sessions, creditpulse.audit FROM PUBLIC;
