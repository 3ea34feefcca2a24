package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"powerline/agent"
	"powerline/internal/roster"
)

// ErrRosterChanged: somebody else changed the roster since it was read.
// ErrNoAgent: nobody has this id.
var (
	ErrRosterChanged = errors.New("the roster was changed meanwhile: read it and try again")
	ErrNoAgent       = errors.New("no agent has this id")
)

const personColumns = `id, name, gender, officer, counsellor, senior, languages, categories, outbound, sip_ha1, pin_hash, active, version`

// Roster is everybody, ordered by id, and the version that belongs to it.
func (db *DB) Roster(ctx context.Context) (persons []roster.Person, version int64, err error) {
	err = db.within(ctx, "read roster", func(ctx context.Context) error {
		one := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly} // one moment for both questions
		return db.inTx(ctx, one, func(tx pgx.Tx) error {
			if err := tx.QueryRow(ctx, `SELECT version FROM roster_version`).Scan(&version); err != nil {
				return err
			}
			rows, err := tx.Query(ctx, `SELECT `+personColumns+` FROM agents ORDER BY id`)
			if err != nil {
				return err
			}
			persons, err = pgx.CollectRows(rows, scanPerson)
			return err
		})
	})
	if err != nil {
		return nil, 0, err
	}
	return persons, version, nil
}

func scanPerson(row pgx.CollectableRow) (roster.Person, error) {
	var p roster.Person
	var id, name, gender, sip, pin string
	err := row.Scan(&id, &name, &gender, &p.Profile.Officer, &p.Profile.Counsellor, &p.Profile.Senior,
		&p.Profile.Languages, &p.Profile.Categories, &p.Profile.Outbound, &sip, &pin, &p.Active, &p.Version)
	if err != nil {
		return p, err
	}
	p.Profile.ID, p.Profile.Woman = agent.ID(id), gender == "woman"
	p.SIP, p.PIN = roster.StoredSecret(sip), roster.StoredSecret(pin)
	p.Name, err = roster.NewName(name)
	return p, err
}

// RosterVersion is cheap: poll it, and read the Roster when it moved.
func (db *DB) RosterVersion(ctx context.Context) (version int64, err error) {
	err = db.within(ctx, "read roster version", func(ctx context.Context) error {
		return db.pool.QueryRow(ctx, `SELECT version FROM roster_version`).Scan(&version)
	})
	return version, err
}

// Person reads one agent.
func (db *DB) Person(ctx context.Context, id agent.ID) (p roster.Person, err error) {
	err = db.within(ctx, "read agent", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT `+personColumns+` FROM agents WHERE id = $1`, string(id))
		if err != nil {
			return err
		}
		p, err = pgx.CollectExactlyOneRow(rows, scanPerson)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoAgent
		}
		return err
	})
	return p, err
}

// ImportRoster stores all persons or none. Version 0 means a new agent; any
// other must be the version of the stored row, else ErrRosterChanged.
func (db *DB) ImportRoster(ctx context.Context, persons []roster.Person) error {
	return db.within(ctx, "import roster", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			batch := &pgx.Batch{}
			for _, p := range persons {
				queuePerson(batch, p)
			}
			results := tx.SendBatch(ctx, batch)
			defer results.Close()
			for range persons {
				tag, err := results.Exec()
				if err != nil {
					return err
				}
				if tag.RowsAffected() != 1 {
					return ErrRosterChanged
				}
			}
			return results.Close()
		})
	})
}

const insertPerson = `
	INSERT INTO agents (` + personColumns + `)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::bigint + 1)
	ON CONFLICT (id) DO NOTHING`

const updatePerson = `
	UPDATE agents SET name = $2, gender = $3, officer = $4, counsellor = $5, senior = $6, languages = $7,
		categories = $8, outbound = $9, sip_ha1 = $10, pin_hash = $11, active = $12,
		version = version + 1, changed_at = now()
	WHERE id = $1 AND version = $13`

func queuePerson(batch *pgx.Batch, p roster.Person) {
	statement := insertPerson
	if p.Version != 0 {
		statement = updatePerson
	}
	gender := "man"
	if p.Profile.Woman {
		gender = "woman"
	}
	batch.Queue(statement, personArgs(p, gender)...)
}

func personArgs(p roster.Person, gender string) []any {
	list := func(words []string) []string { return append([]string{}, words...) } // nil would be NULL
	return []any{string(p.Profile.ID), p.Name.Show(), gender, p.Profile.Officer, p.Profile.Counsellor, p.Profile.Senior,
		list(p.Profile.Languages), list(p.Profile.Categories), list(p.Profile.Outbound),
		p.SIP.Reveal(), p.PIN.Reveal(), p.Active, p.Version}
}

// SetAgent stores one person; see ImportRoster for the version.
func (db *DB) SetAgent(ctx context.Context, p roster.Person) error {
	return db.ImportRoster(ctx, []roster.Person{p})
}
