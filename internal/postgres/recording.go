package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/recordings"
)

// Recording is written before the recording of a conversation begins.
type Recording struct {
	ID        recordings.ID `json:"id"`
	Call      string        `json:"call"` // of an outbound call: its attempt
	Offer     int           `json:"offer"`
	Direction string        `json:"direction"` // inbound or outbound
	What      string        `json:"what"`      // category or kind of task
	Agent     string        `json:"agent"`
	Host      string        `json:"host"` // which Asterisk
	Begun     time.Time     `json:"begun"`
}

// RecordingEnd is how a recorded conversation ended.
type RecordingEnd struct {
	ID      recordings.ID `json:"id"`
	Ended   time.Time     `json:"ended"`
	Bridged time.Duration `json:"bridged"`
	Unseen  bool          `json:"unseen,omitempty"`
}

// RecordingGap says what of a conversation is not recorded.
type RecordingGap struct {
	ID      recordings.ID `json:"id"`
	Why     string        `json:"why"`
	At      time.Time     `json:"at"`
	Call    string        `json:"call"`
	Missing time.Duration `json:"missing,omitempty"` // 0 = nobody knows
	Detail  string        `json:"detail,omitempty"`  // words for an operator, nothing private
}

// Kind names the type in the journal.
func (Recording) Kind() string { return KindRecording }

// Kind names the type in the journal.
func (RecordingEnd) Kind() string { return KindRecordEnd }

// Kind names the type in the journal.
func (RecordingGap) Kind() string { return KindRecordGap }

func (r Recording) key() string    { return string(r.ID) }
func (e RecordingEnd) key() string { return string(e.ID) }
func (g RecordingGap) key() string { return string(g.ID) + " " + g.Why }

func (r Recording) insert() (string, []any) {
	return `INSERT INTO recordings (id, call_id, offer, direction, kind, agent, host, begun_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
		[]any{string(r.ID), r.Call, r.Offer, r.Direction, r.What, r.Agent, r.Host, r.Begun}
}

func (e RecordingEnd) insert() (string, []any) {
	return `INSERT INTO recording_ends (id, ended_at, bridged_ms, unseen) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		[]any{string(e.ID), e.Ended, e.Bridged.Milliseconds(), e.Unseen}
}

