-- What is to be told to the world: dossiers, reminders, alerts. A row is
-- written in the transaction that caused it, so that nothing is told that did
-- not happen and nothing that happened is left untold. The key makes a step that is
-- done again write it once.

-- +goose Up
CREATE TABLE outbox (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key      text NOT NULL UNIQUE,
    topic    text NOT NULL CHECK (topic ~ '^[a-z]+(-[a-z]+)*$'),
    case_id  text REFERENCES cases (id),
    body     jsonb NOT NULL CHECK (jsonb_typeof(body) = 'object'),
    made_at  timestamptz NOT NULL,
    next_at  timestamptz,                 -- when to try; NULL = done or given up
    tries    integer NOT NULL DEFAULT 0,
    reason   text NOT NULL DEFAULT '' CHECK (length(reason) <= 500), -- why the last try failed
    done_at  timestamptz,
    given_up boolean NOT NULL DEFAULT false,
    CONSTRAINT waiting_or_ended CHECK ((next_at IS NULL) = (done_at IS NOT NULL)),
    CONSTRAINT given_up_means_ended CHECK (NOT given_up OR done_at IS NOT NULL)
);
CREATE INDEX outbox_next ON outbox (next_at) WHERE next_at IS NOT NULL;

-- +goose Down
DROP TABLE outbox;
