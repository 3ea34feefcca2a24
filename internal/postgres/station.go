package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Station is a police station. It belongs to a district and is not one.
type Station struct {
	ID       string // a word such as "lko-hazratganj"
	District string
	Name     string
	Active   bool
}

// Stations lists the directory, of one district or, with an empty one, of all.
func (db *DB) Stations(ctx context.Context, district string) (all []Station, err error) {
	err = db.within(ctx, "list stations", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT id, district, name, active FROM stations WHERE $1 IN ('', district) ORDER BY id`, district)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Station])
		return err
	})
	return all, err
}

// ImportStations stores all stations or none. Those that are stored and not
// named stay as they are.
func (db *DB) ImportStations(ctx context.Context, all []Station, by string, at time.Time) error {
	return db.within(ctx, "import stations", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			batch := &pgx.Batch{}
			for _, s := range all {
				batch.Queue(`INSERT INTO stations (id, district, name, active) VALUES ($1, $2, $3, $4)
					ON CONFLICT (id) DO UPDATE SET district = excluded.district, name = excluded.name, active = excluded.active`,
					s.ID, s.District, s.Name, s.Active)
			}
			if err := tx.SendBatch(ctx, batch).Close(); err != nil {
				return err
			}
			return audit(ctx, tx, Deed{At: at, By: by, Action: "stations-imported", Detail: detail("stations", len(all))})
		})
	})
}
