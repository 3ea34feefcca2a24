package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"powerline/agent"
	"powerline/cases"
	"powerline/internal/intake"
	"powerline/internal/roster"
	"powerline/number"
	"powerline/person"
)

// monday, 11:00 in Lucknow: every window is open.
var monday = time.Date(2026, 11, 23, 5, 30, 0, 0, time.UTC)

// What must never be found in the database in the plain.
const (
	herName, hisName, contactName = "Sita Devi Chandravati", "Ravan Kumar Lankesh", "Mandodari Mayasuta"
	herAddress                    = "12 Ashok Vatika, Hazratganj"
	herCodeWord, herDuress        = "peacock feather", "kettle is boiling"
	herAskFor, herStory           = "Priyamvada", "he follows me from the college gate"
	herNumber, hisNumber          = "9812345670", "9823456781"
	contactNumber, otherNumber    = "9834567892", "9845678903"
)

var canaries = []string{
	herName, hisName, contactName, herAddress, herCodeWord, herDuress, herAskFor, herStory, herNumber, hisNumber, contactNumber, otherNumber,
	"Chandravati", "Lankesh", "Mandodari",
}

// desk is a database with the people who work at the helpline.
type desk struct {
	*DB
	t      *testing.T
	rules  cases.Rules
	minted int
}

func openDesk(t *testing.T) *desk {
	t.Helper()
	db := setup(t)
	var staff []roster.Person
	for _, p := range []agent.Profile{
		{ID: "asha", Woman: true, Languages: []string{"hi"}}, {ID: "bina", Woman: true, Languages: []string{"hi"}},
		{ID: "chitra", Woman: true, Counsellor: true, Languages: []string{"hi"}}, {ID: "dinesh", Officer: true}, {ID: "ekram", Officer: true},
		{ID: "farid"},
	} {
		staff = append(staff, roster.Person{Profile: p, Name: onRoster(t, "x", "Somebody").Name, Active: true})
	}
	if err := db.ImportRoster(t.Context(), staff); err != nil {
		t.Fatal(err)
	}
	return &desk{DB: db, t: t, rules: cases.DefaultRules()}
}

