-- Who is signed in where. The token is in the browser alone; here is its
-- SHA-256. The data are an account's id and how far it has signed in.

-- +goose Up
CREATE TABLE console_sessions (
    hash    text PRIMARY KEY CHECK (length(hash) = 43),
    data    bytea NOT NULL CHECK (octet_length(data) <= 4096),
    expires timestamptz NOT NULL
);
CREATE INDEX console_sessions_expires ON console_sessions (expires);

-- +goose Down
DROP TABLE console_sessions;
