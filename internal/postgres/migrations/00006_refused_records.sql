-- Records that break a constraint above. They are a bug of ours; here they
-- wait for repair and hold up nobody. An empty table is the normal state.

-- +goose Up
CREATE TABLE refused_records (
    kind       text NOT NULL,
    key        text NOT NULL,
    reason     text NOT NULL,
    body       text NOT NULL,
    refused_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, key)
);

-- +goose Down
DROP TABLE refused_records;
