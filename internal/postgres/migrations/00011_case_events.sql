-- Everything that moved a case. The keys make each event count once and each
-- version come from one event.

-- +goose Up
CREATE TABLE case_events (
    case_id    text NOT NULL REFERENCES cases (id),
    version    bigint NOT NULL CHECK (version > 0),  -- of the case afterwards
    event_id   text NOT NULL CHECK (length(event_id) BETWEEN 1 AND 200),
    at         timestamptz NOT NULL,
    by         text NOT NULL,                         -- an agent; '' = nobody's hand was in it
    name       text NOT NULL CHECK (name ~ '^[a-z]+(-[a-z]+)*$'),
    outcome    text NOT NULL,                         -- of a conversation; '' = it was none
    from_state text NOT NULL,                         -- '' = it was registered
    to_state   text NOT NULL,
    effects    text[] NOT NULL,
    moves      text[] NOT NULL,                       -- rows of the ladder's table, such as T6
    body       jsonb NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now(),

    PRIMARY KEY (case_id, version),
    UNIQUE (case_id, event_id),
    UNIQUE (case_id, version, outcome)
);
CREATE INDEX case_events_at ON case_events USING brin (at);

-- law: a case is resolved by her own positive final feedback and by nothing else
ALTER TABLE cases ADD CONSTRAINT resolved_by_her_positive_feedback
    FOREIGN KEY (id, resolved_version, resolved_by) REFERENCES case_events (case_id, version, outcome) DEFERRABLE INITIALLY DEFERRED;
-- every version of a case has its event
ALTER TABLE cases ADD CONSTRAINT every_version_has_its_event
    FOREIGN KEY (id, version) REFERENCES case_events (case_id, version) DEFERRABLE INITIALLY DEFERRED;

CREATE TRIGGER case_events_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON case_events
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- +goose Down
ALTER TABLE cases DROP CONSTRAINT every_version_has_its_event;
ALTER TABLE cases DROP CONSTRAINT resolved_by_her_positive_feedback;
DROP TABLE case_events;
