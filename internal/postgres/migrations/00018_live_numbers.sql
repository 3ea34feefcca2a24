-- Numbers that we are ringing or talking with. The primary key is the law: at
-- most one live attempt for each number over all cases. The row comes with its
-- attempt and goes with its end, by the trigger of attempt_ends.

-- +goose Up
CREATE TABLE live_numbers (
    number  text PRIMARY KEY REFERENCES numbers (fingerprint),
    attempt text NOT NULL UNIQUE REFERENCES attempts (id)
);

-- +goose Down
DROP TABLE live_numbers;
