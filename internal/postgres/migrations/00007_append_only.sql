-- What has happened is not changed afterwards. Tables of the past get this
-- function as a trigger; it refuses every UPDATE, DELETE and TRUNCATE.

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION append_only();