func (g RecordingGap) insert() (string, []any) {
	return `INSERT INTO recording_gaps (recording, why, at, call_id, missing_ms, detail) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		[]any{string(g.ID), g.Why, g.At, g.Call, g.Missing.Milliseconds(), g.Detail}
}

// OnPurpose reports whether a gap was made by somebody who paused the recording.
func (g RecordingGap) OnPurpose() bool {
	return recordings.OnPurpose(g.Why)
}

// CountGaps counts by their reason the gaps that nobody made on purpose.
func CountGaps(gaps []RecordingGap) map[string]int {
	count := map[string]int{}
	for _, g := range gaps {
		if !g.OnPurpose() {
			count[g.Why]++
		}
	}
	return count
}

// RecordingFile is all that is known of a recording.
type RecordingFile struct {
	Recording
	End  *RecordingEnd
	Case string // whose it is; empty if none is known
	Key  string // of the chain; empty until it is sealed
	Seq  int64  // of its sealed link; 0 until then
}

// caseOfRecording: an outbound call is made for a case, and in an inbound one a
// case may have been told.
const caseOfRecording = `coalesce((SELECT a.case_id FROM attempts a WHERE a.id = r.call_id), (SELECT c.id FROM cases c WHERE c.call = r.call_id ORDER BY c.registered_at LIMIT 1), '')`

const recordingColumns = `r.id, r.call_id, r.offer, r.direction, r.kind, r.agent, r.host, r.begun_at, e.ended_at, e.bridged_ms, e.unseen,
	` + caseOfRecording + `, coalesce(l.detail::jsonb ->> 'key', ''), coalesce(l.seq, 0)`

const recordingTables = ` FROM recordings r LEFT JOIN recording_ends e ON e.id = r.id LEFT JOIN recording_chain l ON l.recording = r.id AND l.what = 'sealed' `

func scanRecording(row pgx.CollectableRow) (f RecordingFile, err error) {
	var ended *time.Time
	var bridged *int64
	var unseen *bool
	err = row.Scan(&f.ID, &f.Call, &f.Offer, &f.Direction, &f.What, &f.Agent, &f.Host, &f.Begun, &ended, &bridged, &unseen, &f.Case, &f.Key, &f.Seq)
	if ended != nil {
		f.End = &RecordingEnd{ID: f.ID, Ended: *ended, Bridged: time.Duration(*bridged) * time.Millisecond, Unseen: *unseen}
	}
	return f, err
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func recordingOf(ctx context.Context, q querier, id recordings.ID) (RecordingFile, error) {
	rows, err := q.Query(ctx, `SELECT `+recordingColumns+recordingTables+`WHERE r.id = $1`, string(id))
	if err != nil {
		return RecordingFile{}, err
	}
	f, err := pgx.CollectExactlyOneRow(rows, scanRecording)
	if errors.Is(err, pgx.ErrNoRows) {
		return RecordingFile{}, ErrNoRecording
	}
	return f, err
}

// Recording reads what is known of one. ErrNoRecording: no row knows of it.
func (db *DB) Recording(ctx context.Context, id recordings.ID) (f RecordingFile, err error) {
	err = db.within(ctx, "read recording", func(ctx context.Context) error {
		f, err = recordingOf(ctx, db.pool, id)
		return err
	})
	return f, err
}

// RecordingsFilter narrows a list; zero values narrow nothing.
type RecordingsFilter struct {
	From, To time.Time // of the beginning: From ≤ t < To
	Call     string
	Case     string
	Agent    string
	Kind     string // category or kind of task
	Number   string // fingerprint of a caller, or of whom we called
	Host     string
	Unsealed bool
	After    recordings.ID // of the same beginning, for paging together with From
	Limit    int
}

// Recordings lists recordings by beginning, oldest first.
func (db *DB) Recordings(ctx context.Context, f RecordingsFilter) (all []RecordingFile, err error) {
	err = db.within(ctx, "list recordings", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT `+recordingColumns+recordingTables+`
			WHERE ($1::timestamptz IS NULL OR r.begun_at >= $1) AND ($2::timestamptz IS NULL OR r.begun_at < $2)
				AND ($3 = '' OR r.call_id = $3) AND ($4 = '' OR r.agent = $4) AND ($5 = '' OR r.kind = $5) AND ($6 = '' OR r.host = $6)
				AND ($7 = '' OR r.call_id IN (SELECT a.id FROM attempts a WHERE a.case_id = $7 UNION SELECT c.call FROM cases c WHERE c.id = $7))
				AND ($8 = '' OR r.call_id IN (SELECT k.id FROM call_records k WHERE k.caller_fingerprint = $8 UNION SELECT a.id FROM attempts a WHERE a.number = $8))
				AND (NOT $9 OR l.seq IS NULL)
				AND ($10 = '' OR r.begun_at > $1 OR r.id > $10)
			ORDER BY r.begun_at, r.id LIMIT $11`,
			unlessZero(f.From), unlessZero(f.To), f.Call, f.Agent, f.Kind, f.Host, f.Case, f.Number, f.Unsealed, string(f.After), page(f.Limit))
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, scanRecording)
		return err
	})
	return all, err
}

// RecordingKey is a key as the database has it.
type RecordingKey struct {
	ID     string
	Scope  string // case:…, call:… or recording:…
	Public recordings.PublicKey
	recordings.WrappedKey
	Destroyed time.Time
}

func newKeyID() string { return "k" + strings.ToLower(rand.Text())[:25] }

