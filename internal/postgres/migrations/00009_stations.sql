-- The directory of police stations. A station belongs to a district and is not
-- one. Never deleted, because cases name the id; a closed one is inactive.

-- +goose Up
CREATE TABLE stations (
    id       text PRIMARY KEY CHECK (id ~ '^[a-z][a-z0-9]*(-[a-z0-9]+)*$' AND length(id) <= 64),
    district text NOT NULL REFERENCES districts (name),
    name     text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    active   boolean NOT NULL DEFAULT true,
    UNIQUE (district, name),
    -- so that a case can be held to a station of its own district
    UNIQUE (id, district)
);

-- +goose Down
DROP TABLE stations;
