package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/cases"
	"powerline/internal/intake"
)

// engine is who acts when nobody's hand was in it.
const engine = "engine"

// held is a case whose row is locked by the transaction at hand.
type held struct {
	file     CaseFile
	resolved *int64 // the version by which it was resolved
}

// hold reads a case and locks it until the transaction ends. Whoever moves a
// case holds it first, so that two movers never deadlock.
func hold(ctx context.Context, tx pgx.Tx, id string) (held, error) {
	var h held
	row := tx.QueryRow(ctx, `SELECT `+caseColumns+`, resolved_version FROM cases WHERE id = $1 FOR UPDATE`, id)
	err := row.Scan(append(h.file.columns(), &h.resolved)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return h, ErrNoCase
	}
	return h, err
}

// applied reports whether the event has moved the case before, however long ago.
func applied(ctx context.Context, tx pgx.Tx, caseID, eventID string) (yes bool, err error) {
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM case_events WHERE case_id = $1 AND event_id = $2)`, caseID, eventID).Scan(&yes)
	return yes, err
}

// move steps a case that is held, and writes all that follows. With any
// verdict but Applied nothing was written.
func (db *DB) move(ctx context.Context, tx pgx.Tx, rules cases.Rules, h held, ev cases.Event, told intake.Told) (Step, error) {
	c := h.file.Case
	if twice, err := applied(ctx, tx, c.ID, ev.ID); err != nil || twice {
		return Step{Verdict: cases.Twice, Case: c}, err
	}
	if ev.Version == AnyVersion {
		ev.Version = c.Version
	}
	ev.At = ev.At.UTC().Truncate(time.Microsecond) // as the database keeps it
	n, err := db.newcomers(c, &ev, told)
	if err != nil {
		return Step{}, err
	}
	if err := countComplainants(ctx, tx, c, &ev); err != nil {
		return Step{}, err
	}
	next, effects, verdict := rules.Step(c, ev)
	if verdict != cases.Applied {
		return Step{Verdict: verdict, Case: c}, nil
	}
	if err := n.safeIsHers(next); err != nil {
		return Step{}, err
	}
	if err := n.write(ctx, tx, c.ID, ev.At); err != nil {
		return Step{}, err
	}
	h.file.Case = next
	deed, err := h.writeMove(ctx, tx, c.State, ev, effects)
	if err != nil {
		return Step{}, err
	}
	if err := setAsideNever(ctx, tx, c.ID, ev.At); err != nil {
		return Step{}, err
	}
	return Step{Verdict: cases.Applied, Case: next, Effects: effects}, audit(ctx, tx, deed)
}

// writeMove stores a case that has been stepped: its event, itself, its tasks,
// what is to be told. It returns the row of the audit, for the end of the
// transaction: until the commit nobody else can append to the audit.
func (h held) writeMove(ctx context.Context, tx pgx.Tx, from cases.State, ev cases.Event, effects []cases.Effect) (Deed, error) {
	if err := h.writeEvent(ctx, tx, from, ev, effects); err != nil {
		return Deed{}, err
	}
	if err := h.update(ctx, tx); err != nil {
		return Deed{}, err
	}
	if err := writePartyNumbers(ctx, tx, h.file.Case); err != nil {
		return Deed{}, err
	}
	for i, e := range effects {
		if err := h.writeEffect(ctx, tx, ev.At, i, e); err != nil {
			return Deed{}, fmt.Errorf("%s: %w", cases.EffectName(e), err)
		}
	}
	c := h.file.Case
	said := []any{"event", ev.ID, "version", c.Version, "from", from, "to", c.State}
	if d, decided := ev.What.(cases.Decided); decided {
		said = append(said, "do", d.Do)
		if d.Task != "" {
			said = append(said, "task", d.Task, "agent", d.Agent)
		}
	}
	return Deed{At: ev.At, By: orEngine(ev.By), Action: "case-" + ev.Name(), Subject: c.ID, Detail: detail(said...)}, nil
}

func (h held) writeEvent(ctx context.Context, tx pgx.Tx, from cases.State, ev cases.Event, effects []cases.Effect) error {
	body, err := json.Marshal(ev)
	if err != nil {
		return err
	}
	names, moves := []string{}, []string{}
	for _, e := range effects {
		names = append(names, cases.EffectName(e))
		if m, ok := e.(cases.Moved); ok {
			moves = append(moves, m.By)
		}
	}
	c := h.file.Case
	_, err = tx.Exec(ctx, `INSERT INTO case_events (case_id, version, event_id, at, by, name, outcome, from_state, to_state, effects, moves, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		c.ID, c.Version, ev.ID, ev.At, string(ev.By), ev.Name(), string(outcomeOf(ev.What)), string(from), string(c.State), names, moves, string(body))
	return err
}

func outcomeOf(what cases.What) cases.Outcome {
	switch what := what.(type) {
	case cases.Spoken:
		return what.Outcome
	case cases.Called:
		return what.Outcome
	}
	return ""
}