// KeyFor is the key to which a recording is to be sealed: that of its case, or
// of its call while there is no case, made by make if there is none yet. A
// recording of which no row knows has a key of its own.
func (db *DB) KeyFor(ctx context.Context, id recordings.ID, make func() (recordings.PublicKey, recordings.WrappedKey, error)) (k RecordingKey, err error) {
	err = db.within(ctx, "key of a recording", func(ctx context.Context) error {
		f, err := recordingOf(ctx, db.pool, id)
		scopes := []string{"recording:" + string(id)}
		if err == nil {
			scopes = append([]string{"call:" + f.Call}, scopes...)
			if f.Case != "" {
				scopes = append([]string{"case:" + f.Case}, scopes...)
			}
		} else if !errors.Is(err, ErrNoRecording) {
			return err
		}
		for _, scope := range scopes {
			if k, err = db.keyOf(ctx, scope, make); err != nil || k.Destroyed.IsZero() {
				return err
			}
			// What comes after a key was destroyed gets another.
		}
		return errors.New("every key that this recording could have was destroyed")
	})
	return k, err
}

func (db *DB) keyOf(ctx context.Context, scope string, make func() (recordings.PublicKey, recordings.WrappedKey, error)) (RecordingKey, error) {
	k, err := keyWhere(ctx, db.pool, `scope = $1`, scope)
	if !errors.Is(err, ErrNoKey) {
		return k, err
	}
	public, wrapped, err := make()
	if err != nil {
		return RecordingKey{}, err
	}
	// Two sealers may both have found none: one inserts, the other reads.
	_, err = db.pool.Exec(ctx, `INSERT INTO recording_keys (id, scope, public, wrapped, recipients) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		newKeyID(), scope, string(public), wrapped.Wrapped, wrapped.Recipients)
	if err != nil {
		return RecordingKey{}, err
	}
	return keyWhere(ctx, db.pool, `scope = $1`, scope)
}

func keyWhere(ctx context.Context, q querier, where string, args ...any) (RecordingKey, error) {
	rows, err := q.Query(ctx, `SELECT id, scope, public, wrapped, recipients, destroyed_at FROM recording_keys WHERE `+where, args...)
	if err != nil {
		return RecordingKey{}, err
	}
	k, err := pgx.CollectExactlyOneRow(rows, scanKey)
	if errors.Is(err, pgx.ErrNoRows) {
		return RecordingKey{}, ErrNoKey
	}
	return k, err
}

func scanKey(row pgx.CollectableRow) (k RecordingKey, err error) {
	var destroyed *time.Time
	err = row.Scan(&k.ID, &k.Scope, &k.Public, &k.Wrapped, &k.Recipients, &destroyed)
	k.Destroyed = orZero(destroyed)
	return k, err
}

// Key reads a key by its id. ErrNoKey: there is none.
func (db *DB) Key(ctx context.Context, id string) (k RecordingKey, err error) {
	err = db.within(ctx, "read key", func(ctx context.Context) error {
		k, err = keyWhere(ctx, db.pool, `id = $1`, id)
		return err
	})
	return k, err
}

// EnterSealed appends a sealed recording to the chain, and what is missing of it
// to the gaps. Entered again, it changes nothing.
func (db *DB) EnterSealed(ctx context.Context, m recordings.Manifest) (s recordings.Sealed, gaps []RecordingGap, err error) {
	err = db.within(ctx, "enter a sealed recording", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			var err error
			s, gaps, err = enterSealed(ctx, tx, m)
			return err
		})
	})
	return s, gaps, err
}

func enterSealed(ctx context.Context, tx pgx.Tx, m recordings.Manifest) (recordings.Sealed, []RecordingGap, error) {
	if err := lockChain(ctx, tx); err != nil {
		return recordings.Sealed{}, nil, err
	}
	var detail string
	err := tx.QueryRow(ctx, `SELECT detail FROM recording_chain WHERE recording = $1 AND what = 'sealed'`, string(m.ID)).Scan(&detail)
	if err == nil {
		s, err := recordings.Link{Recording: m.ID, Detail: detail}.Sealed()
		return s, nil, err
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return recordings.Sealed{}, nil, err
	}
	f, err := recordingOf(ctx, tx, m.ID)
	if err != nil && !errors.Is(err, ErrNoRecording) {
		return recordings.Sealed{}, nil, err
	}
	found := err != nil
	key := m.Key
	if key == "" {
		if key, err = keepKey(ctx, tx, m); err != nil {
			return recordings.Sealed{}, nil, err
		}
	}
	s := sealedOf(m, f, key, found)
	if err := link(ctx, tx, recordings.LinkSealed, m.ID, m.SealedAt, s); err != nil {
		return recordings.Sealed{}, nil, err
	}
	gaps := gapsOf(m, s)
	for _, g := range gaps {
		sql, args := g.insert()
		if _, err := tx.Exec(ctx, sql, args...); err != nil {
			return recordings.Sealed{}, nil, err
		}
	}
	return s, gaps, nil
}

// keepKey stores the key that a recording got while the database was away.
func keepKey(ctx context.Context, tx pgx.Tx, m recordings.Manifest) (id string, err error) {
	id = newKeyID()
	_, err = tx.Exec(ctx, `INSERT INTO recording_keys (id, scope, public, wrapped, recipients) VALUES ($1, $2, $3, $4, $5)`,
		id, "recording:"+string(m.ID), string(m.Public), m.Wrapped, m.Recipients)
	return id, err
}

func sealedOf(m recordings.Manifest, f RecordingFile, key string, found bool) recordings.Sealed {
	s := recordings.Sealed{Host: m.Host, Found: found, Key: key, Object: m.Object, SealedAt: m.SealedAt.UTC(), Content: m.Content}
	if found {
		s.Begun = m.Written.Add(-recordings.Length(m.Samples)).UTC()
		return s
	}
	s.Call, s.Offer, s.Kind, s.Agent, s.Begun = f.Call, f.Offer, f.What, f.Agent, f.Begun.UTC()
	if f.End != nil {
		s.Ended, s.BridgedMS, s.Unseen = f.End.Ended.UTC(), f.End.Bridged.Milliseconds(), f.End.Unseen
	}
	return s
}

func gapsOf(m recordings.Manifest, s recordings.Sealed) (gaps []RecordingGap) {
	if s.Found {
		gaps = append(gaps, RecordingGap{ID: m.ID, Why: recordings.WhyFound, At: s.Begun, Detail: "a file of which no row knew"})
	}
	if lack := s.Missing(); lack > 0 {
		gaps = append(gaps, RecordingGap{ID: m.ID, Why: recordings.WhyShort, At: s.Begun.Add(recordings.Length(s.Samples)), Call: s.Call, Missing: lack})
	}
	return gaps
}

func lockChain(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `SELECT FROM recording_chain_head FOR UPDATE`)
	return err
}

// link appends to the chain. The database computes its place and its hash. A
// conflict must never be passed over here: the head would have moved already.
func link(ctx context.Context, tx pgx.Tx, what string, id recordings.ID, at time.Time, detail any) error {
	text, err := recordings.Entry(detail)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO recording_chain (at, what, recording, detail) VALUES ($1, $2, $3, $4)`, at, what, string(id), text)
	return err
}

