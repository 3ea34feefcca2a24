package call_test

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"powerline/agent"
	"powerline/call"
)

var rewrite = flag.Bool("rewrite", false, "write what the machine does today into testdata")

// TestTranscripts plays each scenario of testdata and compares what the machine
// did, line by line. A transcript is prose first, then events, each followed by
// the stage it led to and the commands it gave. `go test ./call -rewrite`
// writes them anew; the diff is then to be read by a person.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts in testdata: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(want))
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("the machine now does:\n%s", got)
			}
		})
	}
}

// play runs the events ("> name key=value …") of a transcript and returns it
// with the answers of today.
func play(t *testing.T, text string) string {
	t.Helper()
	var out strings.Builder
	c := call.Call{ID: "c1"}
	clock := start
	in := bufio.NewScanner(strings.NewReader(text))
	for in.Scan() {
		line := in.Text()
		switch {
		case strings.HasPrefix(line, "> "):
			fmt.Fprintln(&out, line)
			ev, after := parse(t, strings.TrimPrefix(line, "> "))
			clock = clock.Add(after)
			var cmds []call.Command
			c, cmds = rules.Step(c, stamp(ev, clock))
			fmt.Fprintf(&out, "  %s\n", describe(c))
			for _, cmd := range cmds {
				fmt.Fprintf(&out, "    %s\n", show(cmd))
			}
		case strings.HasPrefix(line, "  "):
		default:
			fmt.Fprintln(&out, line)
		}
	}
	return out.String()
}

var (
	start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	rules = call.Rules{
		Categories: map[string]call.Category{
			"unclassified": {WrapUp: agent.WrapUpPlan{Lasts: 20 * time.Second, Interruptible: true}},
			"stalking":     {WrapUp: agent.WrapUpPlan{Lasts: 120 * time.Second, Interruptible: true}},
			"silent":       {WrapUp: agent.WrapUpPlan{Lasts: 10 * time.Second}},
			"crisis":       {Crisis: true, WrapUp: agent.WrapUpPlan{Lasts: 300 * time.Second, Open: true, Recovery: 600 * time.Second, Heavy: true}},
			"offender":     {},
		},
		Unclassified: "unclassified", CrisisCategory: "crisis", SilentCategory: "silent",
		RejectDelay: 5 * time.Second,
		Unreached:   agent.WrapUpPlan{Lasts: 4 * time.Second, Interruptible: true},
		QuickEnd:    agent.WrapUpPlan{Recovery: 600 * time.Second, Heavy: true},
		PauseAtMost: 2 * time.Minute,
	}
	people = map[string]agent.Profile{
		"asha":   {ID: "asha", Woman: true},
		"bina":   {ID: "bina", Woman: true},
		"dinesh": {ID: "dinesh", Officer: true},
	}
)

// parse reads one event line: a name, then key=value pairs; "after" moves the
// clock.
func parse(t testing.TB, line string) (call.Event, time.Duration) {
	t.Helper()
	fields := strings.Fields(line)
	arg := map[string]string{}
	for _, f := range fields[1:] {
		k, v, _ := strings.Cut(f, "=")
		arg[k] = v
	}
	var after time.Duration
	if s := arg["after"]; s != "" {
		var err error
		if after, err = time.ParseDuration(s); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
	}
	leg := arg["leg"]
	switch fields[0] {
	case "arrive":
		ev := call.Arrived{Kind: call.Helpline, Line: "1090", Menu: arg["menu"], Language: "hi", Pool: agent.Women, Category: arg["category"]}
		if arg["pool"] == "men" {
			ev.Kind, ev.Pool = call.RingBack, agent.MaleOfficers
		}
		if arg["place"] != "" {
			ev.Place = start.Add(-time.Minute)
		}
		fmt.Sscan(arg["numbered"], &ev.Numbered)
		return ev, after
	case "greeted":
		return call.Greeted{Category: arg["category"], Language: arg["language"], Silence: call.Silence(arg["silence"])}, after
	case "pleaded":
		return call.Pleaded{Danger: arg["danger"] == "yes"}, after
	case "spoke":
		return call.Spoke{}, after
	case "emergency":
		return call.Emergency{}, after
	case "matched":
		return call.Matched{Agent: people[arg["agent"]], RingFor: 10 * time.Second, BreakIn: arg["break-in"] == "yes"}, after
	case "answered":
		return call.Answered{Leg: leg, Agent: people[arg["agent"]]}, after
	case "ring-failed":
		return call.RingFailed{Leg: leg, Why: agent.ReleaseReason(arg["why"])}, after
	case "joined":
		return call.Joined{Leg: leg}, after
	case "join-failed":
		nth := 1
		fmt.Sscan(arg["nth"], &nth)
		return call.JoinFailed{Leg: leg, Nth: nth}, after
	case "leg-gone":
		return call.LegGone{Leg: leg, Lost: arg["lost"] == "yes"}, after
	case "caller-gone":
		return call.CallerGone{Fallback: arg["fallback"] == "yes"}, after
	case "time-up":
		var epoch int64
		fmt.Sscan(arg["epoch"], &epoch)
		return call.TimeUp{Epoch: epoch}, after
	case "phone-lost":
		return call.PhoneLost{Agent: agent.ID(arg["agent"])}, after
	case "resumed":
		return call.Resumed{Caller: arg["caller"] != "gone", Up: arg["caller"] == "up", Leg: call.LegState(arg["leg-state"]), Joined: arg["joined"] == "yes", Agent: people[arg["agent"]]}, after
	}
	if ev := parseOutbound(fields[0], arg); ev != nil {
		return ev, after
	}
	if ev := parseOrder(fields[0], line, arg); ev != nil {
		return ev, after
	}
	t.Fatalf("unknown event in %q", line)
	return nil, 0
}

