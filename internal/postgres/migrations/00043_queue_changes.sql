-- Settings of queues that supervisors change while the engines run, over those of
-- the configuration. Each row is the whole of them from then on; the last is in
-- force. To undo is to write an earlier one again.

-- +goose Up
CREATE TABLE queue_changes (
    version  bigint PRIMARY KEY CHECK (version > 0),
    at       timestamptz NOT NULL,
    by       text NOT NULL CHECK (length(by) BETWEEN 1 AND 128),
    why      text NOT NULL CHECK (length(why) <= 200),
    settings jsonb NOT NULL CHECK (jsonb_typeof(settings) = 'object'), -- by category
    undoes   bigint REFERENCES queue_changes (version)
);
CREATE TRIGGER queue_changes_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON queue_changes
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- +goose Down
DROP TABLE queue_changes;
