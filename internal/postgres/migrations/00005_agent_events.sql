-- What an agent chose and what became of her: login, logout, pause, wrap-up.
-- The id is minted by whoever saw the event, so a repeated write is harmless.

-- +goose Up
CREATE TABLE agent_events (
    id      text PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 128),
    agent   text NOT NULL,
    at      timestamptz NOT NULL,
    event   text NOT NULL CHECK (event ~ '^[A-Z][A-Za-z]{1,40}$'),
    reason  text NOT NULL DEFAULT '',
    call_id text NOT NULL DEFAULT '',
    data    jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(data) = 'object')
);
CREATE INDEX agent_events_agent ON agent_events (agent, at);
CREATE INDEX agent_events_at ON agent_events USING brin (at);

-- +goose Down
DROP TABLE agent_events;
