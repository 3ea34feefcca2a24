package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/agent"
	"powerline/figure"
)

// Period is [From, To), cut into parts of a length.
type Period struct {
	From, To time.Time
	Part     time.Duration
}

// CallSum are the calls of one category that arrived in one part of a period.
type CallSum struct {
	Part     int // from 0
	Category string
	figure.Calls
}

// CallSums adds up the callers' calls that arrived in the period and have ended,
// against the thresholds, by part and category. What is a short abandon, or one
// that came late, is as in the metrics: waits count from the end of the greeting,
// and from the arrival where there was none.
func (db *DB) CallSums(ctx context.Context, p Period, within []time.Duration) (all []CallSum, err error) {
	millis := make([]int64, len(within))
	for i, w := range within {
		millis[i] = w.Milliseconds()
	}
	read := func(row pgx.CollectableRow) (s CallSum, err error) {
		var waited, longest, talked, limit int64
		var level figure.Level
		err = row.Scan(&s.Part, &s.Category, &s.Ended, &s.Answered, &s.Abandoned, &s.InGreeting, &s.Short,
			&s.ToEmergency, &s.ToFallback, &s.Crisis, &s.Silent, &waited, &longest, &talked, &limit, &level.InTime, &level.Late)
		s.Waited, s.Longest, s.Talked, level.Within = ms(waited), ms(longest), ms(talked), ms(limit)
		s.Levels = []figure.Level{level}
		return s, err
	}
	err = db.withinLimit(ctx, "add up calls", reportLimit, func(ctx context.Context) error {
		rows, err := query(ctx, db, read, callSums, p.From, p.To, p.Part.Seconds(), millis, figure.ShortWait.Milliseconds())
		for _, r := range rows { // one for each threshold, next to one another
			if n := len(all); n > 0 && all[n-1].Part == r.Part && all[n-1].Category == r.Category {
				all[n-1].Levels = append(all[n-1].Levels, r.Levels...)
				continue
			}
			all = append(all, r)
		}
		return err
	})
	return all, err
}

// reportLimit is how long a report may take: it looks at days, not at one row.
const reportLimit = 20 * time.Second

