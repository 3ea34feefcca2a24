-- How each recorded conversation ended, as the engine measured it.

-- +goose Up
CREATE TABLE recording_ends (
    id         text PRIMARY KEY CHECK (id ~ '^r[a-z2-7]{25}$'),
    ended_at   timestamptz NOT NULL,
    bridged_ms bigint NOT NULL CHECK (bridged_ms >= 0), -- both were in the bridge
    unseen     boolean NOT NULL                -- the end was found after a gap: it may have been earlier
);
CREATE TRIGGER recording_ends_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON recording_ends
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- +goose Down
DROP TABLE recording_ends;
