-- Attempts whose end or outcome has not moved their task yet. The primary key
-- says that a task has one attempt in hand at a time: it is not dialled again
-- before it is known what came of the last dial. The row comes with its
-- attempt and goes with its settlement.

-- +goose Up
CREATE TABLE unsettled_attempts (
    task    text PRIMARY KEY REFERENCES tasks (id),
    attempt text NOT NULL UNIQUE REFERENCES attempts (id)
);

-- +goose Down
DROP TABLE unsettled_attempts;
