-- One row whose version rises with every change of the roster, so that an
-- engine that polls it once a second sees a change at the cost of one row.

-- +goose Up
CREATE TABLE roster_version (
    single  boolean PRIMARY KEY DEFAULT true CHECK (single),
    version bigint NOT NULL
);
INSERT INTO roster_version (version) VALUES (1);

-- +goose StatementBegin
CREATE FUNCTION roster_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE roster_version SET version = version + 1;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER roster_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON agents
    FOR EACH STATEMENT EXECUTE FUNCTION roster_changed();

-- +goose Down
DROP TRIGGER roster_changed ON agents;
DROP FUNCTION roster_changed();
DROP TABLE roster_version;
