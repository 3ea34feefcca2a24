package postgres

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/agent"
	"powerline/number"
)

// Draft is a complaint as far as an agent has written it down in a call. It comes
// through the journal while the server is away; the greatest version stays.
type Draft struct {
	Call    string    `json:"call"`
	Agent   agent.ID  `json:"agent"`
	Version int64     `json:"version"`
	At      time.Time `json:"at"`
	// Form is sealed (person.Form); nil when the draft is done with.
	Form []byte `json:"form,omitempty"`
}

// Disposition is what a call was about, as the agent said when she was done with it.
type Disposition struct {
	Call  string    `json:"call"`
	Agent agent.ID  `json:"agent"`
	At    time.Time `json:"at"`
	What  string    `json:"what"`           // a word
	Case  string    `json:"case,omitempty"` // that came of it
}

// Kind names the type in the journal.
func (Draft) Kind() string { return KindDraft }

// Kind names the type in the journal.
func (Disposition) Kind() string { return KindDisposition }

func (d Draft) key() string {
	return d.Call + " " + string(d.Agent) + " " + strconv.FormatInt(d.Version, 10)
}

func (d Disposition) key() string { return d.Call + " " + string(d.Agent) }

// insert replaces an older version. Written again, or late, it changes nothing.
func (d Draft) insert() (string, []any) {
	return `INSERT INTO drafts AS old (call_id, agent, version, written_at, form) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (call_id, agent) DO UPDATE SET version = excluded.version, written_at = excluded.written_at, form = excluded.form
			WHERE old.version < excluded.version`,
		[]any{d.Call, string(d.Agent), d.Version, d.At, d.Form}
}

func (d Disposition) insert() (string, []any) {
	return `INSERT INTO dispositions (call_id, agent, at, what, case_id) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		[]any{d.Call, string(d.Agent), d.At, d.What, d.Case}
}

// mostDrafts of one agent are looked at: who leaves more unfinished is told so.
const mostDrafts = 50

// Drafts are those of an agent that are not done with, and those that were done
// with since a moment, newest first.
func (db *DB) Drafts(ctx context.Context, id agent.ID, since time.Time) (all []Draft, err error) {
	err = db.within(ctx, "read drafts", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT call_id, agent, version, written_at, form FROM drafts
			WHERE agent = $1 AND (form IS NOT NULL OR written_at >= $2) ORDER BY written_at DESC LIMIT $3`, string(id), since, mostDrafts)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Draft])
		return err
	})
	return all, err
}

// Earlier is what is known of a caller's number before this call.
type Earlier struct {
	Calls  int       // that have ended
	Silent int       // of them, in which she did not speak
	Last   time.Time // when the last one began
}

// EarlierCalls counts the calls from a number, by fingerprint, on lines of one
// kind since a moment.
func (db *DB) EarlierCalls(ctx context.Context, fingerprint, kind string, since time.Time) (e Earlier, err error) {
	if fingerprint == "" {
		return e, nil
	}
	err = db.within(ctx, "count earlier calls", func(ctx context.Context) error {
		var last *time.Time
		err := db.pool.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE silence <> ''), max(arrived_at) FROM call_records
			WHERE caller_fingerprint = $1 AND kind = $2 AND arrived_at >= $3`, fingerprint, kind, since).Scan(&e.Calls, &e.Silent, &last)
		e.Last = orZero(last)
		return err
	})
	return e, err
}

// CallerNumber opens the number from which an ended call came, for the complaint
// that was told in it to an agent who spoke in it. It is the zero number if she did
// not, or if it was withheld or not kept.
func (db *DB) CallerNumber(ctx context.Context, callID string, by agent.ID) (n number.Number, err error) {
	err = db.within(ctx, "open a caller's number", func(ctx context.Context) error {
		if err := db.opts.Keys.check(); err != nil {
			return err
		}
		var print string
		var sealed []byte
		err := db.pool.QueryRow(ctx, `SELECT caller_fingerprint, caller_sealed FROM call_records WHERE id = $1 AND $2 = ANY (spoken)`, callID, string(by)).Scan(&print, &sealed)
		if errors.Is(err, pgx.ErrNoRows) || err == nil && sealed == nil {
			return nil
		}
		if err != nil {
			return err
		}
		n, err = db.openNumber(print, sealed)
		return err
	})
	return n, err
}

// Said is a disposition with the complaint number of its case.
type Said struct {
	Disposition
	Docket string
}

// Dispositions are those of an agent since a moment.
func (db *DB) Dispositions(ctx context.Context, id agent.ID, since time.Time) (all []Said, err error) {
	err = db.within(ctx, "read dispositions", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT d.call_id, d.agent, d.at, d.what, d.case_id, coalesce(c.docket, '')
			FROM dispositions d LEFT JOIN cases c ON c.id = d.case_id WHERE d.agent = $1 AND d.at >= $2 ORDER BY d.at DESC LIMIT 500`, string(id), since)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (s Said, err error) {
			err = row.Scan(&s.Call, &s.Agent, &s.At, &s.What, &s.Case, &s.Docket)
			return s, err
		})
		return err
	})
	return all, err
}

// ToldIn is the case that an agent has registered out of a call; empty if none.
func (db *DB) ToldIn(ctx context.Context, callID string, by agent.ID) (caseID, docket string, err error) {
	err = db.within(ctx, "look for the case of a call", func(ctx context.Context) error {
		err := db.pool.QueryRow(ctx, `SELECT id, docket FROM cases WHERE call = $1 AND registered_by = $2 ORDER BY registered_at LIMIT 1`,
			callID, string(by)).Scan(&caseID, &docket)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	return caseID, docket, err
}
