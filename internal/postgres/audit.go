package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
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
func (db *DB) Audit(ctx context.Context, d Deed) error {
	return db.within(ctx, "append to audit", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error { return audit(ctx, tx, d) })
	})
}

// audit appends within a transaction. It is the last thing that a transaction
// does: the chain has one end, and whoever appends holds it until the commit.
func audit(ctx context.Context, tx pgx.Tx, d Deed) error {
	if d.Detail == "" {
		d.Detail = "{}"
	}
	_, err := tx.Exec(ctx, `INSERT INTO audit (at, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5)`, d.At, d.By, d.Action, d.Subject, d.Detail)
	return err
}

// auditAll appends several rows in one go, for an import.
func auditAll(ctx context.Context, tx pgx.Tx, all []Deed) error {
	batch := &pgx.Batch{}
	for _, d := range all {
		batch.Queue(`INSERT INTO audit (at, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5)`, d.At, d.By, d.Action, d.Subject, d.Detail)
	}
	return tx.SendBatch(ctx, batch).Close()
}

// Deeds lists rows behind a sequence number, in order; at most limit.
func (db *DB) Deeds(ctx context.Context, after int64, limit int) (all []Deed, err error) {
	err = db.within(ctx, "read audit", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT seq, at, actor, action, subject, detail, hash FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2`, after, page(limit))
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Deed])
		return err
	})
	return all, err
}

// DeedFilter says which rows of the audit to find; zero fields do not limit.
type DeedFilter struct {
	By, Subject string
	// Action is a whole word, or a beginning that ends in a hyphen: "recording-".
	Action   string
	From, To time.Time
	Before   int64 // only rows before this sequence number
	Limit    int   // 0 means 100, at most 1000
}

// FindDeeds lists rows of the audit, the newest first.
func (db *DB) FindDeeds(ctx context.Context, f DeedFilter) (all []Deed, err error) {
	err = db.within(ctx, "find in audit", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT seq, at, actor, action, subject, detail, hash FROM audit
			WHERE ($1 = 0 OR seq < $1) AND ($2 = '' OR actor = $2) AND ($3 = '' OR subject = $3)
				AND ($4 = '' OR action = $4 OR right($4, 1) = '-' AND starts_with(action, $4))
				AND ($5::timestamptz IS NULL OR at >= $5) AND ($6::timestamptz IS NULL OR at < $6)
			ORDER BY seq DESC LIMIT $7`,
			f.Before, f.By, f.Subject, f.Action, unlessZero(f.From), unlessZero(f.To), page(f.Limit))
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Deed])
		return err
	})
	return all, err
}

// BrokenAudit names the first row that is not what it was.
type BrokenAudit struct {
	Seq int64
	Why string
}

func (b *BrokenAudit) Error() string { return fmt.Sprintf("audit: row %d: %s", b.Seq, b.Why) }

// Is makes it ErrAuditBroken.
func (b *BrokenAudit) Is(target error) bool { return target == ErrAuditBroken }

// VerifyAudit computes the whole chain again, and returns how many rows it has
// and its last hash, which is worth keeping elsewhere. The error is a
// *BrokenAudit (errors.Is ErrAuditBroken) naming the first bad row. Rows that
// are appended meanwhile are not looked at.
func (db *DB) VerifyAudit(ctx context.Context) (rows int64, head []byte, err error) {
	err = db.within(ctx, "read head of audit", func(ctx context.Context) error {
		return db.pool.QueryRow(ctx, `SELECT seq, hash FROM audit_head`).Scan(&rows, &head)
	})
	if err != nil {
		return 0, nil, err
	}
	hash, seq := make([]byte, sha256.Size), int64(0)
	for seq < rows {
		page, err := db.Deeds(ctx, seq, int(min(rows-seq, 1000)))
		if err != nil {
			return 0, nil, err
		}
		for _, d := range page {
			if d.Seq != seq+1 {
				return 0, nil, &BrokenAudit{seq + 1, "it is missing"}
			}
			seq, hash = d.Seq, d.hash(hash)
			if !bytes.Equal(hash, d.Hash) {
				return 0, nil, &BrokenAudit{d.Seq, "it is not what was written"}
			}
		}
		if len(page) == 0 {
			return 0, nil, &BrokenAudit{seq + 1, "it is missing"}
		}
	}
	if !bytes.Equal(hash, head) {
		return 0, nil, &BrokenAudit{rows, "it is not the row that the head knows"}
	}
	return rows, head, nil
}

// hash is the formula of the table's comment, computed without the database.
func (d Deed) hash(before []byte) []byte {
	h := sha256.New()
	h.Write(before)
	for _, part := range []string{
		strconv.FormatInt(d.Seq, 10), d.At.UTC().Format("2006-01-02T15:04:05.000000Z"), d.By, d.Action, d.Subject, d.Detail,
	} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return h.Sum(nil)
}