// parseOutbound reads the events that only an outbound call has.
func parseOutbound(name string, arg map[string]string) call.Event {
	switch name {
	case "placed":
		ev := call.Placed{Task: "t1", Work: arg["work"], Line: "1060", Language: "hi", Pool: agent.Women, DialFor: 30 * time.Second}
		if arg["pool"] == "men" {
			ev.Pool, ev.Line = agent.MaleOfficers, "1061"
		}
		return ev
	case "unmatched":
		return call.Unmatched{}
	case "progressed":
		return call.Progressed{Rings: arg["rings"] == "yes"}
	case "dialling":
		return call.Dialling{}
	case "reached":
		return call.Reached{}
	case "missed":
		return call.Missed{Failure: call.Failure{Cause: arg["cause"]}}
	case "taken-back":
		return call.TakenBack{Why: arg["why"]}
	}
	return nil
}

// parseOrder reads what is about orders and guests. An order is named by its line.
func parseOrder(name, line string, arg map[string]string) call.Event {
	switch name {
	case "ordered":
		who := agent.Agent{Profile: people[arg["agent"]], Status: agent.Available, State: agent.Idle, Online: true}
		return call.Ordered{Order: call.Order{
			ID: line, Wish: call.Wish(arg["wish"]), By: agent.ID(arg["by"]), Supervises: arg["by"] == "", Agent: who,
			RingFor: 10 * time.Second, Category: arg["category"], Outside: arg["outside"], Reason: arg["reason"],
		}}
	case "guest-time-up":
		return call.GuestTimeUp{Leg: arg["leg"]}
	case "seat-failed":
		return call.SeatFailed{Leg: arg["leg"]}
	case "pause-up":
		return call.PauseUp{Since: start}
	}
	return nil
}

// stamp sets At (and Stamped) of an event.
func stamp(ev call.Event, at time.Time) call.Event {
	v := reflect.New(reflect.TypeOf(ev)).Elem()
	v.Set(reflect.ValueOf(ev))
	for _, name := range []string{"At", "Stamped"} {
		if f := v.FieldByName(name); f.IsValid() {
			f.Set(reflect.ValueOf(at))
		}
	}
	return v.Interface().(call.Event)
}

func describe(c call.Call) string {
	if c.Stage == "" {
		return "nothing yet"
	}
	s := fmt.Sprintf("%s %s epoch=%d", c.Stage, c.Category, c.Epoch)
	if c.Offer.Agent != "" {
		s += " agent=" + string(c.Offer.Agent)
	}
	if !c.Queued.IsZero() {
		s += " queued=" + c.Queued.Sub(start).String()
	}
	for _, flag := range []struct {
		on   bool
		name string
	}{{c.Crisis, "crisis"}, {c.Head, "head"}, {c.Redial, "redial"}, {c.Held, "held"}, {c.Silence != "", string(c.Silence)}, {c.Outcome != "", string(c.Outcome)}} {
		if flag.on {
			s += " " + flag.name
		}
	}
	for _, g := range c.Guests {
		s += fmt.Sprintf(" guest=%s:%s", g.Wish, g.Leg)
		if g.Up {
			s += ":up"
		}
	}
	return s
}

// show prints a command without its times.
func show(cmd call.Command) string {
	switch cmd := cmd.(type) {
	case call.Tell:
		return fmt.Sprintf("tell %s %s", cmd.Agent, short(cmd.Event))
	default:
		return short(cmd)
	}
}

func short(x any) string {
	v := reflect.ValueOf(x)
	s := strings.ToLower(v.Type().Name())
	for i := range v.NumField() {
		name := strings.ToLower(v.Type().Field(i).Name)
		if name == "at" || name == "call" || v.Field(i).IsZero() {
			continue
		}
		s += fmt.Sprintf(" %s=%v", name, v.Field(i).Interface())
	}
	return s
}
