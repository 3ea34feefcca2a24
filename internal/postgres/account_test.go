package postgres

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"powerline/internal/roster"
	"powerline/person"
)

func TestGivenAnAccount_WhenItLives_ThenSecretsAreSealedCodesAreGoodOnceAndChangesEndSessions(t *testing.T) {
	db, ctx, now := setup(t), t.Context(), time.Now().UTC().Truncate(time.Microsecond)
	hash, err := roster.HashPassword("a long enough password")
	if err != nil {
		t.Fatal(err)
	}
	u, err := db.AddAccount(ctx, Account{Login: "control", Role: "administrator", Password: hash, Made: now}, "test")
	if err != nil || !u.MustChange || u.Enrolled || !u.Active || u.Generation != 1 {
		t.Fatalf("%+v %v", u, err)
	}
	if _, err := db.AddAccount(ctx, Account{Login: "control", Role: "auditor", Password: hash, Made: now}, "test"); !errors.Is(err, ErrAccountExists) {
		t.Errorf("a name twice: %v", err)
	}
	if _, err := db.AddAccount(ctx, Account{Login: "seat", Role: "agent", Password: hash, Made: now}, "test"); err == nil {
		t.Error("a seat of nobody is taken")
	}

	const secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	words, err := person.NewWords(secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.UseCode(ctx, u.ID, 7, now); !errors.Is(err, ErrCodeUsed) {
		t.Errorf("a code without an authenticator: %v", err)
	}
	if err := db.BeginEnrolment(ctx, u.ID, words); err != nil {
		t.Fatal(err)
	}
	var sealed []byte
	if err := db.pool.QueryRow(ctx, `SELECT totp FROM console_accounts WHERE id = $1`, u.ID).Scan(&sealed); err != nil || bytes.Contains(sealed, []byte(secret)) {
		t.Errorf("the authenticator's secret is stored in clear, or not at all: %v", err)
	}
	if err := db.UseCode(ctx, u.ID, 7, now); err != nil {
		t.Errorf("the first code: %v", err)
	}
	for _, old := range []int64{7, 6} {
		if err := db.UseCode(ctx, u.ID, old, now); !errors.Is(err, ErrCodeUsed) {
			t.Errorf("step %d again: %v", old, err)
		}
	}
	if err := db.BeginEnrolment(ctx, u.ID, words); !errors.Is(err, ErrNoAccount) {
		t.Errorf("a second authenticator takes the place of the first: %v", err)
	}

	for range 3 {
		if err := db.SignInFailed(ctx, u.ID, now); err != nil {
			t.Fatal(err)
		}
	}
	if u, err = db.AccountByLogin(ctx, "control"); err != nil || u.Failed != 3 || !u.FailedAt.Equal(now) || !u.Enrolled || u.Authenticator.Show() != secret {
		t.Errorf("%+v %v", u, err)
	}
	if err := db.SignedIn(ctx, u.ID, "code", now); err != nil {
		t.Fatal(err)
	}
	generation, err := db.SetPassword(ctx, u.ID, hash, now)
	if err != nil || generation != 2 {
		t.Errorf("password: generation %d, %v", generation, err)
	}
	for what, change := range map[string]func() error{
		"lock":   func() error { return db.LockAccount(ctx, u.ID, true, "test", now) },
		"unlock": func() error { return db.LockAccount(ctx, u.ID, false, "test", now) },
		"role":   func() error { u.Role, u.Subject = "auditor", "police-7"; return db.SetAccount(ctx, u, "test", now) },
		"reset":  func() error { return db.ResetAccount(ctx, u.ID, hash, "test", now) },
	} {
		before := u.Generation
		if err := change(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		role, subject := u.Role, u.Subject
		if u, err = db.Account(ctx, u.ID); err != nil || u.Generation <= before {
			t.Errorf("%s: generation %d after %d, %v", what, u.Generation, before, err)
		}
		u.Role, u.Subject = role, subject
	}
	if got, err := db.AccountBySubject(ctx, "police-7"); err != nil || got.ID != u.ID || got.Role != "auditor" || got.Enrolled || got.Authenticator.Known() {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := db.AccountBySubject(ctx, ""); !errors.Is(err, ErrNoAccount) {
		t.Errorf("no subject is somebody: %v", err)
	}
	deeds, err := db.Deeds(ctx, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var actions []string
	for _, d := range deeds {
		actions = append(actions, d.Action)
	}
	for _, want := range []string{"account-added", "authenticator-enrolled", "signed-in", "password-changed", "account-locked", "account-unlocked", "account-changed", "account-reset"} {
		if !strings.Contains(strings.Join(actions, " "), want) {
			t.Errorf("the audit has no %s: %v", want, actions)
		}
	}
}

func TestGivenASession_WhenItsTimeIsOver_ThenItIsNotFoundAndSwept(t *testing.T) {
	db, ctx, now := setup(t), t.Context(), time.Now().UTC()
	hash := strings.Repeat("h", 43)
	for range 2 {
		if err := db.KeepSession(ctx, hash, []byte("data"), now.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	if data, _, found, err := db.Session(ctx, hash, now); err != nil || !found || string(data) != "data" {
		t.Errorf("%q %v %v", data, found, err)
	}
	if _, _, found, err := db.Session(ctx, hash, now.Add(2*time.Minute)); err != nil || found {
		t.Errorf("over: %v %v", found, err)
	}
	if err := db.SweepSessions(ctx, now.Add(2*time.Minute)); err != nil || db.count(t, "console_sessions") != 0 {
		t.Errorf("swept: %v, %d left", err, db.count(t, "console_sessions"))
	}
	if err := db.EndSession(ctx, hash); err != nil {
		t.Errorf("ending what has ended: %v", err)
	}
}
