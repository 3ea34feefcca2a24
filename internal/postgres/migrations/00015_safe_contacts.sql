-- How a number of the victim may be used, in one case: the same number may be
-- safe in one case and her husband's in another. The words by which she says
-- that she is safe, or is not, are sealed. Everything that is not agreed is
-- forbidden: the defaults say no.

-- +goose Up
CREATE TABLE safe_contacts (
    case_id        text NOT NULL REFERENCES cases (id),
    number         text NOT NULL REFERENCES numbers (fingerprint),
    whose          text NOT NULL DEFAULT '' CHECK (whose ~ '^([a-z]+(-[a-z]+)*)?$' AND length(whose) <= 32),
    never          boolean NOT NULL DEFAULT false,
    may_message    boolean NOT NULL DEFAULT false,
    may_leave_word boolean NOT NULL DEFAULT false,
    code_word      bytea CHECK (octet_length(code_word) > 90),
    duress_word    bytea CHECK (octet_length(duress_word) > 90),
    ask_for        bytea CHECK (octet_length(ask_for) > 90),
    verified_at    timestamptz,
    PRIMARY KEY (case_id, number)
);
CREATE INDEX safe_contacts_number ON safe_contacts (number);

-- +goose Down
DROP TABLE safe_contacts;
