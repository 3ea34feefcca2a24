package queue_test

import (
	"errors"
	"testing"

	"powerline/call"
	"powerline/queue"
	"powerline/queue/queuetest"
)

var errCrash = errors.New("crash")

func TestGivenAHookThatFailsBefore_WhenItCommits_ThenNothingIsStored(t *testing.T) {
	m := queue.NewMemory()
	o, c, her := founded(t, m)
	offered, reserved := queuetest.Step(c, her, queuetest.Matched(her))
	var seen queue.Op
	m.Before = func(op queue.Op) error {
		if op.Name != "commit" {
			return nil
		}
		seen = op
		return errCrash
	}
	if _, err := m.Commit(t.Context(), o, queuetest.Pair(c, offered, her, reserved)); !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	if seen.Owner != o || len(seen.Change.Calls) != 1 || seen.Change.Calls[0].Call.Version != c.Version+1 {
		t.Fatalf("the hook saw %+v", seen)
	}
	if st, err := m.Load(t.Context()); err != nil || st.Calls[0].Stage != call.Waiting {
		t.Fatalf("%v, %+v", err, st.Calls)
	}
}

func TestGivenAHookThatFailsAfter_WhenItCommits_ThenAllIsStoredAndTheRepetitionSucceeds(t *testing.T) {
	m := queue.NewMemory()
	o, c, her := founded(t, m)
	offered, reserved := queuetest.Step(c, her, queuetest.Matched(her))
	change := queuetest.Pair(c, offered, her, reserved)
	m.After = func(op queue.Op) error {
		if op.Name != "commit" {
			return nil
		}
		return queue.ErrUnavailable
	}
	if _, err := m.Commit(t.Context(), o, change); !errors.Is(err, queue.ErrUnavailable) {
		t.Fatal(err)
	}
	m.After = nil
	d, err := m.Commit(t.Context(), o, change)
	must(t, err)
	if d.Calls[0].Stage != call.Offered || d.Calls[0].Version != c.Version+1 {
		t.Fatalf("%+v", d)
	}
}

// The fake is for simulations that must be the same each time.
func TestGivenTheSameStory_WhenItIsToldTwice_ThenTheFakeTellsItAlike(t *testing.T) {
	tell := func() string {
		m := queue.NewMemory()
		var news []queue.Update
		defer m.Subscribe(func(u queue.Update) { news = append(news, u) })()
		o, c, her := founded(t, m)
		offered, reserved := queuetest.Step(c, her, queuetest.Matched(her))
		_, err := m.Commit(t.Context(), o, queuetest.Pair(c, offered, her, reserved))
		must(t, err)
		before, err := m.Load(t.Context())
		must(t, err)
		m.Wipe()
		_, err = m.Rebuild(t.Context(), o, before.Calls, before.Agents)
		must(t, err)
		after, err := m.Load(t.Context())
		must(t, err)
		return encoded(t, []any{o, news, before, after})
	}
	if first, second := tell(), tell(); first != second {
		t.Fatalf("\n%s\n%s", first, second)
	}
}
