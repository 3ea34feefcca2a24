-- Copies of recordings that leave the house: one person asks, another agrees.

-- +goose Up
CREATE TABLE recording_exports (
    id          text PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    recording   text NOT NULL CHECK (recording ~ '^r[a-z2-7]{25}$'),
    order_ref   text NOT NULL CHECK (length(order_ref) BETWEEN 1 AND 80),
    asked_by    text NOT NULL,
    asked_at    timestamptz NOT NULL,
    approved_by text,
    approved_at timestamptz,
    CONSTRAINT two_persons CHECK (approved_by <> asked_by),
    CONSTRAINT approved_by_somebody CHECK ((approved_by IS NULL) = (approved_at IS NULL))
);

-- +goose StatementBegin
CREATE FUNCTION recording_export_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.approved_at IS NOT NULL OR (NEW.id, NEW.recording, NEW.order_ref, NEW.asked_by, NEW.asked_at) IS DISTINCT FROM (OLD.id, OLD.recording, OLD.order_ref, OLD.asked_by, OLD.asked_at) THEN
        RAISE EXCEPTION 'export %: it can only be approved, once', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER recording_export_stays BEFORE UPDATE ON recording_exports FOR EACH ROW EXECUTE FUNCTION recording_export_stays();
CREATE TRIGGER recording_exports_stay BEFORE DELETE OR TRUNCATE ON recording_exports
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- +goose Down
DROP TABLE recording_exports;
DROP FUNCTION recording_export_stays();
