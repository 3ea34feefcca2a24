-- What is missing of the recording of a conversation, and why. Each row is an
-- alarm, but for those that were made on purpose (paused).

-- +goose Up
CREATE TABLE recording_gaps (
    recording text NOT NULL CHECK (recording ~ '^r[a-z2-7]{25}$'),
    why       text NOT NULL CHECK (why ~ '^[a-z]+(-[a-z]+)*$'),
    at        timestamptz NOT NULL,            -- where in time it begins
    call_id   text NOT NULL,                   -- '' where nobody knows
    missing_ms bigint NOT NULL CHECK (missing_ms >= 0), -- 0 = nobody knows
    detail    text NOT NULL,
    noted_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (recording, why, at)
);
CREATE INDEX recording_gaps_noted ON recording_gaps (noted_at);
CREATE TRIGGER recording_gaps_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON recording_gaps
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- +goose Down
DROP TABLE recording_gaps;
