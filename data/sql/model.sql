-- A json column holds any well-formed text, also such as no text column does: then the model is not known.
CREATE OR REPLACE FUNCTION creditpulse.model_in(content json) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN content->>'model';
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END
$$;

-- The whole of a json column as jsonb, where that can hold it; else nothing.
CREATE OR REPLACE FUNCTION creditpulse.jsonb_in(content json) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN content::jsonb;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    RETURN NULL;
END
$$;
