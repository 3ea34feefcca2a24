-- Legal holds: what is held is neither removed when its time is over nor
-- shredded. A hold ends by being released; both stay written.

-- +goose Up
CREATE TABLE recording_holds (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope       text NOT NULL CHECK (scope ~ '^(case:c[a-z2-7]{16}|recording:r[a-z2-7]{25})$'),
    reason      text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500), -- such as the number of an order
    placed_by   text NOT NULL,
    placed_at   timestamptz NOT NULL,
    released_by text,
    released_at timestamptz,
    CONSTRAINT released_by_somebody CHECK ((released_by IS NULL) = (released_at IS NULL))
);
CREATE UNIQUE INDEX recording_holds_once ON recording_holds (scope) WHERE released_at IS NULL;

-- +goose StatementBegin
CREATE FUNCTION recording_hold_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.released_at IS NOT NULL OR NEW.scope <> OLD.scope OR NEW.reason <> OLD.reason OR NEW.placed_by <> OLD.placed_by OR NEW.placed_at <> OLD.placed_at THEN
        RAISE EXCEPTION 'hold %: it can only be released, once', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER recording_hold_stays BEFORE UPDATE ON recording_holds FOR EACH ROW EXECUTE FUNCTION recording_hold_stays();
CREATE TRIGGER recording_holds_stay BEFORE DELETE OR TRUNCATE ON recording_holds
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- +goose Down
DROP TABLE recording_holds;
DROP FUNCTION recording_hold_stays();
