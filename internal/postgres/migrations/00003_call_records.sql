-- One row per call, written when it has ended. No name and no number: the
-- fingerprint recognises a caller again, the sealed number opens with a key
-- that is not in this database.

-- +goose Up
CREATE TABLE call_records (
    id          text PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 128),
    site        text NOT NULL,
    owner       text NOT NULL,                 -- the engine that ended it
    line        text NOT NULL,                 -- the number that was dialled
    kind        text NOT NULL CHECK (kind IN ('helpline', 'ring-back')),
    pool        text NOT NULL,
    category    text NOT NULL,
    language    text NOT NULL,
    crisis      boolean NOT NULL,
    silence     text NOT NULL,                 -- '', mute, keyed, danger
    redial      boolean NOT NULL,              -- took back the place of a dropped call

    arrived_at  timestamptz NOT NULL,
    queued_at   timestamptz,                   -- before arrived_at if she took her place back
    answered_at timestamptz,                   -- first answer
    ended_at    timestamptz NOT NULL,

    outcome     text NOT NULL CHECK (outcome ~ '^[a-z]+(-[a-z]+)*$'),
    offers      integer NOT NULL CHECK (offers >= 0),
    agent       text,                          -- who had the call when it was completed
    spoken      text[] NOT NULL,               -- all who talked with her, in order
    wait_ms     bigint NOT NULL CHECK (wait_ms >= 0),
    talk_ms     bigint NOT NULL CHECK (talk_ms >= 0),
    hold_ms     bigint NOT NULL CHECK (hold_ms >= 0),
    wrap_ms     bigint NOT NULL CHECK (wrap_ms >= 0),

    caller_fingerprint text NOT NULL CHECK (caller_fingerprint ~ '^([0-9a-f]{32})?$'),
    caller_sealed      bytea,
    written_at  timestamptz NOT NULL DEFAULT now(),

    CONSTRAINT completed_means_answered CHECK (outcome NOT LIKE 'complete-%' OR (agent IS NOT NULL AND answered_at IS NOT NULL AND offers > 0)),
    CONSTRAINT abandoned_means_no_agent CHECK (outcome NOT LIKE 'abandoned-%' OR agent IS NULL),
    CONSTRAINT left_in_greeting_means_never_answered CHECK (outcome <> 'abandoned-greeting' OR answered_at IS NULL),
    CONSTRAINT answered_means_spoken CHECK ((answered_at IS NULL) = (cardinality(spoken) = 0)),
    CONSTRAINT talk_needs_an_answer CHECK (answered_at IS NOT NULL OR (talk_ms = 0 AND hold_ms = 0)),
    CONSTRAINT times_in_order CHECK (
        arrived_at <= ended_at
        AND (queued_at IS NULL OR queued_at <= ended_at)
        AND (answered_at IS NULL OR answered_at <= ended_at)
        AND (answered_at IS NULL OR queued_at IS NULL OR queued_at <= answered_at))
);
CREATE INDEX call_records_arrived ON call_records USING brin (arrived_at);
CREATE INDEX call_records_caller ON call_records (caller_fingerprint, arrived_at DESC) WHERE caller_fingerprint <> '';
CREATE INDEX call_records_agent ON call_records (agent, arrived_at DESC) WHERE agent IS NOT NULL;

-- +goose Down
DROP TABLE call_records;
