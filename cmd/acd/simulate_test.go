package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"powerline/agent"
	"powerline/internal/config"
	"powerline/internal/day"
	"powerline/internal/postgres"
	"powerline/internal/roster"
	"powerline/internal/stack"
	"powerline/internal/stack/stacktest"
)

// small is a profile of few callers, so that a day takes a moment.
func small(t *testing.T) string {
	t.Helper()
	p := day.Weekday()
	p.CallsPerDay = 400
	p.Agents = p.Agents[60:]
	for i := range p.Outbound {
		p.Outbound[i].Attempts /= 50
	}
	text, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "small.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSimulatePlaysDaysAndSaysWhatCameOfThem(t *testing.T) {
	profile := small(t)
	none := filepath.Join(t.TempDir(), "none.yaml")
	page := filepath.Join(t.TempDir(), "day.html")
	args := []string{"simulate", "--profile", profile, "--seeds", "1-2", "--what-if", "inbound=x2,absent=10%"}
	r := command(t, "", append(args, "--report", page)...).want(t, operatorOK,
		"all: answered within 15 s, %", "INBOUND=X2,ABSENT=10%", "every law held at every step", "report: "+page)
	r.never(t, "app_queue")
	if text, err := os.ReadFile(page); err != nil || !strings.Contains(string(text), "inbound=x2,absent=10%") {
		t.Errorf("report: %v", err)
	}
	var settings []struct {
		Title         string
		Days, Callers int
	}
	out := command(t, "", append(args, "--json")...).want(t, operatorOK)
	if err := json.Unmarshal([]byte(out.out), &settings); err != nil || len(settings) != 2 || settings[0].Days != 2 || settings[1].Callers < settings[0].Callers {
		t.Errorf("%v %+v", err, settings)
	}
	command(t, "", "simulate", "--profile", profile, "--seeds", "3", "--against").want(t, operatorOK, "MOD_CALLCENTER, TUNED")
	command(t, "", "simulate", "--profile", profile, "--seeds", "3", "--faults").want(t, operatorOK, "every law held")
	command(t, "", "simulate", "--config", none).want(t, 1, "none.yaml")
}

const operatorOK = 0

func TestSimulateRefusesWhatItDoesNotUnderstand(t *testing.T) {
	profile := small(t)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"simulate", "--seeds", "5-1"}, `--seeds "5-1"`},
		{[]string{"simulate", "--seeds", "1-99999999"}, "at most 10000"},
		{[]string{"simulate", "--what-if", "dragons=+1"}, `"dragons" is neither a team`},
		{[]string{"simulate", "--profile", "/nowhere.yaml"}, "read the profile"},
		{[]string{"staffing", "--profile", profile, "--target", "90"}, `--target "90"`},
		{[]string{"staffing", "--profile", profile, "--attempts", "all"}, `--attempts "all"`},
		{[]string{"profile", "learn", "--from", "yesterday"}, `--from "yesterday"`},
	} {
		command(t, "", c.args...).want(t, 1, c.want)
	}
}

func TestStaffingProposesShiftsThatCanBePlayed(t *testing.T) {
	proposal := filepath.Join(t.TempDir(), "proposal.yaml")
	r := command(t, "", "staffing", "--profile", small(t), "--days", "1", "--attempts", "0%", "--out", proposal)
	if r.code != 0 && r.code != 2 {
		t.Fatalf("exit code %d: %s", r.code, r.err)
	}
	r.want(t, r.code, "ERLANG-A", "women on the phones in place of", "played proposal 1")
	command(t, "", "simulate", "--profile", proposal, "--seeds", "1").want(t, operatorOK, "every law held")
}

func TestTheReferenceDayCanBeEdited(t *testing.T) {
	r := command(t, "", "profile", "show").want(t, operatorOK, "callsPerDay: 8000")
	if _, err := day.Parse("shown", []byte(r.out)); err != nil {
		t.Error(err)
	}
}

