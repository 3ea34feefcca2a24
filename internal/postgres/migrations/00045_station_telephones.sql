-- The telephone number under which a police station is reached, which anybody may
-- know; null where none is known.

-- +goose Up
ALTER TABLE stations ADD COLUMN telephone text CHECK (telephone ~ '^[+0-9]{3,16}$');

-- +goose Down
ALTER TABLE stations DROP COLUMN telephone;
