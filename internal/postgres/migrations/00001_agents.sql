-- The roster: who works here. Personal data: the name. Never deleted, because
-- call records name the id; somebody who left is inactive.

-- +goose Up
CREATE TABLE agents (
    id         text PRIMARY KEY CHECK (id ~ '^[a-z][a-z0-9]*(-[a-z0-9]+)*$' AND length(id) <= 32),
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    gender     text NOT NULL CHECK (gender IN ('woman', 'man')),
    officer    boolean NOT NULL DEFAULT false,
    counsellor boolean NOT NULL DEFAULT false,
    senior     boolean NOT NULL DEFAULT false,
    languages  text[] NOT NULL DEFAULT '{}',
    categories text[] NOT NULL DEFAULT '{}',
    outbound   text[] NOT NULL DEFAULT '{}',
    -- digest HA1 of the softphone (MD5, 32 hexadecimal digits), and the PIN's Argon2id hash; '' = not set
    sip_ha1    text NOT NULL DEFAULT '' CHECK (sip_ha1 ~ '^([0-9a-f]{32})?$'),
    pin_hash   text NOT NULL DEFAULT '' CHECK (pin_hash = '' OR pin_hash LIKE '$argon2id$%'),
    active     boolean NOT NULL DEFAULT true,
    version    bigint NOT NULL DEFAULT 1 CHECK (version > 0),
    changed_at timestamptz NOT NULL DEFAULT now(),

    -- law: an officer is a male police officer
    CONSTRAINT officer_is_a_man CHECK (NOT officer OR gender = 'man')
);

-- +goose Down
DROP TABLE agents;
