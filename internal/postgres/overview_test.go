package postgres

import (
	"testing"

	"powerline/cases"
)

func TestGivenCases_WhenCounted_ThenEachStandsWhereItIsAndTheNewestEventComesFirst(t *testing.T) {
	db := openDesk(t)
	db.register(complaint(t, "first"))
	db.register(complaint(t, "second"))
	counts, err := db.CountCases(t.Context())
	if err != nil || len(counts) != 1 || counts[0].N != 2 || counts[0].State == cases.Closed {
		t.Errorf("%+v %v, want two open cases at one place", counts, err)
	}
	moves, err := db.LatestMoves(t.Context(), 1)
	if err != nil || len(moves) != 1 || moves[0].Name != "filed" || moves[0].From != cases.Intake || moves[0].To != counts[0].State {
		t.Errorf("%+v %v, want the registration of the second case", moves, err)
	}
}
