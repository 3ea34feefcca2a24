-- A complaint as far as an agent has written it down. The form is sealed with a
-- key that is not in this database, padded, and bound to its call and agent; when
-- it is done with, only the row that says so is left.

-- +goose Up
CREATE TABLE drafts (
    call_id    text NOT NULL CHECK (length(call_id) BETWEEN 1 AND 128),
    agent      text NOT NULL,
    version    bigint NOT NULL CHECK (version > 0),   -- the greatest is the newest
    written_at timestamptz NOT NULL,
    form       bytea CHECK (octet_length(form) > 2048),
    PRIMARY KEY (call_id, agent)
);
CREATE INDEX drafts_open ON drafts (agent, written_at DESC) WHERE form IS NOT NULL;

-- +goose Down
DROP TABLE drafts;
