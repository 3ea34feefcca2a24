-- Telephone numbers of persons in cases and of callers to be called back. The
-- fingerprint finds a number again over all cases; the sealed number opens with
-- a key that is not in this database. The sealed form has one length, so that
-- no plain number can ever get in here.

-- +goose Up
CREATE TABLE numbers (
    fingerprint text PRIMARY KEY CHECK (fingerprint ~ '^[0-9a-f]{32}$'),
    sealed      bytea NOT NULL CHECK (octet_length(sealed) = 61),
    added_at    timestamptz NOT NULL DEFAULT now()
);

-- +goose Down
DROP TABLE numbers;
