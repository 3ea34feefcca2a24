package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// WriteRecords writes all records in one transaction. Those that were written
// before are passed over; those that the schema refuses go to refused_records.
func (db *DB) WriteRecords(ctx context.Context, records []Record) error {
	if len(records) == 0 {
		return nil
	}
	return db.within(ctx, "write records", func(ctx context.Context) error {
		// What is sent in one go is one transaction for the server: there is no need
		// to begin and to commit it, each with an answer to wait for.
		err := insertAll(ctx, db.pool, records)
		if !isRefusal(err) {
			return err
		}
		// One of them is wrong. Find it one by one; this is rare and may be slow.
		refused := int64(0)
		err = db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			refused = 0
			for _, r := range records {
				n, err := insertOrRefuse(ctx, tx, r)
				if err != nil {
					return err
				}
				refused += n
			}
			return nil
		})
		if err == nil {
			db.refused.Add(refused)
		}
		return err
	})
}

// Refused counts the records that went to refused_records. It should be 0.
func (db *DB) Refused() int64 { return db.refused.Load() }

// sender is a transaction, or the pool, where what is sent is one by itself.
type sender interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

func insertAll(ctx context.Context, to sender, records []Record) error {
	batch := &pgx.Batch{}
	for _, r := range records {
		sql, args := r.insert()
		batch.Queue(sql, args...)
	}
	return to.SendBatch(ctx, batch).Close()
}

func insertOrRefuse(ctx context.Context, tx pgx.Tx, r Record) (refused int64, err error) {
	err = pgx.BeginFunc(ctx, tx, func(savepoint pgx.Tx) error { return insertAll(ctx, savepoint, []Record{r}) })
	if !isRefusal(err) {
		return 0, err
	}
	body, jerr := json.Marshal(r)
	if jerr != nil {
		body = fmt.Appendf(nil, "cannot be encoded: %v", jerr)
	}
	tag, err := tx.Exec(ctx, `INSERT INTO refused_records (kind, key, reason, body) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		r.Kind(), printable(r.key()), printable(plain(err).Error()), printable(string(body)))
	return tag.RowsAffected(), err
}

// isRefusal tells a record that can never be stored (its values, or how they
// are encoded) from a server that cannot store anything now.
func isRefusal(err error) bool {
	var p *pgconn.PgError
	if errors.As(err, &p) {
		return len(p.Code) == 5 && (p.Code[:2] == "22" || p.Code[:2] == "23")
	}
	// The client refuses what no column can hold before the server sees it; it
	// has no type for that error.
	return err != nil && strings.Contains(err.Error(), "failed to encode args")
}

// printable leaves out what a text column cannot hold.
func printable(s string) string {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		if r != 0 {
			out = append(out, r)
		}
	}
	return string(out)
}
