-- Kinds of call that an operator has stopped. Lifting a pause deletes the row;
-- the audit keeps both.

-- +goose Up
CREATE TABLE paused_kinds (
    kind   text PRIMARY KEY CHECK (kind IN ('offender', 'ffr', 'feedback', 'final', 'choice', 'reask', 'recontact', 'follow-up', 'callback')),
    by     text NOT NULL,
    at     timestamptz NOT NULL,
    reason text NOT NULL CHECK (length(reason) <= 500)
);

-- +goose Down
DROP TABLE paused_kinds;
