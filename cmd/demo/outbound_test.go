package main

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"powerline/cases"
	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/test/helpline"
)

func TestTheSharesOfAnswersAndOutcomesMakeAThousand(t *testing.T) {
	for _, role := range []cases.Role{cases.Victim, cases.Offender, cases.Contact} {
		total := 0
		for _, a := range answers {
			total += a.share(role)
		}
		if total != 1000 {
			t.Errorf("the shares of a %s make %d", role, total)
		}
	}
	for _, k := range cases.Kinds {
		total := 0
		for _, s := range spoken[k] {
			total += s.of
			if k != cases.CallBack && !k.Allows(s.outcome) {
				t.Errorf("a call of the kind %s cannot have the outcome %s", k, s.outcome)
			}
		}
		if k.Dialled() && total != 1000 {
			t.Errorf("the shares of the outcomes of %s make %d", k, total)
		}
	}
}

func TestGivenAnyDay_WhenTheDialerIsSet_ThenItsConfigurationHolds(t *testing.T) {
	for _, day := range []time.Duration{shortestDay, 2 * time.Second, longestDay} {
		d := &demo{options: options{day: day}, began: time.Now()}
		c := config.Default()
		d.outbound(&c)
		if err := c.Outbound.Ladder.Validate(); err != nil {
			t.Errorf("a day of %v: %v", day, err)
		}
		if lasts := time.Duration(c.Outbound.Clock.Speed) * day; lasts < 23*time.Hour || lasts > 24*time.Hour {
			t.Errorf("a day of %v is %v on the ladder", day, lasts)
		}
	}
}

func TestGivenTheRoster_WhenTrained_ThenWomenAskMenWarnAndCallersHaveWomenToo(t *testing.T) {
	trained := train(women)
	ask, take := 0, 0
	for range women {
		p := helpline.Person{}
		p.Woman, p.Categories, p.Outbound = true, []string{"phone"}, []string{"feedback"}
		trained(&p)
		ask += len(p.Outbound)
		take += len(p.Categories)
	}
	if ask != onlyFeedback+alsoFeedback || take != women-onlyFeedback {
		t.Errorf("%d women call out and %d take callers", ask, take)
	}
	man := helpline.Person{}
	man.Officer, man.Outbound = true, []string{"offender"}
	trained(&man)
	if len(man.Outbound) != 1 {
		t.Error("an officer was told not to call")
	}
}

func TestGivenATown_WhenSomebodyIsWanted_ThenNobodyHasTwoRolesAndTheSameManIsFoundAgain(t *testing.T) {
	for role, first := range firstNumber {
		for other, next := range firstNumber {
			if role != other && first <= next && next < first+numbersOfARole {
				t.Errorf("a %s has the number of a %s", role, other)
			}
		}
		if n := numberOf(first); len(n) != 13 {
			t.Errorf("%s is no mobile number", n)
		}
	}
	town := (&demo{}).newTown()
	if _, ok := town.known(cases.Offender); ok {
		t.Error("somebody is known before anybody has complained")
	}
	town.given[cases.Offender] = 1
	if n, ok := town.known(cases.Offender); !ok || n != numberOf(firstNumber[cases.Offender]) {
		t.Errorf("%q %v is not the one man that is known", n, ok)
	}
}

func TestGivenCallsWithoutComplaint_WhenTheyEnd_ThenNoCaseComesOfThem(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	made := 0
	for range 1000 {
		if complains("phone", r) {
			made++
		}
		for _, category := range []string{"status", "crisis", "ring-back", "silent", "offender", "feedback"} {
			if complains(category, r) {
				t.Fatalf("a case came of a call of the category %s", category)
			}
		}
	}
	if made < casesOfAThousand/2 || made > 2*casesOfAThousand {
		t.Errorf("%d of 1000 calls became a case", made)
	}
}

const dialerSample = `acd_healthy 1
dialer_database_answers 1
dialer_due_tasks{kind="offender"} 5
dialer_due_tasks{kind="feedback"} 2
dialer_resting_tasks{reason="callers-wait"} 4
dialer_resting_tasks{reason="kept-back"} 0
dialer_held{pool="women"} 1
dialer_held{pool="male-officers"} 0
dialer_refused_total{rule="number-calls-us"} 3
dialer_set_aside_total 0
acd_outbound_calls{stage="agent-rings"} 1
acd_outbound_calls{stage="dialling"} 2
acd_outbound_calls{stage="talking"} 3
acd_attempts_total{kind="offender",outcome="complete-caller",cause=""} 7
acd_attempts_total{kind="offender",outcome="not-reached",cause="busy"} 4
acd_attempts_total{kind="feedback",outcome="not-reached",cause="off"} 2
acd_attempts_total{kind="feedback",outcome="not-reached",cause="number-calls-us"} 1
acd_attempts_total{kind="feedback",outcome="not-placed",cause=""} 1
process_start_time_seconds 100
`

func TestGivenCallsAndCases_WhenDrawn_ThenEachFigureIsOnTheScreenAndItFits(t *testing.T) {
	engine := read(t, sample+`acd_attempts_total{kind="final",outcome="complete-agent",cause=""} 1`+"\n")
	v := view{
		now: time.Now(), since: time.Minute, threshold: 15 * time.Second, figures: engine, join: []string{"JOIN IN   here"},
		outbound: &outbound{
			pid: 4343, figures: read(t, dialerSample), engine: engine, day: 40 * 24 * time.Hour,
			ladder: ladder{
				counts: []postgres.CaseCount{
					{State: cases.CounselDue, N: 3}, {State: cases.Watch, N: 2}, {State: cases.CounselFeedback, Concern: cases.NotReached, N: 1},
					{State: cases.Closed, Closure: cases.Resolved, N: 6}, {State: cases.Closed, Closure: cases.Withdrawn, N: 1},
				},
				moves: []postgres.CaseMove{{Case: "cabcdefghijklmnop", Name: "spoken", Outcome: "warned", From: cases.CounselDue, To: cases.CounselFeedback}},
			},
		},
	}
	screen := strings.Join(v.draw(200, 50), "\n")
	for _, part := range []string{
		"1 agents' phones ring, 2 others ring, 3 talking; due: offender 5, feedback 2",
		"resting callers-wait 4; until callers of these are answered: women", "calls   14: answered 8, busy 4, off 2\n",
		"day 40: 6 open; with a supervisor: not-reached 1", "counsel-due 3, counsel-feedback 1\n", "watch 2\n", "closed  7: resolved 6, withdrawn 1",
		"case cabcd…: spoken warned: counsel-due → counsel-feedback",
		"process 4343 makes calls; not dialled after all 2; refused by a rule 3; set aside 0",
	} {
		if !strings.Contains(screen, part) {
			t.Errorf("%q is not on the screen:\n%s", part, screen)
		}
	}
	if line := v.line(); !strings.Contains(line, "outbound: due 7, resting callers-wait 4; 14 attempts: answered 8, busy 4, off 2; cases: ") {
		t.Errorf("the line says %s", line)
	}
	lines := v.draw(100, 35)
	if len(lines) != 34 || lines[33] != "JOIN IN   here" {
		t.Errorf("on a small screen there are %d lines and the last is %q", len(lines), lines[len(lines)-1])
	}
	v.outbound.stale = true
	if screen := strings.Join(v.draw(200, 50), "\n"); !strings.Contains(screen, "GIVES NO FIGURES") {
		t.Errorf("a dialer that says nothing must be seen:\n%s", screen)
	}
}
