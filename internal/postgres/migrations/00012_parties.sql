-- Who is in a case. The name and the address are sealed with a key that is not
-- in this database.

-- +goose Up
CREATE TABLE parties (
    id       text PRIMARY KEY CHECK (id ~ '^p[a-z2-7]{16}$'),
    case_id  text NOT NULL REFERENCES cases (id),
    role     text NOT NULL CHECK (role IN ('victim', 'adult', 'offender', 'contact')),
    sex      text NOT NULL CHECK (sex IN ('', 'woman', 'man')),
    relation text NOT NULL CHECK (relation ~ '^([a-z]+(-[a-z]+)*)?$' AND length(relation) <= 32),
    name     bytea CHECK (octet_length(name) = 351),
    address  bytea CHECK (octet_length(address) > 90),
    added_at timestamptz NOT NULL,
    UNIQUE (id, case_id)
);
CREATE INDEX parties_case ON parties (case_id);
-- one victim, one offender, at most one adult who speaks for a child
CREATE UNIQUE INDEX parties_one_of_a_role ON parties (case_id, role) WHERE role <> 'contact';

-- +goose Down
DROP TABLE parties;
