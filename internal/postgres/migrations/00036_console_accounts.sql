-- Who may sign in to desks and consoles, and as what. Nothing in clear: of the
-- password its Argon2id hash, of the authenticator its secret sealed with the
-- key of privacy.sealKeyFile. Never deleted: the audit names the id.

-- +goose Up
CREATE TABLE console_accounts (
    id          text PRIMARY KEY CHECK (id ~ '^u[a-z2-7]{16}$'),
    login       text NOT NULL UNIQUE CHECK (login ~ '^[a-z][a-z0-9]*([.-][a-z0-9]+)*$' AND length(login) <= 40),
    role        text NOT NULL CHECK (role IN ('agent', 'officer', 'counsellor', 'supervisor', 'auditor', 'administrator')),
    agent       text UNIQUE REFERENCES agents (id),
    password    text NOT NULL DEFAULT '' CHECK (password = '' OR password LIKE '$argon2id$%'),
    must_change boolean NOT NULL DEFAULT true,
    -- the authenticator's secret, and the last step of its clock that was used: a code is good once
    totp        bytea,
    totp_set    boolean NOT NULL DEFAULT false,
    totp_step   bigint NOT NULL DEFAULT 0,
    -- who the identity provider says it is; '' = signs in here
    subject     text NOT NULL DEFAULT '' CHECK (length(subject) <= 255),
    locked      boolean NOT NULL DEFAULT false,
    failed      integer NOT NULL DEFAULT 0 CHECK (failed >= 0),
    failed_at   timestamptz,
    -- raised by whatever must end every session of the account
    generation  bigint NOT NULL DEFAULT 1 CHECK (generation > 0),
    made_at     timestamptz NOT NULL,

    -- who acts on calls and cases is known by name
    CONSTRAINT people_are_agents CHECK ((role IN ('agent', 'officer', 'counsellor', 'supervisor')) = (agent IS NOT NULL)),
    CONSTRAINT set_means_a_secret CHECK (NOT totp_set OR totp IS NOT NULL)
);
CREATE UNIQUE INDEX console_accounts_subject ON console_accounts (subject) WHERE subject <> '';

-- +goose Down
DROP TABLE console_accounts;
