-- One row per recorded conversation, written before the recording begins. No
-- name and no number is in it; the id is the name of the file.

-- +goose Up
CREATE TABLE recordings (
    id        text PRIMARY KEY CHECK (id ~ '^r[a-z2-7]{25}$'),
    call_id   text NOT NULL CHECK (length(call_id) BETWEEN 1 AND 128), -- of an outbound call: its attempt
    offer     integer NOT NULL,
    direction text NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    kind      text NOT NULL,                   -- category, or kind of task, when it began
    agent     text NOT NULL,
    host      text NOT NULL,                   -- which Asterisk, and so which spool
    begun_at  timestamptz NOT NULL,            -- when both were in the bridge
    written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX recordings_call ON recordings (call_id);
CREATE INDEX recordings_begun ON recordings (begun_at);
CREATE INDEX recordings_agent ON recordings (agent, begun_at);
CREATE TRIGGER recordings_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON recordings
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- +goose Down
DROP TABLE recordings;
