package dialer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/acd"
	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/number"
)

// The dialer alone, on a clock that a test sets: its store is made up and hands
// out every task at every moment, so that what keeps a phone from ringing is the
// dialer's own asking.

// afternoon is the Thursday on which her feedback is due, from 14 to 16 h.
func afternoon(clock string) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04:05", "2026-03-05 "+clock, cases.Local)
	if err != nil {
		panic(err)
	}
	return at
}

// bench is a dialer with a made-up store and engine.
type bench struct {
	Store // what no test here needs stays nil and would panic

	t       *testing.T
	d       *Dialer
	figures *prometheus.Registry
	now     time.Time
	women   int
	works   []postgres.Work
	aside   map[cases.TaskID]string
	started []postgres.Attempt
	placed  []acd.Placement
	// away is what the store answers instead; poison the task whose number
	// cannot be opened.
	away   error
	poison cases.TaskID
}

func newBench(t *testing.T, clock string, tasks int) *bench {
	t.Helper()
	b := &bench{t: t, now: afternoon(clock), women: tasks, figures: prometheus.NewRegistry(), aside: map[cases.TaskID]string{}}
	settings := config.Default().Outbound
	settings.Trunk, settings.Reserve = "operator", config.Reserve{}
	b.d = New(Deps{
		Store: b, Settings: func() config.Outbound { return settings }, Metrics: NewMetrics(b.figures),
		Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return b.now },
	})
	b.d.engine = b
	for n := range tasks {
		b.works = append(b.works, warned(t, settings.Ladder, n))
	}
	return b
}

// warned is a case whose offender was warned on Monday, so that she is asked on
// Thursday within her hours.
func warned(t *testing.T, rules cases.Rules, n int) postgres.Work {
	t.Helper()
	print := func(role string) []cases.Number { return []cases.Number{{Print: fmt.Sprintf("%s-%d", role, n)}} }
	monday := time.Date(2026, 3, 2, 11, 0, 0, 0, cases.Local)
	c := cases.Case{ID: fmt.Sprintf("case-%d", n)}
	step := func(at time.Time, by agent.ID, what cases.What) {
		t.Helper()
		next, _, verdict := rules.Step(c, cases.Event{ID: fmt.Sprint(c.Version), Version: c.Version, At: at, By: by, What: what})
		if verdict != cases.Applied {
			t.Fatalf("%T: %s", what, verdict)
		}
		c = next
	}
	step(monday, "taker", cases.Filed{
		Taker:  agent.Profile{ID: "taker", Woman: true},
		Victim: cases.Party{ID: "her", Numbers: print("v")}, Offender: cases.Party{ID: "him", Numbers: print("o")},
		Terms:  cases.Terms{MayCall: true, Windows: cases.Windows{{Days: cases.EveryDay, From: 14 * 60, To: 16 * 60}}},
		Triage: cases.Triage{Track: cases.Counsellable, Agrees: true, Complainants: 1},
	})
	step(monday, "officer", cases.Spoken{Task: c.Tasks[0].ID, Attempt: "a", Number: c.Tasks[0].Number, Dialled: monday, Outcome: cases.Warned})
	return postgres.Work{Task: c.Tasks[0], CaseID: c.ID, Case: c}
}

func (b *bench) Due(context.Context, cases.Rules, time.Time, int) ([]postgres.Work, error) {
	var due []postgres.Work
	for _, w := range b.works {
		if b.aside[w.Task.ID] == "" && w.InHand == "" {
			due = append(due, w)
		}
	}
	return due, b.away
}

func (b *bench) Task(_ context.Context, id cases.TaskID, _ time.Time) (postgres.Work, error) {
	for _, w := range b.works {
		if w.Task.ID == id {
			return w, b.away
		}
	}
	return postgres.Work{}, postgres.ErrNoTask
}

func (b *bench) SetAside(_ context.Context, id cases.TaskID, _ agent.ID, reason string, _ time.Time) error {
	b.aside[id] = reason
	return nil
}

func (b *bench) StartAttempt(_ context.Context, _ cases.Rules, a postgres.Attempt) error {
	if b.away != nil {
		return b.away
	}
	b.started = append(b.started, a)
	for i := range b.works {
		if b.works[i].Task.ID == a.Task {
			b.works[i].InHand = a.ID
		}
	}
	return nil
}

func (b *bench) NumberToDial(_ context.Context, attempt string) (number.Number, error) {
	for _, w := range b.works {
		if w.InHand == attempt && w.Task.ID == b.poison {
			return number.Number{}, postgres.ErrOtherNumber
		}
	}
	return parse("+919833333333"), nil
}

// View is a floor on which as many women as there are tasks have nothing to do.
func (b *bench) View() acd.View {
	v := acd.View{Ready: true}
	for n := range b.women {
		v.Agents = append(v.Agents, agent.Agent{
			Profile: agent.Profile{ID: agent.ID(fmt.Sprintf("w%d", n)), Woman: true, Languages: []string{"hi"}, Outbound: []string{"feedback"}},
			Status:  agent.Available, State: agent.Idle, Online: true,
		})
	}
	return v
}

func (b *bench) Place(p acd.Placement) error {
	b.placed = append(b.placed, p)
	return nil
}

func (b *bench) TakeBack(string, string) {}

