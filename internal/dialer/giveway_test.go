package dialer

import (
	"context"
	"testing"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/cases"
	"powerline/internal/acd"
	"powerline/internal/postgres"
)

// waitingFor is an engine on whose floor somebody begins to wait at any moment.
type waitingFor struct {
	*played
	floor  acd.View
	placed int
}

func (w *waitingFor) View() acd.View {
	v := w.played.View()
	v.Calls, v.InFallback = w.floor.Calls, w.floor.InFallback
	return v
}

func (w *waitingFor) Place(acd.Placement) error {
	w.placed++
	return nil
}

// slowBooks is a database that takes its time; meanwhile things happen.
type slowBooks struct {
	Store
	whileDue, whileWritten func()
}

func (s slowBooks) Due(ctx context.Context, rules cases.Rules, now time.Time, limit int) ([]postgres.Work, error) {
	works, err := s.Store.Due(ctx, rules, now, limit)
	s.whileDue()
	return works, err
}

func (s slowBooks) StartAttempt(ctx context.Context, rules cases.Rules, a postgres.Attempt) error {
	err := s.Store.StartAttempt(ctx, rules, a)
	s.whileWritten()
	return err
}

// TestGivenACallerWaits_WhenTheDatabaseWasSlow_ThenNobodyIsDialledPastHer: what
// counts is the floor when an agent is given away, not when the books were opened.
func TestGivenACallerWaits_WhenTheDatabaseWasSlow_ThenNobodyIsDialledPastHer(t *testing.T) {
	nothing := func() {}
	officer := call.Call{ID: "pl-1", Kind: call.RingBack, Stage: call.Waiting, Pool: agent.MaleOfficers}
	for name, test := range map[string]struct {
		during func(*waitingFor) slowBooks
		placed int
	}{
		"nobody waits": {func(*waitingFor) slowBooks { return slowBooks{whileDue: nothing, whileWritten: nothing} }, 1},
		"she comes while the tasks are read": {func(w *waitingFor) slowBooks {
			return slowBooks{whileDue: func() { w.floor.Calls = []call.Call{officer} }, whileWritten: nothing}
		}, 0},
		"the attempt takes long to write": {func(w *waitingFor) slowBooks {
			return slowBooks{whileDue: nothing, whileWritten: func() { w.d.freshFor = 0 }}
		}, 0},
		"somebody waits in the fallback queue": {func(w *waitingFor) slowBooks {
			w.floor.InFallback = 1
			return slowBooks{whileDue: nothing, whileWritten: nothing}
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := &played{t: t, now: begin.Add(6 * time.Hour), said: map[string]int{}, people: staff(), ladder: cases.DefaultRules()}
			p.script.name = name
			p.start()
			p.register()
			w := &waitingFor{played: p}
			books := test.during(w)
			books.Store = p.d.store
			p.d.store, p.d.engine = books, w
			for range 3 {
				p.now = p.now.Add(24 * time.Hour)
				p.d.dial(t.Context())
				if w.placed > 0 {
					break
				}
			}
			if min(w.placed, 1) != test.placed {
				t.Errorf("%d attempts were placed, want %d", w.placed, test.placed)
			}
		})
	}
}
