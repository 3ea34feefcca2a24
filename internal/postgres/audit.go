package postgres

import (
	"context"
	"fmt"
	"time"
)

// Deed is a row of the audit: who did what to what.
type Deed struct {
	Seq     int64 // from 1, without gaps
	At      time.Time
	By      string // an agent's id, the name of a token, or "engine"
	Action  string // a word such as "parties-opened"
	Subject string // an opaque id
	Detail  string // a JSON object without anything private
	Hash    []byte // over this row and the hash before it
}

// Audit appends a row; Seq and Hash are given by the database.
func (db *DB) Audit(ctx context.Context, d Deed) error { return errNotYet }

// Deeds lists rows behind a sequence number, in order; at most limit.
func (db *DB) Deeds(ctx context.Context, after int64, limit int) ([]Deed, error) {
	return nil, errNotYet
}

// BrokenAudit names the first row that is not what it was.
type BrokenAudit struct {
	Seq int64
	Why string
}

// VerifyAudit computes the whole chain again, and returns how many rows it has
// and its last hash, which is worth keeping elsewhere. The error is a
// *BrokenAudit (errors.Is ErrAuditBroken) naming the first bad row.
func (db *DB) VerifyAudit(ctx context.Context) (rows int64, head []byte, err error) {
	return 0, nil, errNotYet
}

func (b *BrokenAudit) Error() string { return fmt.Sprintf("audit: row %d: %s", b.Seq, b.Why) }

// Is makes it ErrAuditBroken.
func (b *BrokenAudit) Is(target error) bool { return target == ErrAuditBroken }
