-- Who may use the API, and as what. A token is random and long, so that its
-- SHA-256 is enough to keep; the token itself is shown once and stored nowhere.

-- +goose Up
CREATE TABLE api_tokens (
    id         text PRIMARY KEY CHECK (id ~ '^k[a-z2-7]{16}$'),
    hash       bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    label      text NOT NULL CHECK (length(label) BETWEEN 1 AND 80),
    access     text NOT NULL CHECK (access IN ('agent', 'supervisor', 'operator', 'service')),
    agent      text REFERENCES agents (id),
    made_at    timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    -- who acts on a case is known by name
    CONSTRAINT people_are_agents CHECK ((access IN ('agent', 'supervisor')) = (agent IS NOT NULL))
);

-- +goose Down
DROP TABLE api_tokens;
