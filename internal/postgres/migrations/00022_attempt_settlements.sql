-- That the end or outcome of an attempt has been told to its case or task, and
-- what the ladder made of it. The trigger gives the task back.

-- +goose Up
CREATE TABLE attempt_settlements (
    attempt text PRIMARY KEY REFERENCES attempts (id),
    verdict text NOT NULL CHECK (verdict IN ('applied', 'duplicate', 'ignored', 'refused')),
    at      timestamptz NOT NULL
);

-- +goose StatementBegin
CREATE FUNCTION attempt_settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM unsettled_attempts WHERE attempt = NEW.attempt;
    RETURN NULL;
END
$$;

CREATE FUNCTION attempt_stays_unsettled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM attempt_settlements WHERE attempt = OLD.attempt) THEN
        RAISE EXCEPTION 'attempt %: it has not been settled', OLD.attempt USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER attempt_settled AFTER INSERT ON attempt_settlements FOR EACH ROW EXECUTE FUNCTION attempt_settled();
CREATE TRIGGER attempt_stays_unsettled BEFORE DELETE ON unsettled_attempts FOR EACH ROW EXECUTE FUNCTION attempt_stays_unsettled();
CREATE TRIGGER attempt_settlements_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON attempt_settlements
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- +goose Down
DROP TRIGGER attempt_stays_unsettled ON unsettled_attempts;
DROP TABLE attempt_settlements;
DROP FUNCTION attempt_stays_unsettled();
DROP FUNCTION attempt_settled();
