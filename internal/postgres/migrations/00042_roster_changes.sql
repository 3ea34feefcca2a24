-- Every change of the roster: who, when, why, and what stood there before. The
-- trigger writes it, so that no way of changing the roster goes past it; who and
-- why come with the transaction, by set_config. Names and secrets are not
-- repeated here: that they changed is enough.

-- +goose Up
CREATE TABLE roster_changes (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agent   text NOT NULL REFERENCES agents (id),
    version bigint NOT NULL,                   -- of the row afterwards
    at      timestamptz NOT NULL DEFAULT now(),
    by      text NOT NULL CHECK (length(by) BETWEEN 1 AND 128), -- 'operator' = by a command on the host
    why     text NOT NULL CHECK (length(why) <= 200),
    before  jsonb CHECK (jsonb_typeof(before) = 'object'),      -- NULL = she was added
    after   jsonb NOT NULL CHECK (jsonb_typeof(after) = 'object'),
    hidden  text[] NOT NULL,                   -- what changed and is not shown: name, secret, pin
    undoes  bigint REFERENCES roster_changes (id),
    UNIQUE (agent, version)
);
CREATE INDEX roster_changes_at ON roster_changes (at);

-- +goose StatementBegin
CREATE FUNCTION roster_row(a agents) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object('gender', a.gender, 'officer', a.officer, 'counsellor', a.counsellor, 'senior', a.senior, 'languages', to_jsonb(a.languages),
        'categories', to_jsonb(a.categories), 'outbound', to_jsonb(a.outbound), 'active', a.active)
$$;

CREATE FUNCTION roster_change_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    hidden text[] := '{}';
    before jsonb;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        before := roster_row(OLD);
        IF NEW.name <> OLD.name THEN hidden := hidden || 'name'::text; END IF;
        IF NEW.sip_ha1 <> OLD.sip_ha1 THEN hidden := hidden || 'secret'::text; END IF;
        IF NEW.pin_hash <> OLD.pin_hash THEN hidden := hidden || 'pin'::text; END IF;
    END IF;
    INSERT INTO roster_changes (agent, version, by, why, before, after, hidden, undoes)
    VALUES (NEW.id, NEW.version, coalesce(nullif(current_setting('powerline.by', true), ''), 'operator'), coalesce(current_setting('powerline.why', true), ''),
        before, roster_row(NEW), hidden, nullif(current_setting('powerline.undoes', true), '')::bigint);
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER roster_change_is_kept AFTER INSERT OR UPDATE ON agents FOR EACH ROW EXECUTE FUNCTION roster_change_is_kept();
CREATE TRIGGER roster_changes_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON roster_changes
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- +goose Down
DROP TRIGGER roster_change_is_kept ON agents;
DROP TABLE roster_changes;
DROP FUNCTION roster_change_is_kept();
DROP FUNCTION roster_row(agents);
