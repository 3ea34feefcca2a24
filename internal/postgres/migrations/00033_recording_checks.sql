-- What each run of `acd recordings verify` found. The newest row is a metric.

-- +goose Up
CREATE TABLE recording_checks (
    at        timestamptz PRIMARY KEY,
    from_at   timestamptz,                     -- recordings of which days; NULL = all
    to_at     timestamptz,
    opened    boolean NOT NULL,                -- with an identity: the plain audio was compared
    recordings bigint NOT NULL,
    bad       bigint NOT NULL,
    first_bad text NOT NULL,                   -- '' = none
    chain_seq bigint NOT NULL,                 -- how far the chain was walked
    chain_bad text NOT NULL                    -- '' = unbroken
);
CREATE TRIGGER recording_checks_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON recording_checks
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- +goose Down
DROP TABLE recording_checks;