func words(t *testing.T, text string) person.Words {
	t.Helper()
	w, err := person.NewWords(text)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func party(t *testing.T, name string, sex intake.Sex, numbers ...string) intake.Party {
	t.Helper()
	n, err := person.NewName(name)
	if err != nil {
		t.Fatal(err)
	}
	p := intake.Party{Name: n, Sex: sex}
	for _, text := range numbers {
		one, err := number.ParseDialable(text)
		if err != nil {
			t.Fatal(err)
		}
		p.Numbers = append(p.Numbers, one)
	}
	return p
}

// complaint is a registration as an agent takes it down.
func complaint(t *testing.T, reference string) intake.Registration {
	t.Helper()
	r := intake.Registration{
		Case: intake.CaseID(reference), EventID: "filed/" + reference, At: monday, Taker: "asha", District: "Lucknow", Category: "phone",
		Account: words(t, herStory),
		Victim:  party(t, herName, intake.Woman, herNumber), Offender: party(t, hisName, intake.Man, hisNumber),
		Terms:  cases.Terms{MayCall: true, Opening: "courier", Language: "hi"},
		Triage: cases.Triage{Track: cases.Counsellable, Agrees: true},
	}
	r.Victim.Address = words(t, herAddress)
	contact := party(t, contactName, intake.Woman, contactNumber)
	contact.Approved, contact.Relation = true, "sister"
	r.Contacts = []intake.Party{contact}
	r.Safe = []intake.SafeContact{{
		Number: r.Victim.Numbers[0], Whose: "own", CodeWord: words(t, herCodeWord), DuressWord: words(t, herDuress), AskFor: words(t, herAskFor),
		VerifiedAt: monday,
	}}
	return r
}

func (d *desk) register(r intake.Registration) CaseFile {
	d.t.Helper()
	done, err := d.Register(d.t.Context(), d.rules, r)
	if err != nil {
		d.t.Fatal(err)
	}
	return done.File
}

// dueTask is the only task that is due at the moment.
func (d *desk) dueTask(at time.Time) Work {
	d.t.Helper()
	all, err := d.Due(d.t.Context(), d.rules, at, 10)
	if err != nil || len(all) != 1 {
		d.t.Fatalf("%d tasks are due at %v, %v", len(all), at, err)
	}
	return all[0]
}

func (d *desk) attempt(w Work, by agent.ID, at time.Time) Attempt {
	d.minted++
	return Attempt{
		ID: fmt.Sprintf("a%d", d.minted), Task: w.Task.ID, Case: w.CaseID, Kind: w.Task.Kind, Number: w.Task.Number, Agent: by, CallerID: "1090", At: at,
	}
}

// dial starts an attempt and ends it with the result, answered after 5 s.
func (d *desk) dial(w Work, by agent.ID, at time.Time, result string) Attempt {
	d.t.Helper()
	a := d.attempt(w, by, at)
	if err := d.StartAttempt(d.t.Context(), d.rules, a); err != nil {
		d.t.Fatal(err)
	}
	d.end(a, result)
	return a
}

func (d *desk) end(a Attempt, result string) {
	d.t.Helper()
	end := AttemptEnd{Attempt: a.ID, Owner: "dialer-1", Agent: string(a.Agent), Result: result, Dialled: a.At.Add(time.Second), Ended: a.At.Add(time.Minute)}
	switch result {
	case "answered":
		end.Answered = a.At.Add(6 * time.Second)
	case NotPlaced:
		end.Dialled = time.Time{}
	}
	if err := d.WriteRecords(d.t.Context(), []Record{end}); err != nil {
		d.t.Fatal(err)
	}
	if n := d.Refused(); n != 0 {
		d.t.Fatalf("%d ends were refused", n)
	}
}

// talk dials, is answered, and records the outcome.
func (d *desk) talk(at time.Time, by agent.ID, outcome cases.Outcome) Step {
	d.t.Helper()
	a := d.dial(d.dueTask(at), by, at, "answered")
	s, err := d.RecordOutcome(d.t.Context(), d.rules, Report{EventID: "outcome/" + a.ID, Attempt: a.ID, By: by, At: at.Add(2 * time.Minute), Outcome: outcome})
	if err != nil || s.Verdict != cases.Applied {
		d.t.Fatalf("%s: %s, %v", outcome, s.Verdict, err)
	}
	return s
}

// fire fires the only timer that is due.
func (d *desk) fire(at time.Time) Step {
	d.t.Helper()
	due, err := d.DueTimers(d.t.Context(), at, 10)
	if err != nil || len(due) != 1 {
		d.t.Fatalf("%d timers are due at %v, %v", len(due), at, err)
	}
	s, err := d.FireTimer(d.t.Context(), d.rules, due[0], at)
	if err != nil || s.Verdict != cases.Applied {
		d.t.Fatalf("%v: %s, %v", due[0], s.Verdict, err)
	}
	return s
}

const day = 24 * time.Hour

func (d *desk) state(id string) cases.State {
	d.t.Helper()
	f, err := d.Case(d.t.Context(), id)
	if err != nil {
		d.t.Fatal(err)
	}
	return f.Case.State
}

func TestGivenAComplaint_WhenRegistered_ThenItIsStoredOnceWithItsTaskAndItsAudit(t *testing.T) {
	d := openDesk(t)
	first := d.register(complaint(t, "r1"))
	again, err := d.Register(t.Context(), d.rules, complaint(t, "r1"))
	if err != nil || !again.Again || again.File.Docket != first.Docket || again.File.Case.Version != 1 {
		t.Fatalf("%+v, %v", again, err)
	}
	if !ValidDocket(first.Docket) || first.Case.State != cases.CounselDue {
		t.Fatalf("docket %s, %s", first.Docket, first.Case.State)
	}
	for table, want := range map[string]int{
		"cases": 1, "case_events": 1, "parties": 3, "numbers": 3, "party_numbers": 3, "safe_contacts": 1, "tasks": 1, "audit": 1,
	} {
		if n := d.count(t, table); n != want {
			t.Errorf("%s has %d rows, want %d", table, n, want)
		}
	}
	other := complaint(t, "r1")
	other.EventID = "another"
	if _, err := d.Register(t.Context(), d.rules, other); !errors.Is(err, ErrCaseExists) {
		t.Errorf("another complaint under the same id: %v", err)
	}
	found, err := d.Cases(t.Context(), CaseFilter{Docket: first.Docket, Number: first.Case.Offender.Numbers[0].Print, Role: cases.Offender, Open: true})
	if err != nil || len(found) != 1 || found[0].Case.ID != first.Case.ID {
		t.Errorf("not found by docket and number: %v, %v", found, err)
	}
}

func TestGivenAWholeLife_WhenEverySheSaysIsGood_ThenTheCaseIsResolvedByHerFinalWord(t *testing.T) {
	d := openDesk(t)
	f := d.register(complaint(t, "r1"))
	d.talk(monday.Add(time.Minute), "dinesh", cases.Warned)
	at := monday.Add(3*day + time.Hour)
	d.talk(at, "bina", cases.Satisfied)
	if s := d.state(f.Case.ID); s != cases.Watch {
		t.Fatalf("in %s", s)
	}
	file, _ := d.Case(t.Context(), f.Case.ID)
	final := file.Case.FinalDue
	if due, err := d.DueTimers(t.Context(), final.Add(-time.Second), 10); err != nil || len(due) != 0 {
		t.Fatalf("fires early: %v, %v", due, err)
	}
	early := Timer{Case: f.Case.ID, Name: cases.FinalTimer, Due: final}
	if s, err := d.FireTimer(t.Context(), d.rules, early, final.Add(-time.Second)); err != nil || s.Verdict != cases.Ignored {
		t.Fatalf("fired early: %s, %v", s.Verdict, err)
	}
	late := final.Add(5 * day) // the machine was off
	d.fire(late)
	if s, err := d.FireTimer(t.Context(), d.rules, early, late); err != nil || s.Verdict != cases.Ignored {
		t.Fatalf("fired twice: %s, %v", s.Verdict, err)
	}
	d.talk(late.Add(time.Hour), "chitra", cases.Positive)
	file, err := d.Case(t.Context(), f.Case.ID)
	if err != nil || file.Case.Closure != cases.Resolved {
		t.Fatalf("%+v, %v", file.Case, err)
	}
	history, err := d.CaseHistory(t.Context(), f.Case.ID)
	if err != nil {
		t.Fatal(err)
	}
	var moves []string
	for i, e := range history {
		if e.Version != int64(i+1) {
			t.Errorf("version %d at place %d", e.Version, i+1)
		}
		moves = append(moves, e.Moves...)
	}
	if got := strings.Join(moves, " "); got != "T1 T3 T6 T8 T17 T19" {
		t.Errorf("moves %s", got)
	}
	if rows, _, err := d.VerifyAudit(t.Context()); err != nil || rows != int64(len(history)) {
		t.Errorf("%d rows of audit for %d events, %v", rows, len(history), err)
	}
}

func TestGivenAnEvent_WhenAppliedAgainOrOnAnOldVersion_ThenTheCaseMovesOnce(t *testing.T) {
	d := openDesk(t)
	f := d.register(complaint(t, "r1"))
	hold := cases.Event{ID: "hold", Version: 1, At: monday, By: "asha", What: cases.Decided{Do: cases.HoldBack}}
	for i, want := range []cases.Verdict{cases.Applied, cases.Twice} {
		if s, err := d.Apply(t.Context(), d.rules, f.Case.ID, hold, intake.Told{}); err != nil || s.Verdict != want || s.Case.Version != 2 {
			t.Fatalf("%d: %s, version %d, %v", i, s.Verdict, s.Case.Version, err)
		}
	}
	stale := hold
	stale.ID = "another"
	if s, err := d.Apply(t.Context(), d.rules, f.Case.ID, stale, intake.Told{}); err != nil || s.Verdict != cases.Stale {
		t.Fatalf("%s, %v", s.Verdict, err)
	}
	if n := d.count(t, "case_events"); n != 2 {
		t.Fatalf("%d events", n)
	}
	if _, err := d.Apply(t.Context(), d.rules, intake.CaseID("none"), hold, intake.Told{}); !errors.Is(err, ErrNoCase) {
		t.Fatalf("no case: %v", err)
	}
}

func TestGivenManyWhoDecideAtOnce_WhenTheyDecidedOnOneVersion_ThenOneWins(t *testing.T) {
	d := openDesk(t)
	f := d.register(complaint(t, "r1"))
	verdicts := make(chan cases.Verdict, 8)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			s, err := d.Apply(t.Context(), d.rules, f.Case.ID, cases.Event{
				ID: fmt.Sprintf("e%d", i), Version: 1, At: monday, By: "asha", What: cases.Decided{Do: cases.HoldBack},
			}, intake.Told{})
			if err != nil {
				t.Error(err)
			}
			verdicts <- s.Verdict
		})
	}
	all.Wait()
	close(verdicts)
	count := map[cases.Verdict]int{}
	for v := range verdicts {
		count[v]++
	}
	if count[cases.Applied] != 1 || count[cases.Stale] != 7 {
		t.Fatal(count)
	}
}

