-- What happened in a call, in the words of Asterisk's queue_log. The key makes
-- a repeated write harmless.

-- +goose Up
CREATE TABLE call_events (
    call_id    text NOT NULL CHECK (length(call_id) BETWEEN 1 AND 128),
    seq        bigint NOT NULL CHECK (seq >= 0),
    at         timestamptz NOT NULL,
    event      text NOT NULL CHECK (event ~ '^[A-Z][A-Za-z]{1,40}$'),
    agent      text,
    data       jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(data) = 'object'),
    PRIMARY KEY (call_id, seq)
);
CREATE INDEX call_events_at ON call_events USING brin (at);

-- +goose Down
DROP TABLE call_events;
