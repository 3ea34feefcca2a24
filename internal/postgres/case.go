package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/cases"
	"powerline/internal/intake"
)

// AnyVersion as the version of an event means: on whatever version the case
// has when the event is applied. It is for events that are true whatever the
// case does meanwhile (the police reported, 112 confirmed), not for decisions.
const AnyVersion = -1

// Step is what became of an event.
type Step struct {
	// Verdict is as cases.Step gave it. With any but Applied nothing was written.
	Verdict cases.Verdict
	// Case is the case afterwards, in its newest version whatever the verdict.
	Case    cases.Case
	Effects []cases.Effect
}

// CaseFile is a case and what stands beside the ladder. It holds no name and
// no number.
type CaseFile struct {
	Case         cases.Case
	Docket       string // the complaint number that is spoken to her: 9 digits
	District     string
	Station      string // id of the police station, empty while not known
	Category     string
	Call         string // the inbound call in which it was told
	LinkedTo     string // an earlier case of hers
	RegisteredAt time.Time
	ChangedAt    time.Time
}

// CaseFilter says which cases to list; zero fields do not limit.
type CaseFilter struct {
	State    cases.State
	Open     bool // only open ones
	Concern  bool // only those that wait for a supervisor
	Stuck    bool // only those with a task set aside
	District string
	Station  string
	Category string
	Docket   string
	// Number is a fingerprint; Role limits what it is in the case.
	Number string
	Role   cases.Role
	// After and Limit page through, in order of id; 0 means 100, at most 1000.
	After string
	Limit int
}

// CaseEvent is one applied event of a case's history.
type CaseEvent struct {
	Version int64 // of the case afterwards
	Event   cases.Event
	From    cases.State
	To      cases.State
	// Effects are the words of cases.EffectName, in order; Moves the transitions
	// taken, such as "T6".
	Effects []string
	Moves   []string
	Written time.Time
}

// Registered is a case that Register made, or had made before.
type Registered struct {
	File    CaseFile
	Effects []cases.Effect
	// Again: the same registration was stored before; nothing was changed.
	Again bool
}

const caseColumns = `doc, docket, district, coalesce(station, ''), category, call, coalesce(linked_to, ''), registered_at, changed_at`

// columns are where caseColumns are read to.
func (f *CaseFile) columns() []any {
	return []any{&f.Case, &f.Docket, &f.District, &f.Station, &f.Category, &f.Call, &f.LinkedTo, &f.RegisteredAt, &f.ChangedAt}
}

func scanCase(row pgx.CollectableRow) (f CaseFile, err error) {
	err = row.Scan(f.columns()...)
	return f, err
}

// Case reads one case; ErrNoCase when there is none.
func (db *DB) Case(ctx context.Context, id string) (f CaseFile, err error) {
	err = db.within(ctx, "read case", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT `+caseColumns+` FROM cases WHERE id = $1`, id)
		if err != nil {
			return err
		}
		f, err = pgx.CollectExactlyOneRow(rows, scanCase)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoCase
		}
		return err
	})
	return f, err
}

// Cases lists cases in order of id.
func (db *DB) Cases(ctx context.Context, f CaseFilter) (all []CaseFile, err error) {
	err = db.within(ctx, "list cases", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT `+caseColumns+` FROM cases c
			WHERE id > $1
				AND ($2 = '' OR state = $2) AND (NOT $3 OR open) AND (NOT $4 OR concern <> '')
				AND (NOT $5 OR timers_aside = version OR EXISTS (SELECT FROM tasks t WHERE t.case_id = c.id AND t.ended_as IS NULL AND t.set_aside IS NOT NULL))
				AND ($6 = '' OR district = $6) AND ($7 = '' OR station = $7) AND ($8 = '' OR category = $8) AND ($9 = '' OR docket = $9)
				AND ($10 = '' OR EXISTS (SELECT FROM parties p JOIN party_numbers n ON n.party = p.id
					WHERE p.case_id = c.id AND n.number = $10 AND ($11 = '' OR p.role = $11)))
			ORDER BY id LIMIT $12`,
			f.After, string(f.State), f.Open, f.Concern, f.Stuck, f.District, f.Station, f.Category, f.Docket, f.Number, string(f.Role), page(f.Limit))
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, scanCase)
		return err
	})
	return all, err
}

// page is a limit of a list: 100 unless given, 1000 at most.
func page(limit int) int {
	if limit <= 0 {
		return 100
	}
	return min(limit, 1000)
}

// CaseHistory is every event that moved the case, oldest first.
func (db *DB) CaseHistory(ctx context.Context, id string) (all []CaseEvent, err error) {
	err = db.within(ctx, "read history of case", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT version, body, from_state, to_state, effects, moves, written_at
			FROM case_events WHERE case_id = $1 ORDER BY version`, id)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (e CaseEvent, err error) {
			var from, to string
			err = row.Scan(&e.Version, &e.Event, &from, &to, &e.Effects, &e.Moves, &e.Written)
			e.From, e.To = cases.State(from), cases.State(to)
			return e, err
		})
		if err == nil && len(all) == 0 {
			return ErrNoCase
		}
		return err
	})
	return all, err
}

// Apply is the one way in which a case moves: it locks the case, steps it, and
// writes case, tasks, event, outbox and audit in one transaction. What was
// told beside the event gets ids and fingerprints and is put into it. An
// event that was applied before has the verdict Twice and changes nothing.
func (db *DB) Apply(ctx context.Context, rules cases.Rules, caseID string, ev cases.Event, told intake.Told) (s Step, err error) {
	err = db.within(ctx, "apply "+ev.Name(), func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			h, err := hold(ctx, tx, caseID)
			if err != nil {
				return err
			}
			s, err = db.move(ctx, tx, rules, h, ev, told)
			return err
		})
	})
	if err != nil {
		return Step{}, err
	}
	return s, nil
}
