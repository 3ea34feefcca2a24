-- Which numbers a party has. Bad: not allocated, or somebody else's. Bad for
-- this party only: in another case the same number may be right.

-- +goose Up
CREATE TABLE party_numbers (
    party  text NOT NULL REFERENCES parties (id),
    number text NOT NULL REFERENCES numbers (fingerprint),
    place  smallint NOT NULL CHECK (place >= 0),  -- the order in which she named them
    bad    boolean NOT NULL,
    PRIMARY KEY (party, number)
);
CREATE INDEX party_numbers_number ON party_numbers (number);

-- +goose Down
DROP TABLE party_numbers;
