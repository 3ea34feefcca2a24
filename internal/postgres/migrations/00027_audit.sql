-- Who did what to what. Each row holds the SHA-256 of itself and of the row
-- before, so that a row that was changed, put in or taken out shows. The head
-- says how long the chain is: without it, rows cut off at the end would not
-- show. Keep a copy of the head elsewhere from time to time.
--
-- hash = SHA-256 of, one after the other: the hash before (32 bytes, zero
-- bytes for the first row), and for each of seq, at, actor, action, subject,
-- detail its length in bytes as decimal digits, a colon, and its text in UTF-8.
-- "at" is written in UTC as 2026-03-08T12:00:00.000000Z.

-- +goose Up
CREATE TABLE audit_head (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    seq    bigint NOT NULL,
    hash   bytea NOT NULL CHECK (octet_length(hash) = 32)
);
INSERT INTO audit_head (seq, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

CREATE TABLE audit (
    seq     bigint PRIMARY KEY,
    at      timestamptz NOT NULL,
    actor   text NOT NULL CHECK (length(actor) BETWEEN 1 AND 128),
    action  text NOT NULL CHECK (action ~ '^[a-z]+(-[a-z]+)*$'),
    subject text NOT NULL CHECK (length(subject) <= 200),
    detail  text NOT NULL CHECK (jsonb_typeof(detail::jsonb) = 'object'),
    hash    bytea NOT NULL
);
CREATE INDEX audit_subject ON audit (subject, seq);

-- +goose StatementBegin
CREATE FUNCTION audit_part(part text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT convert_to(octet_length(convert_to(part, 'UTF8')) || ':' || part, 'UTF8')
$$;

CREATE FUNCTION audit_hash(before bytea, seq bigint, at timestamptz, actor text, action text, subject text, detail text) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(before || audit_part(seq::text) || audit_part(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
        || audit_part(actor) || audit_part(action) || audit_part(subject) || audit_part(detail))
$$;

-- The head's row is locked until the transaction ends, so that the chain has one order.
CREATE FUNCTION audit_chains() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    head audit_head;
BEGIN
    SELECT * INTO STRICT head FROM audit_head FOR UPDATE;
    NEW.seq := head.seq + 1;
    NEW.hash := audit_hash(head.hash, NEW.seq, NEW.at, NEW.actor, NEW.action, NEW.subject, NEW.detail);
    UPDATE audit_head SET seq = NEW.seq, hash = NEW.hash;
    RETURN NEW;
END
$$;

CREATE FUNCTION audit_head_advances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.seq <> OLD.seq + 1 THEN
        RAISE EXCEPTION 'the audit goes forward by one row' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER audit_chains BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_chains();
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER audit_head_advances BEFORE UPDATE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_head_advances();
CREATE TRIGGER audit_head_stays BEFORE DELETE OR TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- +goose Down
DROP TABLE audit;
DROP TABLE audit_head;
DROP FUNCTION audit_head_advances();
DROP FUNCTION audit_chains();
DROP FUNCTION audit_hash(bytea, bigint, timestamptz, text, text, text, text);
DROP FUNCTION audit_part(text);