// update writes the case over its row, which is locked.
func (h held) update(ctx context.Context, tx pgx.Tx) error {
	c := h.file.Case
	resolved := h.resolved
	switch {
	case c.Closure != cases.Resolved:
		resolved = nil
	case resolved == nil:
		resolved = &c.Version
	}
	doc, err := json.Marshal(c)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE cases SET version = $2, state = $3, since = $4, cycle = $5, concern = $6, concern_since = $7, barred = $8,
			last_feedback = $9, final_due = $10, closure = $11, nexts = $12, next_at = $13, resolved_version = $14, doc = $15,
			timers_aside = NULL, changed_at = now()
		WHERE id = $1`,
		c.ID, c.Version, string(c.State), c.Since, c.Cycle, string(c.Supervisor.Why), unlessZero(c.Supervisor.Since), barredBy(c),
		unlessZero(c.LastFeedback), unlessZero(c.FinalDue), string(c.Closure), len(c.Next()), unlessZero(nextAt(c)), resolved, string(doc))
	return err
}

// barredBy is why offender and contacts must not be called; empty if they may.
// It holds what cases.Check says of the case, so that such tasks do not stand
// in the way of others among those that are due.
func barredBy(c cases.Case) string {
	if why, barred := c.OffenderBarred(); barred {
		return why
	}
	if c.InCare() && !c.SuicideCare.Cleared {
		return string(cases.WaitsForCare)
	}
	return ""
}

// nextAt is the earliest moment at which time alone moves the case.
func nextAt(c cases.Case) time.Time {
	var at time.Time
	for _, t := range timersOf(c) {
		if at.IsZero() || t.Due.Before(at) {
			at = t.Due
		}
	}
	return at
}

// timersOf are the case's timers and the ends of its tasks' time.
func timersOf(c cases.Case) []Timer {
	var all []Timer
	for _, t := range c.Timers {
		all = append(all, Timer{Case: c.ID, Name: t.Name, Due: t.Due})
	}
	for _, t := range c.Tasks {
		if !t.NotAfter.IsZero() {
			all = append(all, Timer{Case: c.ID, Task: t.ID, Due: t.NotAfter})
		}
	}
	return all
}

// writeEffect stores an effect: a task in its table, what others must hear in
// the outbox. Moved stands in the event, Retire in the case.
func (h held) writeEffect(ctx context.Context, tx pgx.Tx, at time.Time, nth int, e cases.Effect) error {
	c := h.file.Case
	switch e := e.(type) {
	case cases.Open:
		return insertTask(ctx, tx, c.ID, e.Task)
	case cases.Change:
		return updateTask(ctx, tx, e.Task)
	case cases.Shut:
		return endTask(ctx, tx, e.Task, e.End, at)
	case cases.Moved, cases.Retire:
		return nil
	}
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	fields := map[string]any{}
	if err := json.Unmarshal(body, &fields); err != nil {
		return err
	}
	fields["case"], fields["docket"], fields["district"], fields["version"] = c.ID, h.file.Docket, h.file.District, c.Version
	if h.file.Station != "" {
		fields["station"] = h.file.Station
	}
	return post(ctx, tx, fmt.Sprintf("%s/%d/%d", c.ID, c.Version, nth), cases.EffectName(e), c.ID, fields, at)
}

// countComplainants fills in how many women have complained about the numbers
// of the offender: the case at hand cannot know the others.
func countComplainants(ctx context.Context, tx pgx.Tx, c cases.Case, ev *cases.Event) error {
	var of cases.Party
	switch what := ev.What.(type) {
	case cases.Filed:
		of = what.Offender
	case cases.Triaged:
		of = c.Offender
	case cases.Found:
		of = what.Offender
	default:
		return nil
	}
	n, err := complainants(ctx, tx, c.ID, of.Good())
	if err != nil {
		return err
	}
	switch what := ev.What.(type) {
	case cases.Filed:
		what.Triage.Complainants = max(what.Triage.Complainants, n)
		ev.What = what
	case cases.Triaged:
		what.Triage.Complainants = max(what.Triage.Complainants, n)
		ev.What = what
	case cases.Found:
		what.Complainants = max(what.Complainants, n)
		ev.What = what
	}
	return nil
}

// complainants counts the victims, she included, whose cases name one of the
// numbers as the offender's. Cases that were none do not count.
func complainants(ctx context.Context, tx pgx.Tx, caseID string, prints []string) (int, error) {
	if len(prints) == 0 {
		return 0, nil
	}
	var others int
	err := tx.QueryRow(ctx, `
		SELECT count(DISTINCT c.id)
		FROM party_numbers n JOIN parties p ON p.id = n.party JOIN cases c ON c.id = p.case_id
		WHERE n.number = ANY ($1) AND NOT n.bad AND p.role = 'offender' AND c.id <> $2 AND c.closure NOT IN ('hoax', 'duplicate', 'not-ours')`,
		prints, caseID).Scan(&others)
	return others + 1, err
}

// detail is a JSON object of pairs for the audit.
func detail(pairs ...any) string {
	object := map[string]any{}
	for pair := range slices.Chunk(pairs, 2) {
		object[fmt.Sprint(pair[0])] = pair[1]
	}
	text, err := json.Marshal(object)
	if err != nil {
		return "{}"
	}
	return string(text)
}