// figure is the value of a metric without labels.
func (b *bench) figure(name string) float64 {
	b.t.Helper()
	families, err := b.figures.Gather()
	if err != nil {
		b.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue() + f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	b.t.Fatalf("no metric %s", name)
	return 0
}

// dials lets the dialer decide at a moment, and wants so many placements in all.
func (b *bench) dials(clock string, want int) {
	b.t.Helper()
	b.now = afternoon(clock)
	b.d.dial(b.t.Context())
	if len(b.placed) != want || len(b.started) != want {
		b.t.Errorf("at %s: %d attempts written, %d placed, want %d", clock, len(b.started), len(b.placed), want)
	}
}

func TestGivenHerHoursAreFrom14To16_WhenTheDialerDecides_ThenNobodyIsRungOutsideOfThem(t *testing.T) {
	for clock, want := range map[string]int{
		"09:00:00": 0, "13:59:59": 0, "14:00:00": 1, "14:00:01": 1, "15:00:00": 1, "15:59:34": 1,
		"15:59:35": 0, // it would still ring at four
		"15:59:59": 0, "16:00:00": 0, "16:00:01": 0, "20:00:00": 0,
	} {
		newBench(t, clock, 1).dials(clock, want)
	}
}

func TestGivenTheClockRuns_WhenTheWindowOpens_ThenTheFirstAttemptIsOfThatSecondAndThereIsOne(t *testing.T) {
	b := newBench(t, "13:59:50", 1)
	for at := afternoon("13:59:50"); at.Before(afternoon("14:00:10")); at = at.Add(500 * time.Millisecond) {
		b.now = at
		b.d.dial(t.Context())
		if want := 1; at.Before(afternoon("14:00:00")) && len(b.placed) != 0 || !at.Before(afternoon("14:00:00")) && len(b.placed) != want {
			t.Fatalf("%d placed at %s", len(b.placed), at)
		}
	}
	if at := b.started[0].At; !at.Equal(afternoon("14:00:00")) {
		t.Errorf("begun at %s", at)
	}
}

func TestGivenTheClockJumpsAnHour_WhenItComesBack_ThenHerWindowIsNeitherLostNorBroken(t *testing.T) {
	back := newBench(t, "14:00:30", 2)
	back.women = 1 // who is taken leaves the other for later
	back.dials("14:00:30", 1)
	back.women = 2
	back.dials("13:00:31", 1) // an hour back: outside of the window by the clock that counts
	back.dials("13:59:59", 1)
	back.dials("14:00:00", 2)

	ahead := newBench(t, "15:30:00", 1)
	ahead.dials("16:30:00", 0) // an hour ahead: the window seems over
	ahead.dials("15:30:01", 1) // and is not lost when the clock is right again

	early := newBench(t, "12:59:59", 1)
	early.dials("12:59:59", 0)
	early.dials("11:59:59", 0)
	early.dials("13:00:00", 0)
	early.dials("14:00:00", 1)
}

func TestGivenTheWindowCloses_WhenTheAgentIsReserved_ThenHerPhoneIsNotRung(t *testing.T) {
	for clock, rule := range map[string]string{
		"15:59:20": "", "15:59:34": "", "15:59:35": "window-closes", "15:59:59": "window-closes", "16:00:00": "outside-window", "16:00:20": "outside-window",
		"13:59:59": "not-due", // the clock went back meanwhile
	} {
		b := newBench(t, "15:59:20", 1)
		b.dials("15:59:20", 1)
		b.now = afternoon(clock)
		to, err := b.d.Destination(t.Context(), b.placed[0].Attempt)
		var refused *acd.Refusal
		switch {
		case rule == "" && (err != nil || to.Number.Withheld() || to.Trunk != "operator" || to.Shown != "1090"):
			t.Errorf("at %s: %+v, %v", clock, to, err)
		case rule != "" && (!errors.As(err, &refused) || refused.Rule != rule || !to.Number.Withheld()):
			t.Errorf("at %s: %v, want a refusal by %s", clock, err, rule)
		}
	}
}

func TestGivenATaskWhoseNumberCannotBeOpened_WhenItIsDialled_ThenItIsSetAsideAndBlocksNobody(t *testing.T) {
	b := newBench(t, "14:00:00", 3)
	b.poison = b.works[0].Task.ID
	b.dials("14:00:00", 3)
	opened := 0
	for _, p := range b.placed {
		_, err := b.d.Destination(t.Context(), p.Attempt)
		var refused *acd.Refusal
		switch {
		case err == nil:
			opened++
		case !errors.As(err, &refused) || refused.Rule != "number-unreadable" || cases.TaskID(p.Task) != b.poison:
			t.Errorf("%s: %v", p.Task, err)
		}
	}
	if opened != 2 || len(b.aside) != 1 || b.aside[b.poison] == "" || b.figure("dialer_set_aside_total") != 1 {
		t.Errorf("%d opened, aside %v", opened, b.aside)
	}
	for i := range b.works {
		b.works[i].InHand = "" // all of them ended
	}
	b.dials("14:05:00", 5)
	for _, p := range b.placed[3:] {
		if cases.TaskID(p.Task) == b.poison {
			t.Error("a task that was set aside is dialled again")
		}
	}
}

func TestGivenPostgreSQLIsAway_WhenTheDialerDecides_ThenNothingIsPlacedUntilItAnswers(t *testing.T) {
	away := fmt.Errorf("postgres: list due tasks: %w", context.DeadlineExceeded)
	b := newBench(t, "14:00:00", 2)
	b.women = 1
	b.dials("14:00:00", 1)
	b.women, b.away = 2, away
	b.dials("14:00:01", 1)
	b.dials("14:00:02", 1)
	if got := b.figure("dialer_database_answers"); got != 0 {
		t.Errorf("dialer_database_answers is %v", got)
	}
	if to, err := b.d.Destination(t.Context(), b.placed[0].Attempt); err == nil || !to.Number.Withheld() {
		t.Error("a number is dialled although nobody knows whether it may be")
	}
	b.away = nil
	b.dials("14:00:03", 2)
	if got := b.figure("dialer_database_answers"); got != 1 || len(b.aside) != 0 {
		t.Errorf("dialer_database_answers is %v, aside %v", got, b.aside)
	}
}
