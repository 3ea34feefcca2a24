package postgres

import (
	"context"
	"encoding/json"
	"time"
)

// Delivery is something to be told to the world: a dossier for a police
// station, a reminder, an alert. It was written together with what caused it.
type Delivery struct {
	ID    int64
	Topic string // a word of cases.EffectName, or "set-aside"
	Case  string // empty for what belongs to no case
	// Body is the effect with district and station, without anything private; the
	// dossier itself is made when it is delivered.
	Body  json.RawMessage
	Made  time.Time
	Tries int // with this one
}

// TakeDeliveries takes deliveries that are due and hides them from other takers
// for as long as hold. One that is neither done nor put off by then comes again.
func (db *DB) TakeDeliveries(ctx context.Context, now time.Time, hold time.Duration, limit int) ([]Delivery, error) {
	return nil, errNotYet
}

// Delivered ends a delivery; delivered again, nothing changes.
func (db *DB) Delivered(ctx context.Context, id int64, at time.Time) error { return errNotYet }

// PutOff tries a delivery again at the moment given. The reason holds nothing private.
func (db *DB) PutOff(ctx context.Context, id int64, until time.Time, reason string) error {
	return errNotYet
}

// GiveUp ends a delivery that cannot be made. It stays in the list of GivenUp.
func (db *DB) GiveUp(ctx context.Context, id int64, at time.Time, reason string) error {
	return errNotYet
}

// Undelivered counts deliveries that wait and such as were given up.
func (db *DB) Undelivered(ctx context.Context) (waiting, givenUp int, err error) {
	return 0, 0, errNotYet
}
