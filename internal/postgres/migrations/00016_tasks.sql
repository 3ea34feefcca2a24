-- Whom to call, why, when and by whom: one row for each task, while it is in
-- hand and after. A row of an offender or contact holds nothing about victim
-- or case but the opaque id.

-- +goose Up
CREATE TABLE tasks (
    id          text PRIMARY KEY CHECK (id ~ '^t[a-z2-7]{16}$'),
    case_id     text REFERENCES cases (id),
    kind        text NOT NULL CHECK (kind IN ('offender', 'ffr', 'feedback', 'final', 'choice', 'reask', 'recontact', 'follow-up', 'identify', 'callback')),
    why         text NOT NULL,
    party       text,
    number      text REFERENCES numbers (fingerprint),
    made        timestamptz NOT NULL,
    due         timestamptz NOT NULL,
    not_after   timestamptz,
    -- windows, each a set of weekdays (bit 0 = Sunday) and minutes after midnight in India
    window_days smallint[] NOT NULL,
    window_from smallint[] NOT NULL,
    window_to   smallint[] NOT NULL,
    pull        boolean NOT NULL,              -- she rings us; never dialled
    pool        text NOT NULL CHECK (pool IN ('', 'women', 'male-officers')),
    officer     boolean NOT NULL,
    counsellor  boolean NOT NULL,
    excluded    text[] NOT NULL,
    only_agent  text NOT NULL,
    priority    integer NOT NULL,
    opening     text NOT NULL,
    language    text NOT NULL,
    doc         jsonb NOT NULL,
    ended_as    text CHECK (ended_as IN ('done', 'exhausted', 'no-number', 'cancelled')),
    ended_at    timestamptz,
    set_aside   text CHECK (length(set_aside) BETWEEN 1 AND 500), -- why nobody can work on it
    needs_open  boolean GENERATED ALWAYS AS (CASE WHEN ended_as IS NULL AND kind <> 'follow-up' THEN true END) STORED,

    UNIQUE (id, kind),
    FOREIGN KEY (party, case_id) REFERENCES parties (id, case_id),
    CONSTRAINT the_document_is_this_task CHECK ((doc ->> 'id' = id AND doc ->> 'kind' = kind) IS TRUE),
    CONSTRAINT ended_means_when CHECK ((ended_as IS NULL) = (ended_at IS NULL)),
    -- a closed case has no open task, but for the care of a suicidal person
    CONSTRAINT an_open_task_has_an_open_case FOREIGN KEY (case_id, needs_open) REFERENCES cases (id, open) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT only_a_call_back_has_no_case CHECK ((kind = 'callback') = (case_id IS NULL)),
    CONSTRAINT a_call_has_a_pool CHECK ((kind = 'identify') = (pool = '')),
    -- law: offenders are called by male police officers, victims by women
    CONSTRAINT offenders_by_male_officers CHECK (kind <> 'offender' OR (pool = 'male-officers' AND officer)),
    CONSTRAINT contacts_by_police CHECK (kind <> 'ffr' OR officer),
    CONSTRAINT victims_by_women CHECK (kind NOT IN ('feedback', 'final', 'choice', 'reask', 'recontact', 'follow-up', 'callback') OR pool = 'women'),
    CONSTRAINT suicidal_persons_by_counsellors CHECK (kind <> 'follow-up' OR counsellor),
    CONSTRAINT nothing_of_hers_at_the_offenders CHECK (kind NOT IN ('offender', 'ffr') OR (opening = '' AND language = '')),
    CONSTRAINT windows_are_whole CHECK (cardinality(window_days) = cardinality(window_from) AND cardinality(window_days) = cardinality(window_to))
);
CREATE INDEX tasks_due ON tasks (priority DESC, due) WHERE ended_as IS NULL;
CREATE INDEX tasks_case ON tasks (case_id);
CREATE INDEX tasks_number ON tasks (number) WHERE ended_as IS NULL;
CREATE INDEX tasks_end ON tasks (not_after) WHERE ended_as IS NULL AND case_id IS NULL;

-- +goose StatementBegin
CREATE FUNCTION task_ends_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended_as IS NOT NULL THEN
        RAISE EXCEPTION 'task %: it has ended', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.kind <> OLD.kind OR NEW.case_id IS DISTINCT FROM OLD.case_id OR NEW.party IS DISTINCT FROM OLD.party THEN
        RAISE EXCEPTION 'task %: another task took its id', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER task_ends_once BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION task_ends_once();
CREATE TRIGGER tasks_stay BEFORE DELETE OR TRUNCATE ON tasks FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- +goose Down
DROP TABLE tasks;
DROP FUNCTION task_ends_once();