// ChainGaps appends the gaps that the chain does not know yet, and returns how
// many.
func (db *DB) ChainGaps(ctx context.Context) (n int, err error) {
	err = db.within(ctx, "chain gaps", func(ctx context.Context) error {
		return db.inTx(ctx, pgx.TxOptions{}, func(tx pgx.Tx) error {
			gaps, err := unchained(ctx, tx)
			if err != nil || len(gaps) == 0 {
				return err
			}
			if err := lockChain(ctx, tx); err != nil {
				return err
			}
			if gaps, err = unchained(ctx, tx); err != nil { // another may have been faster
				return err
			}
			for _, g := range gaps {
				entry := recordings.Gap{Why: g.Why, At: g.At.UTC(), Call: g.Call, MissingMS: g.Missing.Milliseconds()}
				if err := link(ctx, tx, recordings.LinkGap, g.ID, time.Now(), entry); err != nil {
					return err
				}
			}
			n = len(gaps)
			return nil
		})
	})
	return n, err
}

func unchained(ctx context.Context, tx pgx.Tx) ([]RecordingGap, error) {
	return queryGaps(ctx, tx, `WHERE noted_at > now() - interval '2 days' AND NOT EXISTS (
		SELECT FROM recording_chain c WHERE c.recording = g.recording AND c.what = 'gap' AND c.detail::jsonb ->> 'why' = g.why
			AND (c.detail::jsonb ->> 'at')::timestamptz = g.at)
		ORDER BY noted_at LIMIT 1000`)
}

