-- How attempts ended, written through the journal, so that a dialer need not
-- wait for this database. The trigger frees the number in the same breath.

-- +goose Up
CREATE TABLE attempt_ends (
    attempt     text PRIMARY KEY REFERENCES attempts (id),
    owner       text NOT NULL,             -- the dialer that saw it
    agent       text,
    ended_at    timestamptz NOT NULL,
    dialled_at  timestamptz,               -- the INVITE was sent
    answered_at timestamptz,
    result      text NOT NULL CHECK (result IN ('answered', 'no-answer', 'busy', 'off', 'rejected', 'invalid', 'network', 'cancelled',
                    'not-placed', 'interrupted')),
    q850        integer NOT NULL CHECK (q850 BETWEEN 0 AND 127),
    sip         integer NOT NULL CHECK (sip = 0 OR sip BETWEEN 100 AND 699),
    detail      text NOT NULL CHECK (length(detail) <= 500),
    written_at  timestamptz NOT NULL DEFAULT now(),

    CONSTRAINT answered_means_an_answer CHECK (
        CASE result WHEN 'answered' THEN answered_at IS NOT NULL WHEN 'interrupted' THEN true ELSE answered_at IS NULL END),
    CONSTRAINT answered_means_dialled CHECK (answered_at IS NULL OR dialled_at IS NOT NULL),
    CONSTRAINT not_placed_means_not_dialled CHECK (result <> 'not-placed' OR dialled_at IS NULL),
    CONSTRAINT times_in_order CHECK (
        (dialled_at IS NULL OR dialled_at <= ended_at)
        AND (answered_at IS NULL OR (dialled_at <= answered_at AND answered_at <= ended_at)))
);
CREATE INDEX attempt_ends_ended ON attempt_ends USING brin (ended_at);

-- +goose StatementBegin
CREATE FUNCTION attempt_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM live_numbers WHERE attempt = NEW.attempt;
    RETURN NULL;
END
$$;

CREATE FUNCTION number_stays_live() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM attempt_ends WHERE attempt = OLD.attempt) THEN
        RAISE EXCEPTION 'attempt %: it has no end, so its number is live', OLD.attempt USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER attempt_ended AFTER INSERT ON attempt_ends FOR EACH ROW EXECUTE FUNCTION attempt_ended();
CREATE TRIGGER number_stays_live BEFORE DELETE ON live_numbers FOR EACH ROW EXECUTE FUNCTION number_stays_live();
CREATE TRIGGER attempt_ends_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON attempt_ends
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- attempts that may have rung somebody: they count towards the limit of a day
CREATE VIEW rung_attempts AS
    SELECT a.* FROM attempts a LEFT JOIN attempt_ends e ON e.attempt = a.id
    WHERE e.result IS NULL OR e.result NOT IN ('network', 'not-placed');

-- +goose Down
DROP VIEW rung_attempts;
DROP TRIGGER number_stays_live ON live_numbers;
DROP TABLE attempt_ends;
DROP FUNCTION number_stays_live();
DROP FUNCTION attempt_ended();
