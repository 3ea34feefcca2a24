-- One row per dial, written before the INVITE; the id is the channel's name,
-- so that there is never a second INVITE for it.

-- +goose Up
CREATE TABLE attempts (
    id        text PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 128),
    task      text NOT NULL,
    case_id   text REFERENCES cases (id),
    kind      text NOT NULL CHECK (kind <> 'identify'),
    number    text NOT NULL REFERENCES numbers (fingerprint),
    agent     text NOT NULL REFERENCES agents (id),
    caller_id text NOT NULL,               -- the number of ours that is shown
    at        timestamptz NOT NULL,
    FOREIGN KEY (task, kind) REFERENCES tasks (id, kind)
);
CREATE INDEX attempts_number ON attempts (number, at);
CREATE INDEX attempts_task ON attempts (task);
CREATE INDEX attempts_case ON attempts (case_id);
CREATE INDEX attempts_at ON attempts USING brin (at);

-- law, the last of the places in which it is held: an offender's leg is never
-- given to a woman, a victim's never to a man, whatever the program believes
-- +goose StatementBegin
CREATE FUNCTION attempt_fits_agent() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    fits boolean;
BEGIN
    SELECT CASE t.pool
               WHEN 'women' THEN a.gender = 'woman'
               WHEN 'male-officers' THEN a.gender = 'man' AND a.officer
               ELSE false
           END
           AND a.active AND NOT (a.id = ANY (t.excluded)) AND t.only_agent IN ('', a.id)
           AND (a.counsellor OR NOT t.counsellor)
      INTO fits FROM tasks t, agents a WHERE t.id = NEW.task AND a.id = NEW.agent;
    IF fits IS NOT TRUE THEN
        RAISE EXCEPTION 'attempt %: this agent may not make it', NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'attempt_fits_agent';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER attempt_fits_agent BEFORE INSERT ON attempts FOR EACH ROW EXECUTE FUNCTION attempt_fits_agent();
CREATE TRIGGER attempts_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON attempts
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- +goose Down
DROP TABLE attempts;
DROP FUNCTION attempt_fits_agent();
