package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/number"
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

// StationTelephone is the number under which a station that is open is reached;
// withheld if none is known, or there is no such station.
func (db *DB) StationTelephone(ctx context.Context, station string) (n number.Number, err error) {
	err = db.within(ctx, "read a station's number", func(ctx context.Context) error {
		var text string
		err := db.pool.QueryRow(ctx, `SELECT coalesce(telephone, '') FROM stations WHERE id = $1 AND active`, station).Scan(&text)
		if err == nil {
			n = number.FromCaller(text)
		}
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	return n, err
}

// SetStationTelephone says under which number a station is reached; empty for none.
// False: there is no such station.
func (db *DB) SetStationTelephone(ctx context.Context, station, telephone, by string, at time.Time) (known bool, err error) {
	err = db.within(ctx, "set a station's number", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			done, err := tx.Exec(ctx, `UPDATE stations SET telephone = nullif($2, '') WHERE id = $1`, station, telephone)
			if known = err == nil && done.RowsAffected() == 1; !known {
				return err
			}
			return audit(ctx, tx, Deed{At: at, By: by, Action: "station-telephone-set", Subject: station})
		})
	})
	return known, err
}
