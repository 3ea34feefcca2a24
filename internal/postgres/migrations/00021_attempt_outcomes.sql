-- What came of a conversation, coded by the agent who led it. One outcome for
-- each attempt; without an attempt, she rang us about the task.

-- +goose Up
CREATE TABLE attempt_outcomes (
    event_id   text PRIMARY KEY CHECK (length(event_id) BETWEEN 1 AND 200),
    attempt    text UNIQUE REFERENCES attempts (id),
    task       text NOT NULL REFERENCES tasks (id),
    case_id    text REFERENCES cases (id),
    outcome    text NOT NULL CHECK (outcome ~ '^[a-z]+(-[a-z]+)*$'),
    demeanour  text NOT NULL CHECK (demeanour ~ '^([a-z]+(-[a-z]+)*)?$'),
    by         text NOT NULL REFERENCES agents (id),
    at         timestamptz NOT NULL,
    verdict    text NOT NULL,              -- what the ladder made of it
    written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX attempt_outcomes_task ON attempt_outcomes (task);
CREATE TRIGGER attempt_outcomes_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON attempt_outcomes
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- +goose Down
DROP TABLE attempt_outcomes;