// A wrap-up belongs to the call before it, a shift goes from login to logoff, and
// a pause that the system gave is no break.
func TestWhatAgentsDidBecomesShiftsAndWrapUps(t *testing.T) {
	at := func(minutes int) time.Time { return time.Date(2026, 11, 25, 9, minutes, 0, 0, time.UTC) }
	events := []postgres.ObservedState{
		{Agent: "a1", Event: "AgentLogin", At: at(0), State: "idle"},
		{Agent: "a1", Event: "AgentTalking", At: at(1), Call: "c1", State: "talking", Before: "reserved"},
		{Agent: "a1", Event: "AgentWrapUp", At: at(5), Call: "c1", State: "wrap-up", Before: "talking", Lasted: 4 * time.Minute},
		{Agent: "a1", Event: "AgentIdle", At: at(6), State: "idle", Before: "wrap-up", Lasted: time.Minute},
		{Agent: "a1", Event: "AgentPause", At: at(10), Reason: "meal", State: "idle"},
		{Agent: "a1", Event: "AgentUnpause", At: at(30), State: "idle"},
		{Agent: "a1", Event: "AgentPause", At: at(40), Reason: "no-answer", State: "idle"},
		{Agent: "a1", Event: "AgentUnpause", At: at(41), State: "idle"},
		{Agent: "a1", Event: "AgentLogoff", At: at(59), State: "idle"},
		{Agent: "gone", Event: "AgentLogin", At: at(0)},
	}
	if got := wrapUpsOf(events); len(got) != 1 || got["c1"] != time.Minute {
		t.Errorf("wrap-ups %v", got)
	}
	persons := []roster.Person{{Profile: agent.Profile{ID: "a1", Woman: true, Categories: []string{"phone"}}, Active: true}}
	got := shiftsOf(events, persons)
	if len(got) != 1 || got[0].Team != "constable" || got[0].End.Sub(got[0].Begin) != 59*time.Minute ||
		len(got[0].Breaks) != 1 || got[0].Breaks[0].End != at(30) {
		t.Errorf("shifts %+v", got)
	}
}

func TestGivenRecords_WhenAProfileIsLearnt_ThenItCanBePlayed(t *testing.T) {
	s := stacktest.Start(t, stack.Options{Only: []string{stack.NamePostgres}, FastPostgres: true})
	path := installation(t, s, nil)
	command(t, "", "profile", "learn", "--config", path).want(t, 1, "there are no records of calls")
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	db, err := postgres.Open(t.Context(), s.Postgres.URL, postgres.Options{MaxConns: 1, ConnectTimeout: c.Postgres.ConnectTimeout, QueryTimeout: c.Postgres.QueryTimeout})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	noon := time.Date(2026, 11, 25, 6, 30, 0, 0, time.UTC) // in Uttar Pradesh
	var records []postgres.Record
	for i := range 50 {
		at := noon.Add(time.Duration(i) * time.Minute)
		records = append(records, postgres.CallRecord{
			ID: fmt.Sprintf("c%d", i), Site: "wpl", Owner: "a", Line: "1090", LineKind: "helpline", Pool: "women", Category: "phone", Language: "hi",
			Arrived: at, Queued: at, Answered: at.Add(3 * time.Second), Ended: at.Add(time.Minute), Outcome: "complete-caller", Offers: 1,
			Agent: "a001", Spoken: []string{"a001"}, WaitMS: 3000, TalkMS: int64(50_000 + 500*i),
		})
	}
	if err := db.WriteRecords(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "learnt.yaml")
	command(t, "", "profile", "learn", "--config", path, "--from", "2026-11-25", "--out", out).want(t, operatorOK, "patience of phone: only 0 gave up")
	p, err := day.Load(out)
	if err != nil {
		t.Fatal(err)
	}
	if p.CallsPerDay != 50 || p.Hours[12] != 100 || p.Categories[0].Parts[0].Talk.Mean.Round(time.Second) != 62*time.Second {
		t.Errorf("%v callers, noon %v, talk %v", p.CallsPerDay, p.Hours[12], p.Categories[0].Parts[0].Talk.Mean)
	}
	command(t, "", "simulate", "--profile", out, "--seeds", "1").want(t, operatorOK, "every law held")
}
