-- The keys of recordings: one for each case, and one for each call that had no
-- case when it was sealed. The public half encrypts; the other half is wrapped
-- to recipients whose secrets are not in this database. To destroy the wrapped
-- half is to destroy the audio, wherever copies of it are.

-- +goose Up
CREATE TABLE recording_keys (
    id           text PRIMARY KEY CHECK (id ~ '^k[a-z2-7]{25}$'),
    scope        text NOT NULL UNIQUE,         -- case:…, call:… or recording:…
    public       text NOT NULL CHECK (public ~ '^age1[a-z0-9]+$'),
    wrapped      bytea,                        -- NULL = destroyed
    recipients   text[] NOT NULL,              -- to whom it is wrapped
    made_at      timestamptz NOT NULL DEFAULT now(),
    wrapped_at   timestamptz NOT NULL DEFAULT now(),
    destroyed_at timestamptz,
    CONSTRAINT destroyed_means_gone CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);

-- +goose StatementBegin
CREATE FUNCTION recording_key_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id <> OLD.id OR NEW.scope <> OLD.scope OR NEW.public <> OLD.public OR NEW.made_at <> OLD.made_at THEN
        RAISE EXCEPTION 'key %: only how it is wrapped may change', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.wrapped IS NULL THEN
        RAISE EXCEPTION 'key %: it was destroyed', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER recording_key_stays BEFORE UPDATE ON recording_keys FOR EACH ROW EXECUTE FUNCTION recording_key_stays();
CREATE TRIGGER recording_keys_stay BEFORE DELETE OR TRUNCATE ON recording_keys
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- +goose Down
DROP TABLE recording_keys;
DROP FUNCTION recording_key_stays();