func TestGivenManyWhoRegisterTheSameComplaint_WhenAtOnce_ThenItIsThereOnce(t *testing.T) {
	d := openDesk(t)
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			if _, err := d.Register(t.Context(), d.rules, complaint(t, "same")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := d.count(t, "cases"); n != 1 {
		t.Fatalf("%d cases", n)
	}
}

func TestGivenAnImportWithOneBadComplaint_WhenRegistered_ThenNoneIsStored(t *testing.T) {
	d := openDesk(t)
	bad := complaint(t, "r2")
	bad.Taker = "dinesh" // only a woman registers
	_, err := d.RegisterAll(t.Context(), d.rules, []intake.Registration{complaint(t, "r1"), bad})
	if !errors.Is(err, ErrNotAllowed) || !strings.Contains(err.Error(), "number 2") {
		t.Fatalf("%v", err)
	}
	if n := d.count(t, "cases") + d.count(t, "numbers") + d.count(t, "audit"); n != 0 {
		t.Fatalf("%d rows were stored", n)
	}
	station := complaint(t, "r3")
	station.Station = "lko-hazratganj"
	if _, err := d.Register(t.Context(), d.rules, station); !errors.Is(err, ErrNoStation) {
		t.Fatalf("a station that nobody knows: %v", err)
	}
	if err := d.ImportStations(t.Context(), []Station{{ID: "lko-hazratganj", District: "Lucknow", Name: "Hazratganj", Active: true}}, "operator", monday); err != nil {
		t.Fatal(err)
	}
	if f := d.register(station); f.Station != "lko-hazratganj" {
		t.Fatal(f.Station)
	}
	station = complaint(t, "r4")
	station.Station, station.District = "lko-hazratganj", "Agra"
	if _, err := d.Register(t.Context(), d.rules, station); !errors.Is(err, ErrNoStation) {
		t.Fatalf("a station of another district: %v", err)
	}
}

func TestGivenThreeComplainantsAgainstOneNumber_WhenTheThirdIsRegistered_ThenItGoesStraightToTheStation(t *testing.T) {
	d := openDesk(t)
	for i, want := range []cases.State{cases.CounselDue, cases.CounselDue, cases.StationOpen} {
		r := complaint(t, fmt.Sprint(i))
		r.Victim = party(t, herName, intake.Woman, fmt.Sprintf("981234500%d", i))
		r.Safe = nil
		if f := d.register(r); f.Case.State != want {
			t.Fatalf("complainant %d: %s", i+1, f.Case.State)
		}
	}
	all, err := d.TakeDeliveries(t.Context(), monday, time.Minute, 10)
	if err != nil || len(all) != 1 || all[0].Topic != "dossier" || !strings.Contains(string(all[0].Body), `"district": "Lucknow"`) {
		t.Fatalf("%v, %v", all, err)
	}
}

func TestGivenWhatSheTellsLater_WhenAnOutcomeIsRecorded_ThenNumbersAndContactsAreSealedAndInTheCase(t *testing.T) {
	d := openDesk(t)
	r := complaint(t, "r1")
	r.Contacts = nil
	f := d.register(r)
	d.talk(monday.Add(time.Minute), "dinesh", cases.Warned)
	at := monday.Add(3*day + time.Hour)
	a := d.dial(d.dueTask(at), "bina", at, "answered")
	contact := party(t, contactName, intake.Woman, contactNumber)
	contact.Approved = true
	s, err := d.RecordOutcome(t.Context(), d.rules, Report{
		EventID: "o1", Attempt: a.ID, By: "bina", At: at.Add(time.Minute), Outcome: cases.StillHarassed,
		Told: intake.Told{Contacts: []intake.Party{contact}, Numbers: party(t, "", intake.NotKnown, otherNumber).Numbers},
	})
	if err != nil || s.Verdict != cases.Applied || s.Case.State != cases.FFRDue || len(s.Case.Offender.Numbers) != 2 {
		t.Fatalf("%s in %s, %v", s.Verdict, s.Case.State, err)
	}
	w := d.dueTask(at.Add(time.Hour))
	if w.Task.Kind != cases.CallContact || w.Task.Party != s.Case.Contacts[0].ID {
		t.Fatalf("%+v", w.Task)
	}
	opened, err := d.OpenParty(t.Context(), f.Case.ID, w.Task.Party, Reader{By: "ekram", Why: "preview", At: at})
	if err != nil || opened.Name.Show() != contactName || opened.Numbers[0].Number.Show() != "+91"+contactNumber {
		t.Fatalf("%v, %v", opened, err)
	}
	deeds, err := d.Deeds(t.Context(), 0, 100)
	if err != nil || !slices.ContainsFunc(deeds, func(d Deed) bool { return d.Action == "parties-opened" && d.By == "ekram" }) {
		t.Fatalf("nothing in the audit: %v, %v", deeds, err)
	}
	if _, err := d.OpenParty(t.Context(), f.Case.ID, intake.PartyID("x", "y", 1), Reader{By: "ekram", At: at}); !errors.Is(err, ErrNoParty) {
		t.Fatalf("nobody: %v", err)
	}
}

func TestGivenWhatIsSealed_WhenOpenedByAReader_ThenItIsWhatSheSaidAndWrittenDown(t *testing.T) {
	d := openDesk(t)
	f := d.register(complaint(t, "r1"))
	reader := Reader{By: "bina", Why: "preview", At: monday}
	safe, err := d.OpenSafeContact(t.Context(), f.Case.ID, f.Case.Victim.Numbers[0].Print, reader)
	if err != nil || safe.CodeWord.Show() != herCodeWord || safe.DuressWord.Show() != herDuress || safe.AskFor.Show() != herAskFor || safe.Whose != "own" {
		t.Fatalf("%v, %v", safe, err)
	}
	story, err := d.OpenAccount(t.Context(), f.Case.ID, reader)
	if err != nil || story.Show() != herStory {
		t.Fatalf("%v, %v", story, err)
	}
	all, err := d.OpenParties(t.Context(), f.Case.ID, reader)
	if err != nil || len(all) != 3 || all[0].Role != cases.Victim || all[0].Name.Show() != herName || all[0].Address.Show() != herAddress ||
		all[1].Role != cases.Offender || all[1].Numbers[0].Number.Show() != "+91"+hisNumber {
		t.Fatalf("%v, %v", all, err)
	}
	if n := d.count(t, "audit WHERE action LIKE '%-opened'"); n != 3 {
		t.Fatalf("%d rows of audit for 3 readings", n)
	}
}

func TestGivenNoKeys_WhenSomethingPrivateIsTouched_ThenItIsRefused(t *testing.T) {
	d := openDesk(t)
	f := d.register(complaint(t, "r1"))
	d.opts.Keys = Keys{}
	if _, err := d.Register(t.Context(), d.rules, complaint(t, "r2")); !errors.Is(err, ErrNoKeys) {
		t.Error(err)
	}
	if _, err := d.OpenParties(t.Context(), f.Case.ID, Reader{By: "asha", At: monday}); !errors.Is(err, ErrNoKeys) {
		t.Error(err)
	}
	if _, err := d.NumberToDial(t.Context(), "a1"); !errors.Is(err, ErrNoKeys) {
		t.Error(err)
	}
	if text := fmt.Sprintf("%v %+v %#v", testKeys, testKeys, Options{Keys: testKeys}); strings.Contains(text, "7, 7") || strings.Contains(text, "7 7") {
		t.Error("the keys show: " + text)
	}
}

// Each is a sentence about cases that the schema must not let pass, whatever
// the program believes.
func TestGivenWhatCannotBeTrue_WhenWrittenToTheTables_ThenTheSchemaRefuses(t *testing.T) {
	d := openDesk(t)
	f := d.register(complaint(t, "r1"))
	task := string(f.Case.Tasks[0].ID)
	for name, sql := range map[string]string{
		"an offender's task for women": `UPDATE tasks SET pool = 'women'`,
		"a victim's task for men": `INSERT INTO tasks (id, case_id, kind, why, made, due, window_days, window_from, window_to, pull, pool, officer, counsellor, excluded,
	only_agent, priority, opening, language, doc)
	SELECT 't' || repeat('a', 16), case_id, 'feedback', why, made, due, window_days, window_from, window_to, pull, 'male-officers', officer, counsellor, excluded,
		only_agent, priority, '', '', jsonb_build_object('id', 't' || repeat('a', 16), 'kind', 'feedback') FROM tasks`,
		"an offender's task with her language": `UPDATE tasks SET language = 'hi'`,
		"a closed case with an open task":      `UPDATE cases SET state = 'closed', closure = 'withdrawn', nexts = 0, version = 2, doc = doc || '{"state":"closed","version":2}'`,
		"a case resolved without her word": `WITH ended AS (UPDATE tasks SET ended_as = 'done', ended_at = now() RETURNING id),
				event AS (INSERT INTO case_events SELECT case_id, 2, 'x', at, by, name, 'satisfied', from_state, to_state, effects, moves, body FROM case_events RETURNING version)
			UPDATE cases SET state = 'closed', closure = 'resolved', resolved_version = 2, nexts = 0, version = 2, doc = doc || '{"state":"closed","version":2}'`,
		"a case resolved by nothing":             `UPDATE cases SET closure = 'resolved'`,
		"an open case that waits for nothing":    `UPDATE cases SET nexts = 0, version = 2`,
		"an open case that waits for two things": `UPDATE cases SET nexts = 2, version = 2`,
		"a version without its event":            `UPDATE cases SET version = 2, doc = doc || '{"version":2}'`,
		"a version that goes back":               `UPDATE cases SET version = 0`,
		"a case changed without an event":        `UPDATE cases SET doc = doc || '{"round":7}'`,
		"a document of another state":            `UPDATE cases SET state = 'watch'`,
		"a case without a trace":                 `DELETE FROM cases`,
		"a history rewritten":                    `UPDATE case_events SET by = 'dinesh'`,
		"a history cut":                          `DELETE FROM case_events`,
		"a history emptied":                      `TRUNCATE case_events CASCADE`,
		"an event applied twice":                 `INSERT INTO case_events SELECT case_id, 2, event_id, at, by, name, outcome, from_state, to_state, effects, moves, body FROM case_events`,
		"a plain number":                         `INSERT INTO numbers VALUES ('0123456789abcdef0123456789abcdef', '+919812345670')`,
		"a plain number as a fingerprint":        `INSERT INTO numbers VALUES ('+919812345670', decode(repeat('00', 61), 'hex'))`,
		"a plain name":                           `UPDATE parties SET name = 'Sita Devi'`,
		"a plain account":                        `UPDATE cases SET account = 'he follows me'`,
		"a second victim":                        `UPDATE parties SET role = 'victim'`,
		"a district that is none":                `UPDATE cases SET district = 'Hazratganj'`,
		"a 76th district by another name":        `DELETE FROM districts WHERE name = 'Agra'`,
		"a task of nobody's case": `INSERT INTO tasks (id, case_id, kind, why, made, due, window_days, window_from, window_to, pull, pool, officer, counsellor, excluded,
	only_agent, priority, opening, language, doc)
	SELECT 't' || repeat('a', 16), NULL, 'feedback', why, made, due, window_days, window_from, window_to, pull, 'women', officer, counsellor, excluded,
		only_agent, priority, '', '', jsonb_build_object('id', 't' || repeat('a', 16), 'kind', 'feedback') FROM tasks`,
		"an attempt by a woman at an offender":       `INSERT INTO attempts VALUES ('x', '` + task + `', NULL, 'offender', (SELECT number FROM tasks), 'asha', '1090', now())`,
		"an attempt by a man who is no officer":      `INSERT INTO attempts VALUES ('x', '` + task + `', NULL, 'offender', (SELECT number FROM tasks), 'farid', '1090', now())`,
		"an attempt of another kind than its task's": `INSERT INTO attempts VALUES ('x', '` + task + `', NULL, 'ffr', (SELECT number FROM tasks), 'dinesh', '1090', now())`,
		"a pause of desk work":                       `INSERT INTO paused_kinds VALUES ('identify', 'asha', now(), '')`,
		"an audit rewritten":                         `UPDATE audit SET actor = 'nobody'`,
		"an audit cut":                               `DELETE FROM audit`,
		"an audit emptied":                           `TRUNCATE audit`,
		"an audit's head set back":                   `UPDATE audit_head SET seq = 0`,
		"an audit's head removed":                    `DELETE FROM audit_head`,
	} {
		t.Run(name, func(t *testing.T) {
			var refused *pgconn.PgError
			if _, err := d.pool.Exec(t.Context(), sql); !errors.As(err, &refused) || !strings.HasPrefix(refused.Code, "23") {
				t.Errorf("the schema took it, or did not know why not: %v: %s", err, sql)
			}
		})
	}
	if s := d.state(f.Case.ID); s != cases.CounselDue {
		t.Error("something got through")
	}
}

func TestGivenALifeOfCases_WhenTheWholeDatabaseIsDumped_ThenNoNameAndNoNumberIsInIt(t *testing.T) {
	d := openDesk(t)
	f := d.register(complaint(t, "r1"))
	d.talk(monday.Add(time.Minute), "dinesh", cases.Warned)
	at := monday.Add(3*day + time.Hour)
	a := d.dial(d.dueTask(at), "bina", at, "answered")
	if _, err := d.RecordOutcome(t.Context(), d.rules, Report{EventID: "o1", Attempt: a.ID, By: "bina", At: at, Outcome: cases.StillHarassed,
		Told: intake.Told{Numbers: party(t, "", intake.NotKnown, otherNumber).Numbers}}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.CallBack(t.Context(), d.rules, cases.GaveUp{Call: "c1", Left: at, Waited: time.Minute}, number.FromCaller(otherNumber)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.OpenParties(t.Context(), f.Case.ID, Reader{By: "asha", Why: "dossier", At: at}); err != nil {
		t.Fatal(err)
	}
	if err := d.SetAside(t.Context(), d.dueContact(at.Add(time.Hour)), "asha", "impossible", at); err != nil {
		t.Fatal(err)
	}
	dump := d.dump(t.Context())
	if len(dump) < 10000 || !strings.Contains(dump, f.Case.ID) {
		t.Fatalf("this is no dump: %d bytes", len(dump))
	}
	for _, canary := range canaries {
		if strings.Contains(strings.ToLower(dump), strings.ToLower(canary)) || strings.Contains(dump, fmt.Sprintf("%x", canary)) {
			t.Errorf("%q is in the database", canary)
		}
	}
}

// dueContact is the task of the contact that is due.
func (d *desk) dueContact(at time.Time) cases.TaskID {
	d.t.Helper()
	all, err := d.Due(d.t.Context(), d.rules, at, 10)
	if err != nil {
		d.t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(w Work) bool { return w.Task.Kind == cases.CallContact })
	if i < 0 {
		d.t.Fatalf("no contact is due: %v", all)
	}
	return all[i].Task.ID
}

// dump is every row of every table as text; bytes are in hexadecimal digits.
func (d *desk) dump(ctx context.Context) string {
	d.t.Helper()
	var text strings.Builder
	rows, err := d.pool.Query(ctx, `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`)
	if err != nil {
		d.t.Fatal(err)
	}
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			d.t.Fatal(err)
		}
		tables = append(tables, name)
	}
	for _, table := range tables {
		var all string
		if err := d.pool.QueryRow(ctx, `SELECT coalesce(string_agg(t::text, E'\n'), '') FROM `+table+` t`).Scan(&all); err != nil {
			d.t.Fatal(err)
		}
		text.WriteString(table + "\n" + all + "\n")
	}
	return text.String()
}
