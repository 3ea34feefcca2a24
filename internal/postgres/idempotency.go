package postgres

import (
	"context"
	"time"
)

// Request is a request of the API that carries an idempotency key.
type Request struct {
	Owner  string // id of the token
	Key    string // at most 200 characters
	Digest []byte // SHA-256 of method, path and body
	At     time.Time
}

// Reply is what was answered. Body must hold nothing private.
type Reply struct {
	Status int
	Body   []byte
}

// BeginRequest claims the key. It returns the reply when the request was
// answered before, and nil when it is to be worked on now. ErrKeyReused: the
// key came with another digest. ErrKeyInUse: it is being worked on; a claim
// that is older than a minute belongs to a process that died, and is handed on.
func (db *DB) BeginRequest(ctx context.Context, r Request) (*Reply, error) { return nil, errNotYet }

// EndRequest stores the reply of a claimed key.
func (db *DB) EndRequest(ctx context.Context, r Request, reply Reply) error { return errNotYet }

// ForgetRequests deletes keys older than the moment given.
func (db *DB) ForgetRequests(ctx context.Context, before time.Time) (int64, error) {
	return 0, errNotYet
}
