-- What a call that we answered was about, as the agent says when she is done with
-- it: a word, and the case if one came of it. Once for each agent who spoke.

-- +goose Up
CREATE TABLE dispositions (
    call_id    text NOT NULL CHECK (length(call_id) BETWEEN 1 AND 128),
    agent      text NOT NULL,
    at         timestamptz NOT NULL,
    what       text NOT NULL CHECK (what ~ '^[a-z]+(-[a-z0-9]+)*$' AND length(what) <= 32),
    case_id    text NOT NULL CHECK (case_id ~ '^(c[a-z2-7]{16})?$'),
    written_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (call_id, agent)
);
CREATE INDEX dispositions_at ON dispositions (at);
CREATE TRIGGER dispositions_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON dispositions
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- +goose Down
DROP TABLE dispositions;
