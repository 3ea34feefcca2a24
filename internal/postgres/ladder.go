package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/cases"
)

// LadderSum is what the ladder did in a period, in numbers.
type LadderSum struct {
	Registered map[string]int        // by category
	Closed     map[cases.Closure]int // by why; a case that was reopened since counts as none
	Reopened   int
	// Verdicts are what came of asking her after each stage, by the state that
	// asked. Unreached counts those whom nobody reached: beside the satisfied, and
	// never among them.
	Verdicts  map[cases.State]map[cases.Outcome]int
	Unreached map[cases.State]int
	// Dials are attempts by kind and result, Talks conversations by kind and outcome,
	// Ends tasks by kind and how they ended.
	Dials map[cases.Kind]map[string]int
	Talks map[cases.Kind]map[cases.Outcome]int
	Ends  map[cases.Kind]map[cases.TaskEnd]int
}

// LadderSums counts what happened to cases, tasks and attempts in the period, by
// the ladder's own clock.
func (db *DB) LadderSums(ctx context.Context, from, to time.Time) (s LadderSum, err error) {
	s = LadderSum{
		Registered: map[string]int{}, Closed: map[cases.Closure]int{}, Verdicts: map[cases.State]map[cases.Outcome]int{}, Unreached: map[cases.State]int{},
		Dials: map[cases.Kind]map[string]int{}, Talks: map[cases.Kind]map[cases.Outcome]int{}, Ends: map[cases.Kind]map[cases.TaskEnd]int{},
	}
	type counted struct {
		what, of, word string
		n              int
	}
	err = db.withinLimit(ctx, "count what the ladder did", reportLimit, func(ctx context.Context) error {
		rows, err := query(ctx, db, func(row pgx.CollectableRow) (c counted, err error) {
			err = row.Scan(&c.what, &c.of, &c.word, &c.n)
			return c, err
		}, ladderSums, from, to)
		for _, c := range rows {
			switch c.what {
			case "registered":
				s.Registered[c.of] = c.n
			case "closed":
				s.Closed[cases.Closure(c.of)] = c.n
			case "reopened":
				s.Reopened = c.n
			case "verdict":
				inner(s.Verdicts, cases.State(c.of))[cases.Outcome(c.word)] = c.n
			case "unreached":
				s.Unreached[cases.State(c.of)] = c.n
			case "dial":
				inner(s.Dials, cases.Kind(c.of))[c.word] = c.n
			case "talk":
				inner(s.Talks, cases.Kind(c.of))[cases.Outcome(c.word)] = c.n
			case "end":
				inner(s.Ends, cases.Kind(c.of))[cases.TaskEnd(c.word)] = c.n
			}
		}
		return err
	})
	return s, err
}

// inner is the map within the outer one of a key, made when it is first asked for.
func inner[K, W comparable](outer map[K]map[W]int, key K) map[W]int {
	inner, there := outer[key]
	if !there {
		inner = map[W]int{}
		outer[key] = inner
	}
	return inner
}

// ladderSums: a task ends in the event that ended it, and so in the state of that
// event. Where two events share a moment the first counts.
const ladderSums = `
	SELECT 'registered', category, '', count(*)::int FROM cases WHERE registered_at >= $1 AND registered_at < $2 GROUP BY category
	UNION ALL
	SELECT 'closed', c.closure, '', count(*)::int FROM case_events e JOIN cases c ON c.id = e.case_id
		WHERE e.to_state = 'closed' AND e.from_state <> 'closed' AND e.at >= $1 AND e.at < $2 AND c.closure <> ''
			AND NOT EXISTS (SELECT FROM case_events later WHERE later.case_id = e.case_id AND later.version > e.version AND later.to_state <> 'closed')
		GROUP BY c.closure
	UNION ALL
	SELECT 'reopened', '', '', count(*)::int FROM case_events WHERE from_state = 'closed' AND to_state <> 'closed' AND at >= $1 AND at < $2
	UNION ALL
	SELECT 'verdict', from_state, outcome, count(*)::int FROM case_events
		WHERE outcome <> '' AND from_state IN ('counsel-feedback', 'ffr-feedback', 'station-feedback', 'final-feedback') AND at >= $1 AND at < $2
		GROUP BY from_state, outcome
	UNION ALL
	SELECT 'unreached', state, '', count(*)::int FROM (
		SELECT (SELECT e.from_state FROM case_events e WHERE e.case_id = t.case_id AND e.at = t.ended_at ORDER BY e.version LIMIT 1) AS state
		FROM tasks t WHERE t.kind IN ('feedback', 'final') AND t.ended_as IN ('exhausted', 'no-number') AND t.ended_at >= $1 AND t.ended_at < $2) u
		WHERE state IS NOT NULL GROUP BY state
	UNION ALL
	SELECT 'dial', a.kind, e.result, count(*)::int FROM attempts a JOIN attempt_ends e ON e.attempt = a.id
		WHERE a.at >= $1 AND a.at < $2 GROUP BY a.kind, e.result
	UNION ALL
	SELECT 'talk', t.kind, o.outcome, count(*)::int FROM attempt_outcomes o JOIN tasks t ON t.id = o.task
		WHERE o.at >= $1 AND o.at < $2 GROUP BY t.kind, o.outcome
	UNION ALL
	SELECT 'end', kind, ended_as, count(*)::int FROM tasks WHERE ended_at >= $1 AND ended_at < $2 GROUP BY kind, ended_as`