func ms(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

const callSums = `
	WITH c AS (
		SELECT floor(extract(epoch FROM arrived_at - $1::timestamptz) / $3::float8)::int AS part, category, crisis, silence, outcome,
			answered_at IS NOT NULL AS answered, outcome LIKE 'abandoned-%' AS abandoned,
			outcome IN ('abandoned-waiting', 'abandoned-ringing') AND answered_at IS NULL AS in_queue,
			CASE WHEN queued_at IS NULL THEN (extract(epoch FROM ended_at - arrived_at) * 1000)::bigint ELSE wait_ms END AS wait, talk_ms
		FROM call_records WHERE arrived_at >= $1 AND arrived_at < $2
	)
	SELECT part, category, count(*)::int, count(*) FILTER (WHERE answered)::int, count(*) FILTER (WHERE abandoned)::int,
		count(*) FILTER (WHERE outcome = 'abandoned-greeting')::int, count(*) FILTER (WHERE NOT answered AND abandoned AND wait < $5)::int,
		count(*) FILTER (WHERE outcome = 'sent-to-emergency')::int, count(*) FILTER (WHERE outcome = 'left-to-fallback')::int,
		count(*) FILTER (WHERE crisis)::int, count(*) FILTER (WHERE silence <> '')::int,
		coalesce(sum(wait) FILTER (WHERE answered), 0)::bigint, coalesce(max(wait) FILTER (WHERE answered), 0)::bigint, sum(talk_ms)::bigint,
		t, count(*) FILTER (WHERE answered AND wait <= t)::int, count(*) FILTER (WHERE in_queue AND wait > t)::int
	FROM c CROSS JOIN unnest($4::bigint[]) WITH ORDINALITY AS thresholds (t, n)
	GROUP BY part, category, n, t ORDER BY part, category, n`

// TimeSum is how long agents did one thing.
type TimeSum struct {
	// One of the three says whose time it is: that of a part of the period, of an
	// agent, or of the calls of a category. The part is -1 otherwise.
	Part     int
	Agent    agent.ID
	Category string
	Activity figure.Activity
	Reason   string // of an agent who was not ready
	Work     figure.Work
	Lasted   time.Duration
	Times    int // how many spells of it began in the period
}

// TimeSums adds up what agents did in the period, as their histories tell it,
// three times over: by part of the period, by agent, and by category of the call
// (talking and wrap-up of callers' calls alone). What goes on at the end of the
// period counts up to there; do not ask beyond now.
func (db *DB) TimeSums(ctx context.Context, p Period) (all []TimeSum, err error) {
	read := func(row pgx.CollectableRow) (s TimeSum, err error) {
		var millis int64
		err = row.Scan(&s.Part, &s.Agent, &s.Category, &s.Activity, &s.Reason, &s.Work, &millis, &s.Times)
		s.Lasted = ms(millis)
		return s, err
	}
	err = db.withinLimit(ctx, "add up the time of agents", reportLimit, func(ctx context.Context) error {
		all, err = query(ctx, db, read, timeSums, p.From, p.To, p.Part.Seconds())
		return err
	})
	return all, err
}

// timeSums lays each agent's events end to end. The last one before the period
// says what she was doing when it began. An event that changed neither state nor
// status (a phone lost, a lock) only cuts a span in two.
const timeSums = `
	WITH told AS (
		SELECT l.* FROM agents a CROSS JOIN LATERAL (
			SELECT agent, at, id, reason, call_id, data FROM agent_events WHERE agent = a.id AND at < $1 ORDER BY at DESC, id DESC LIMIT 1) l
		UNION ALL
		SELECT agent, at, id, reason, call_id, data FROM agent_events WHERE at >= $1 AND at < $2
	), spans AS (
		SELECT agent, at >= $1 AS begun_here, greatest(at, $1) AS began, lead(at, 1, $2) OVER (PARTITION BY agent ORDER BY at, id) AS ended, call_id,
			CASE WHEN data ->> 'state' <> 'idle' THEN data ->> 'state' WHEN data ->> 'status' <> 'available' THEN data ->> 'status' ELSE 'idle' END AS activity,
			CASE WHEN data ->> 'status' = 'not-ready' AND data ->> 'state' = 'idle' THEN reason ELSE '' END AS reason,
			CASE WHEN call_id = '' OR data ->> 'state' IN ('idle', 'delayed') THEN 'none' WHEN call_id LIKE 'out-%' THEN 'outbound' ELSE 'inbound' END AS work
		FROM told WHERE data ? 'state'
	), cut AS (
		SELECT s.*, part, greatest(began, $1::timestamptz + part * $3::float8 * interval '1 second') AS b,
			least(ended, $1::timestamptz + (part + 1) * $3::float8 * interval '1 second') AS e
		FROM spans s CROSS JOIN LATERAL generate_series(
			floor(extract(epoch FROM began - $1::timestamptz) / $3::float8)::int,
			greatest(ceil(extract(epoch FROM ended - $1::timestamptz) / $3::float8)::int - 1, floor(extract(epoch FROM began - $1::timestamptz) / $3::float8)::int)) AS part
		WHERE ended >= began
	)
	SELECT coalesce(part, -1), coalesce(cut.agent, ''), coalesce(c.category, ''), activity, coalesce(reason, ''), work,
		round(extract(epoch FROM sum(e - b)) * 1000)::bigint, (count(DISTINCT (cut.agent, began)) FILTER (WHERE begun_here))::int
	FROM cut LEFT JOIN call_records c ON c.id = cut.call_id AND work = 'inbound' AND activity IN ('talking', 'wrap-up')
	GROUP BY GROUPING SETS ((part, activity, work), (cut.agent, activity, reason, work), (c.category, activity, work))
	HAVING GROUPING(c.category) = 1 OR c.category IS NOT NULL
	ORDER BY 1, 2, 3, 4, 5, 6`

// AgentSum is what an agent did in a period, in numbers.
type AgentSum struct {
	Agent agent.ID
	// Spoken are the callers with whom she spoke, by category.
	Spoken map[string]int
	// Missed are offers that did not become a call, by what came of them.
	Missed map[string]int
	// Dialled are the calls made by her, Reached those that were answered.
	Dialled, Reached int
}

// AgentSums counts calls, offers and attempts of each agent who had any.
func (db *DB) AgentSums(ctx context.Context, from, to time.Time) (all map[agent.ID]AgentSum, err error) {
	all = map[agent.ID]AgentSum{}
	type counted struct {
		agent      agent.ID
		what, word string
		n          int
	}
	err = db.withinLimit(ctx, "count the work of agents", reportLimit, func(ctx context.Context) error {
		rows, err := query(ctx, db, func(row pgx.CollectableRow) (c counted, err error) {
			err = row.Scan(&c.agent, &c.what, &c.word, &c.n)
			return c, err
		}, agentSums, from, to)
		for _, c := range rows {
			s, known := all[c.agent]
			if !known {
				s = AgentSum{Agent: c.agent, Spoken: map[string]int{}, Missed: map[string]int{}}
			}
			switch c.what {
			case "spoken":
				s.Spoken[c.word] = c.n
			case "missed":
				s.Missed[c.word] = c.n
			case "dialled":
				s.Dialled = c.n
			case "reached":
				s.Reached = c.n
			}
			all[c.agent] = s
		}
		return err
	})
	return all, err
}

const agentSums = `
	SELECT who, 'spoken', category, count(*)::int FROM (
		SELECT DISTINCT unnest(spoken) AS who, id, category FROM call_records WHERE arrived_at >= $1 AND arrived_at < $2) c GROUP BY who, category
	UNION ALL
	SELECT agent, 'missed', coalesce(data ->> 'detail', ''), count(*)::int FROM call_events
		WHERE event = 'RingNoAnswer' AND agent IS NOT NULL AND at >= $1 AND at < $2 GROUP BY agent, data ->> 'detail'
	UNION ALL
	SELECT a.agent, 'dialled', '', count(*)::int FROM attempts a JOIN attempt_ends e ON e.attempt = a.id
		WHERE e.result <> 'not-placed' AND a.at >= $1 AND a.at < $2 GROUP BY a.agent
	UNION ALL
	SELECT a.agent, 'reached', '', count(*)::int FROM attempts a JOIN attempt_ends e ON e.attempt = a.id
		WHERE e.result = 'answered' AND a.at >= $1 AND a.at < $2 GROUP BY a.agent`
