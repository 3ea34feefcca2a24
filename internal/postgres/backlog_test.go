package postgres

import (
	"reflect"
	"testing"
	"time"

	"powerline/cases"
)

func TestGivenTasks_WhenCounted_ThenDueLateAndSetAsideAreToldApart(t *testing.T) {
	d := openDesk(t)
	for _, ref := range []string{"one", "two"} {
		d.register(complaint(t, ref))
	}
	counts := func(now, lateBefore time.Time) []Backlog {
		t.Helper()
		all, err := d.Backlogs(t.Context(), now, lateBefore)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	if got, want := counts(monday.Add(-time.Hour), monday.Add(-time.Hour)), []Backlog{{Kind: cases.CallOffender, InHand: 2}}; !reflect.DeepEqual(got, want) {
		t.Errorf("before they are due: %+v", got)
	}
	tasks, err := d.Tasks(t.Context(), TaskFilter{}, monday)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.SetAside(t.Context(), tasks[0].Task.ID, "asha", "test", monday); err != nil {
		t.Fatal(err)
	}
	if got, want := counts(monday.Add(time.Hour), monday.Add(-time.Hour)), []Backlog{{cases.CallOffender, 2, 1, 0, 1}}; !reflect.DeepEqual(got, want) {
		t.Errorf("when they are due: %+v", got)
	}
	if got, want := counts(monday.Add(30*time.Hour), monday.Add(6*time.Hour)), []Backlog{{cases.CallOffender, 2, 1, 1, 1}}; !reflect.DeepEqual(got, want) {
		t.Errorf("a day later: %+v", got)
	}
}
