package postgres

import (
	"errors"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"powerline/agent"
	"powerline/internal/roster"
)

var samePerson = cmp.Options{
	cmp.Comparer(func(a, b roster.Name) bool { return a == b }), cmp.Comparer(func(a, b roster.Secret) bool { return a == b }),
	cmpopts.EquateEmpty(), cmpopts.IgnoreFields(roster.Person{}, "Version"),
}

func onRoster(t *testing.T, id, name string) roster.Person {
	t.Helper()
	n, err := roster.NewName(name)
	if err != nil {
		t.Fatal(err)
	}
	return roster.Person{
		Profile: agent.Profile{ID: agent.ID(id), Woman: true, Senior: true, Languages: []string{"hi", "bho"}, Categories: []string{"crisis"}, Outbound: []string{"feedback"}},
		Name:    n, Active: true, SIP: roster.StoredSecret(strings.Repeat("0f", 16)), PIN: roster.StoredSecret("$argon2id$x"),
	}
}

func TestGivenPersons_WhenImported_ThenTheRosterHasThemAndItsVersionMoved(t *testing.T) {
	db := setup(t)
	before, err := db.RosterVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	officer := roster.Person{Profile: agent.Profile{ID: "b001", Officer: true}, Name: onRoster(t, "x", "Ram Singh").Name}
	want := []roster.Person{onRoster(t, "a001", "सीता देवी"), onRoster(t, "a002", "Asha"), officer}
	if err := db.ImportRoster(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	got, version, err := db.Roster(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, samePerson); d != "" {
		t.Fatal(d)
	}
	if again, _ := db.RosterVersion(t.Context()); version <= before || again != version {
		t.Fatalf("version went %d → %d, read again %d", before, version, again)
	}
}

func TestGivenOneBadPerson_WhenImported_ThenNobodyIsStored(t *testing.T) {
	db := setup(t)
	bad := onRoster(t, "a002", "Asha")
	bad.Profile.Officer = true // the schema knows the law too
	err := db.ImportRoster(t.Context(), []roster.Person{onRoster(t, "a001", "Usha"), bad})
	if err == nil || !strings.Contains(err.Error(), "officer_is_a_man") || strings.Contains(err.Error(), "Asha") {
		t.Fatalf("want the constraint's name and no person's: %v", err)
	}
	if n := db.count(t, "agents"); n != 0 {
		t.Fatalf("%d persons were stored", n)
	}
}

func TestGivenARosterThatMoved_WhenAnOldStateIsStored_ThenItIsRefusedWhole(t *testing.T) {
	db := setup(t)
	if err := db.ImportRoster(t.Context(), []roster.Person{onRoster(t, "a001", "Usha")}); err != nil {
		t.Fatal(err)
	}
	stale, err := db.Person(t.Context(), "a001")
	if err != nil {
		t.Fatal(err)
	}
	fresh := stale
	fresh.Active = false
	if err := db.SetAgent(t.Context(), fresh); err != nil {
		t.Fatal(err)
	}
	if err := db.ImportRoster(t.Context(), []roster.Person{onRoster(t, "a002", "Asha"), stale}); !errors.Is(err, ErrRosterChanged) {
		t.Fatalf("got %v", err)
	}
	if err := db.ImportRoster(t.Context(), []roster.Person{onRoster(t, "a001", "Another")}); !errors.Is(err, ErrRosterChanged) {
		t.Fatalf("a new agent over a stored one: %v", err)
	}
	if p, _ := db.Person(t.Context(), "a001"); p.Active || db.count(t, "agents") != 1 {
		t.Fatal("a refused import changed something")
	}
}

func TestGivenNobody_WhenAsked_ThenItSaysSo(t *testing.T) {
	db := setup(t)
	if _, err := db.Person(t.Context(), "a404"); !errors.Is(err, ErrNoAgent) {
		t.Fatalf("got %v", err)
	}
}

func TestGivenSeveralProcesses_WhenTheyMigrateAtOnce_ThenAllSucceed(t *testing.T) {
	dsn := address(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			db, err := Open(t.Context(), dsn, Options{})
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			if err := db.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
			if _, behind, err := db.Server(t.Context()); err != nil || behind != 0 {
				t.Errorf("behind %d, %v", behind, err)
			}
		})
	}
	all.Wait()
}

func TestGivenAnEmptyDatabase_WhenLookedAt_ThenItIsBehind(t *testing.T) {
	db, err := Open(t.Context(), address(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	files := len(names)
	if version, behind, err := db.Server(t.Context()); err != nil || behind != files || version == "" {
		t.Fatalf("version %q, behind %d, %v", version, behind, err)
	}
}

func TestGivenAnAddressWithAMistake_WhenOpened_ThenTheErrorRepeatsNoPassword(t *testing.T) {
	for _, dsn := range []string{"postgres://u:hunter2@host:notaport/db", "hunter2", "postgres://u:hunter2@%zz/"} {
		db, err := Open(t.Context(), dsn, Options{})
		if err == nil {
			db.Close()
			t.Errorf("%q was taken", dsn)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	}
}
