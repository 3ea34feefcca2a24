-- One row per case: the document of the ladder, and the columns that SQL asks
-- for. No name and no number is in it: persons are opaque ids, numbers are
-- fingerprints. The row changes only together with a row of case_events.

-- +goose Up
CREATE TABLE cases (
    id            text PRIMARY KEY CHECK (id ~ '^c[a-z2-7]{16}$'),
    docket        text NOT NULL UNIQUE CHECK (docket ~ '^[1-9][0-9]{8}$'), -- the complaint number, spoken to her
    version       bigint NOT NULL CHECK (version > 0),
    state         text NOT NULL CHECK (state IN ('registered', 'identifying', 'counsel-due', 'counsel-feedback', 'ffr-due',
                      'ffr-feedback', 'station-open', 'station-feedback', 'watch', 'final-feedback', 'closed')),
    open          boolean NOT NULL GENERATED ALWAYS AS (state <> 'closed') STORED,
    since         timestamptz NOT NULL,
    cycle         integer NOT NULL CHECK (cycle >= 1),
    concern       text NOT NULL,               -- why it waits for a supervisor; '' = it does not
    concern_since timestamptz,
    barred        text NOT NULL,               -- why offender and contacts must not be called; '' = they may
    last_feedback timestamptz,
    final_due     timestamptz,
    closure       text NOT NULL CHECK (closure IN ('', 'resolved', 'withdrawn', 'unreached', 'not-ours', 'duplicate', 'hoax')),
    nexts         smallint NOT NULL,           -- how many things the ladder waits for
    next_at       timestamptz,                 -- the earliest timer, or end of a task's time
    timers_aside  bigint,                      -- the version whose due timers the ladder did not take

    district      text NOT NULL REFERENCES districts (name),
    station       text,
    category      text NOT NULL CHECK (category ~ '^[a-z][a-z0-9]*(-[a-z0-9]+)*$' AND length(category) <= 32),
    call          text NOT NULL,               -- the inbound call in which it was told; '' = none
    linked_to     text REFERENCES cases (id),  -- an earlier case of hers
    account       bytea CHECK (octet_length(account) > 90), -- what she told, sealed
    registered_at timestamptz NOT NULL,
    registered_by text NOT NULL REFERENCES agents (id),
    changed_at    timestamptz NOT NULL DEFAULT now(),
    doc           jsonb NOT NULL,

    -- the event by which it was resolved; case_events has the other end
    resolved_version bigint,
    resolved_by      text GENERATED ALWAYS AS (CASE closure WHEN 'resolved' THEN 'positive' END) STORED,

    -- for the tasks: an open task belongs to an open case
    UNIQUE (id, open),
    FOREIGN KEY (station, district) REFERENCES stations (id, district),
    CONSTRAINT the_document_is_this_case CHECK (
        (doc ->> 'id' = id AND (doc ->> 'version')::bigint = version AND doc ->> 'state' = state) IS TRUE),
    CONSTRAINT closed_means_a_closure CHECK ((state = 'closed') = (closure <> '')),
    CONSTRAINT resolved_means_by_an_event CHECK ((closure = 'resolved') = (resolved_version IS NOT NULL)),
    -- no orphan: an open case waits for one task, one timer, or a supervisor
    CONSTRAINT an_open_case_has_one_next_thing CHECK (nexts = CASE WHEN state = 'closed' THEN 0 ELSE 1 END),
    -- the final feedback is counted from the last feedback, in whole days at least
    CONSTRAINT the_final_follows_a_feedback CHECK (
        state NOT IN ('watch', 'final-feedback') OR (final_due >= last_feedback + interval '24 hours') IS TRUE)
);
CREATE INDEX cases_next ON cases (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX cases_open ON cases (state, district) WHERE open;
CREATE INDEX cases_concern ON cases (concern_since) WHERE concern <> '';

-- +goose StatementBegin
CREATE FUNCTION case_moves_by_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.version < OLD.version OR NEW.version > OLD.version + 1 THEN
        RAISE EXCEPTION 'case %: version % cannot follow %', OLD.id, NEW.version, OLD.version USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.version = OLD.version AND NEW.doc IS DISTINCT FROM OLD.doc THEN
        RAISE EXCEPTION 'case %: changed without an event', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER case_moves_by_one BEFORE UPDATE ON cases FOR EACH ROW EXECUTE FUNCTION case_moves_by_one();
CREATE TRIGGER cases_stay BEFORE DELETE OR TRUNCATE ON cases FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- +goose Down
DROP TABLE cases;
DROP FUNCTION case_moves_by_one();
