-- Answers to requests of the API that carry an idempotency key: sent again, a
-- request gets the same answer and does nothing. Without an answer the request
-- is being worked on.

-- +goose Up
CREATE TABLE idempotency_keys (
    owner      text NOT NULL CHECK (length(owner) BETWEEN 1 AND 128),
    key        text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    digest     bytea NOT NULL CHECK (octet_length(digest) = 32),
    claimed_at timestamptz NOT NULL,
    status     integer CHECK (status BETWEEN 100 AND 599),
    body       bytea,
    PRIMARY KEY (owner, key),
    CONSTRAINT answered_whole CHECK ((status IS NULL) = (body IS NULL))
);
CREATE INDEX idempotency_keys_claimed ON idempotency_keys (claimed_at);

-- +goose Down
DROP TABLE idempotency_keys;