func queryGaps(ctx context.Context, q querier, where string, args ...any) ([]RecordingGap, error) {
	rows, err := q.Query(ctx, `SELECT recording, why, at, call_id, missing_ms, detail FROM recording_gaps g `+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (g RecordingGap, err error) {
		var ms int64
		err = row.Scan(&g.ID, &g.Why, &g.At, &g.Call, &ms, &g.Detail)
		g.Missing = time.Duration(ms) * time.Millisecond
		return g, err
	})
}

// Gaps lists the gaps of a recording, or all that were noted since a moment.
func (db *DB) Gaps(ctx context.Context, id recordings.ID, since time.Time) (all []RecordingGap, err error) {
	err = db.within(ctx, "list gaps", func(ctx context.Context) error {
		all, err = queryGaps(ctx, db.pool, `WHERE ($1 = '' OR recording = $1) AND ($2::timestamptz IS NULL OR noted_at >= $2) ORDER BY at`, string(id), unlessZero(since))
		return err
	})
	return all, err
}

// NoteGap writes a gap; one that is there already changes nothing.
func (db *DB) NoteGap(ctx context.Context, g RecordingGap) error {
	return db.WriteRecords(ctx, []Record{g})
}

// Links lists rows of the chain behind a sequence number, in order.
func (db *DB) Links(ctx context.Context, after int64, limit int) (all []recordings.Link, err error) {
	err = db.within(ctx, "read the chain", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT seq, at, what, recording, detail, hash FROM recording_chain WHERE seq > $1 ORDER BY seq LIMIT $2`, after, page(limit))
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, pgx.RowToStructByPos[recordings.Link])
		return err
	})
	return all, err
}

// LinksOf lists the rows of one recording.
func (db *DB) LinksOf(ctx context.Context, id recordings.ID) (all []recordings.Link, err error) {
	err = db.within(ctx, "read the chain of a recording", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT seq, at, what, recording, detail, hash FROM recording_chain WHERE recording = $1 ORDER BY seq`, string(id))
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, pgx.RowToStructByPos[recordings.Link])
		return err
	})
	return all, err
}

// ChainHead says how long the chain is, and its last hash.
func (db *DB) ChainHead(ctx context.Context) (seq int64, hash []byte, err error) {
	err = db.within(ctx, "read the chain's head", func(ctx context.Context) error {
		return db.pool.QueryRow(ctx, `SELECT seq, hash FROM recording_chain_head`).Scan(&seq, &hash)
	})
	return seq, hash, err
}

// Overdue lists recordings of a host that have begun before a moment, are not
// sealed, and have no gap that explains it. They may still be going on.
func (db *DB) Overdue(ctx context.Context, host string, before time.Time) (all []RecordingFile, err error) {
	err = db.within(ctx, "list unsealed recordings", func(ctx context.Context) error {
		rows, err := db.pool.Query(ctx, `SELECT `+recordingColumns+recordingTables+`
			WHERE r.host = $1 AND r.begun_at < $2 AND r.begun_at > $2 - interval '2 days' AND l.seq IS NULL
				AND NOT EXISTS (SELECT FROM recording_gaps g WHERE g.recording = r.id AND g.why IN ('not-started', 'missing', 'spool-full', 'spool-on-disk', 'spool-missing'))
			ORDER BY r.begun_at LIMIT 1000`, host, before)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, scanRecording)
		return err
	})
	return all, err
}
