-- What became of each recording, provably: sealed, incomplete, removed, its key
-- destroyed. Each row holds the SHA-256 of itself and of the row before, as in
-- the audit; the head says how long the chain is, and is signed from time to
-- time (an anchor) to be kept elsewhere.
--
-- hash = SHA-256 of, one after the other: the hash before (32 bytes, zero
-- bytes for the first row), and for each of seq, at, what, recording, detail
-- its length in bytes as decimal digits, a colon, and its text in UTF-8.
-- "at" is written in UTC as 2026-03-08T12:00:00.000000Z.

-- +goose Up
CREATE TABLE recording_chain_head (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    seq    bigint NOT NULL,
    hash   bytea NOT NULL CHECK (octet_length(hash) = 32)
);
INSERT INTO recording_chain_head (seq, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

CREATE TABLE recording_chain (
    seq       bigint PRIMARY KEY,
    at        timestamptz NOT NULL,
    what      text NOT NULL CHECK (what IN ('sealed', 'gap', 'removed', 'shredded')),
    recording text NOT NULL CHECK (recording ~ '^r[a-z2-7]{25}$'),
    detail    text NOT NULL CHECK (jsonb_typeof(detail::jsonb) = 'object'),
    hash      bytea NOT NULL
);
-- sealed once, removed once, shredded once
CREATE UNIQUE INDEX recording_chain_once ON recording_chain (recording, what) WHERE what <> 'gap';
CREATE UNIQUE INDEX recording_chain_gap ON recording_chain (recording, md5(detail)) WHERE what = 'gap';
CREATE INDEX recording_chain_at ON recording_chain (at);
CREATE INDEX recording_chain_key ON recording_chain ((detail::jsonb ->> 'key')) WHERE what = 'sealed';

-- +goose StatementBegin
-- The head's row is locked until the transaction ends, so that the chain has one order.
CREATE FUNCTION recording_chain_chains() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    head recording_chain_head;
BEGIN
    SELECT * INTO STRICT head FROM recording_chain_head FOR UPDATE;
    NEW.seq := head.seq + 1;
    NEW.hash := sha256(head.hash || audit_part(NEW.seq::text)
        || audit_part(to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
        || audit_part(NEW.what) || audit_part(NEW.recording) || audit_part(NEW.detail));
    UPDATE recording_chain_head SET seq = NEW.seq, hash = NEW.hash;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER recording_chain_chains BEFORE INSERT ON recording_chain FOR EACH ROW EXECUTE FUNCTION recording_chain_chains();
CREATE TRIGGER recording_chain_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON recording_chain
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER recording_chain_head_advances BEFORE UPDATE ON recording_chain_head FOR EACH ROW EXECUTE FUNCTION audit_head_advances();
CREATE TRIGGER recording_chain_head_stays BEFORE DELETE OR TRUNCATE ON recording_chain_head
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- +goose Down
DROP TABLE recording_chain;
DROP TABLE recording_chain_head;
DROP FUNCTION recording_chain_chains();
