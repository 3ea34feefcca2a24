package cases_test

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"powerline/agent"
	"powerline/cases"
)

var rewrite = flag.Bool("rewrite", false, "write what the ladder does today into testdata")

// TestHistories plays each life of testdata and compares what the ladder did,
// line by line. A history is prose first, then events ("> name key=value …"),
// each followed by when it was, the state it led to, what the case waits for
// now, and the effects. `go test ./cases -rewrite` writes them anew; the
// difference is then to be read by a person.
func TestHistories(t *testing.T) {
	seen := map[string]bool{}
	for _, file := range histories(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := playHistory(t, string(want), seen)
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("the ladder now does:\n%s", got)
			}
		})
	}
	for _, row := range cases.Transitions {
		if key := row.ID + " " + string(row.To); !seen[key] {
			t.Errorf("no history goes along %s to %s (%s)", row.ID, row.To, row.On)
		}
	}
}

func histories(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no histories in testdata: %v", err)
	}
	return files
}

// history is one life being played.
type history struct {
	t    *testing.T
	out  strings.Builder
	r    cases.Rules
	c    cases.Case
	at   time.Time
	n    int
	seen map[string]bool
}

func playHistory(t *testing.T, text string, seen map[string]bool) string {
	h := &history{t: t, r: cases.DefaultRules(), c: cases.Case{ID: "case-1"}, at: start, seen: seen}
	in := bufio.NewScanner(strings.NewReader(text))
	for in.Scan() {
		line := in.Text()
		switch {
		case strings.HasPrefix(line, "> "):
			fmt.Fprintln(&h.out, line)
			h.line(strings.TrimPrefix(line, "> "))
		case strings.HasPrefix(line, "  "):
		default:
			fmt.Fprintln(&h.out, line)
		}
	}
	return h.out.String()
}

// line plays one event line.
func (h *history) line(line string) {
	words := strings.Fields(line)
	arg := map[string]string{}
	var plain []string
	for _, w := range words[1:] {
		if k, v, ok := strings.Cut(w, "="); ok {
			arg[k] = v
		} else {
			arg[w] = "yes"
			plain = append(plain, w)
		}
	}
	if s := arg["after"]; s != "" {
		h.at = h.at.Add(span(h.t, s))
	}
	if words[0] == "rules" {
		h.rules(arg)
		return
	}
	times := 1
	if s := arg["times"]; s != "" {
		times, _ = strconv.Atoi(s)
	}
	for range times {
		h.send(h.what(words[0], plain, arg), arg)
	}
}

func (h *history) rules(arg map[string]string) {
	switch {
	case arg["rounds"] != "":
		h.r.MaxRounds, _ = strconv.Atoi(arg["rounds"])
	case arg["restart"] != "":
		h.r.Restart = cases.Stage(arg["restart"])
	}
}

func (h *history) send(what cases.What, arg map[string]string) {
	h.n++
	by := agent.ID(arg["by"])
	ev := cases.Event{ID: fmt.Sprintf("e%d", h.n), Version: h.c.Version, At: h.at, By: by, What: what}
	next, effects, verdict := h.r.Step(h.c, ev)
	h.c = next
	fmt.Fprintf(&h.out, "  %s: ", h.when(h.at))
	if verdict != cases.Applied {
		fmt.Fprintf(&h.out, "%s\n", verdict)
		return
	}
	fmt.Fprintln(&h.out, h.describe())
	for _, e := range effects {
		if m, ok := e.(cases.Moved); ok {
			h.seen[m.By+" "+string(m.To)] = true
		}
		fmt.Fprintf(&h.out, "    %s\n", h.show(e))
	}
}

// describe is the case in one line.
func (h *history) describe() string {
	c := h.c
	text := string(c.State)
	if c.State == cases.Closed {
		text += " " + string(c.Closure)
	}
	text += fmt.Sprintf(", cycle %d", c.Cycle)
	for _, overlay := range []struct {
		on   bool
		name string
	}{
		{c.InEmergency(), "emergency"}, {c.OnHold(), "hold"}, {c.InCare(), "care"}, {c.Minor, "minor"},
		{c.NoOffenderContact, "no-offender-contact"}, {c.Danger, "danger"}, {c.Sealed, "sealed"},
	} {
		if overlay.on {
			text += " +" + overlay.name
		}
	}
	for _, n := range c.Next() {
		switch {
		case n.Task != "":
			task, _ := c.Task(n.Task)
			text += fmt.Sprintf("; next: %s", h.task(task))
		case n.Timer != "":
			text += fmt.Sprintf("; next: timer %s %s", n.Timer, h.when(n.Due))
		default:
			text += fmt.Sprintf("; next: supervisor (%s)", n.Supervisor)
		}
	}
	return text
}

func (h *history) when(at time.Time) string {
	local := at.In(cases.Local)
	midnight := time.Date(2026, 11, 23, 0, 0, 0, 0, cases.Local)
	day := int(local.Sub(midnight).Hours() / 24)
	return fmt.Sprintf("day %d %s", day, local.Format("Mon 15:04"))
}

func (h *history) task(t cases.Task) string {
	text := fmt.Sprintf("%s to %s (%s) due %s", t.Kind, t.Party, t.Pool, h.when(t.Due))
	if t.Pull {
		text = fmt.Sprintf("%s, she rings us, until %s", t.Kind, h.when(t.NotAfter))
	}
	if n := t.Counted(); n > 0 {
		text += fmt.Sprintf(", %d tried", n)
	}
	if len(t.Excluded) > 0 {
		text += fmt.Sprintf(", not by %v", t.Excluded)
	}
	return text
}

func (h *history) show(e cases.Effect) string {
	switch e := e.(type) {
	case cases.Moved:
		return fmt.Sprintf("%s: %s -> %s", e.By, orIntake(e.From), e.To)
	case cases.Open:
		return "open " + h.task(e.Task)
	case cases.Change:
		return "change " + h.task(e.Task)
	case cases.Shut:
		return fmt.Sprintf("shut %s: %s", e.Kind, e.End)
	}
	return strings.TrimSuffix(fmt.Sprintf("%s %+v", cases.EffectName(e), e), " {}")
}

func orIntake(s cases.State) string {
	if s == cases.Intake {
		return "intake"
	}
	return string(s)
}

// what reads an event. Those that answer a task or a timer move the clock to
// where it is due.
func (h *history) what(name string, plain []string, arg map[string]string) cases.What {
	first := ""
	if len(plain) > 0 {
		first = plain[0]
	}
	switch name {
	case "file":
		return h.file(arg)
	case "triage":
		return cases.Triaged{Triage: cases.Triage{Track: cases.Track(first), Agrees: arg["agrees"] != "no"}}
	case "speak":
		task := h.due(cases.Kind(arg["to"]))
		return cases.Spoken{
			Task: task.ID, Attempt: fmt.Sprintf("a%d", h.n), Number: task.Number, Dialled: h.at,
			Outcome: cases.Outcome(first), Said: h.said(arg),
		}
	case "fail":
		task := h.due(cases.Kind(arg["to"]))
		return cases.AttemptEnded{Task: task.ID, Attempt: fmt.Sprintf("a%d", h.n), Number: task.Number, Dialled: h.at, Cause: cases.Cause(first)}
	case "expire":
		task := h.due(cases.Kind(arg["to"]))
		h.at = later(h.at, task.NotAfter)
		return cases.Expired{Task: task.ID}
	case "call":
		return cases.Called{Outcome: cases.Outcome(first), Said: h.said(arg)}
	case "time-up":
		timer, runs := h.c.Timer(cases.TimerName(first))
		if !runs {
			h.t.Fatalf("no timer %q runs", first)
		}
		h.at = later(h.at, timer.Due)
		return cases.TimeUp{Timer: timer.Name}
	case "found":
		return cases.Found{Offender: cases.Party{Numbers: []cases.Number{{Print: first}}}}
	case "decide":
		return cases.Decided{Do: cases.Decision(first), Closure: cases.Closure(arg["closure"])}
	case "terms":
		ev := cases.TermsChanged{Terms: h.terms(arg), Number: arg["number"]}
		if id := arg["adult"]; id != "" {
			ev.Adult = cases.Party{ID: id, Numbers: []cases.Number{{Print: "n-" + id}}}
		}
		return ev
	}
	for _, w := range []cases.What{cases.PoliceReported{}, cases.ChildReported{}, cases.HelpConfirmed{}, cases.CareCleared{}, cases.Vetoed{}} {
		if (cases.Event{What: w}).Name() == name {
			return w
		}
	}
	h.t.Fatalf("no event is called %q", name)
	return nil
}

// due is the dialled task in hand of the kind (of the ladder, if none is
// named); the clock moves to where it is due.
func (h *history) due(k cases.Kind) cases.Task {
	for _, t := range h.c.Tasks {
		if t.Kind == k || k == "" && t.Kind.Dialled() && t.Kind != cases.FollowUp {
			h.at = later(h.at, t.Due)
			return t
		}
	}
	h.t.Fatalf("no %q task in hand, %s", k, h.describe())
	return cases.Task{}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (h *history) said(arg map[string]string) cases.Said {
	s := cases.Said{
		Verified: arg["verified"] != "", Retaliation: arg["retaliation"] != "", Duress: arg["duress"] != "",
		Choice: cases.Choice(arg["choice"]),
	}
	if n := arg["number"]; n != "" {
		s.Numbers = []string{n}
	}
	if p := arg["contact"]; p != "" {
		s.Contacts = []cases.Party{{ID: p, Approved: true, Numbers: []cases.Number{{Print: "n-" + p}}}}
	}
	if in := arg["in"]; in != "" {
		s.CallAt = h.at.Add(span(h.t, in))
	}
	return s
}

func (h *history) terms(arg map[string]string) cases.Terms {
	terms := cases.Terms{MayCall: true, Pull: arg["pull"] != "", Opening: "courier", Language: "hi"}
	if text := arg["window"]; text != "" {
		w, err := cases.ParseWindow(strings.ReplaceAll(text, "_", " "))
		if err != nil {
			h.t.Fatal(err)
		}
		terms.Windows = cases.Windows{w}
	}
	return terms
}

func (h *history) file(arg map[string]string) cases.Filed {
	f := cases.Filed{
		Taker: agent.Profile{ID: "asha", Woman: true}, Victim: cases.Party{ID: "her", Numbers: []cases.Number{{Print: "n-her"}}},
		Offender: cases.Party{ID: "him"}, Terms: h.terms(arg), Minor: arg["minor"] != "", Sealed: arg["sealed"] != "",
		Triage: cases.Triage{
			Track: cases.Counsellable, Agrees: arg["agrees"] != "no", Sexual: arg["sexual"] != "", CalledHerself: arg["herself"] != "",
		},
	}
	if track := arg["track"]; track != "" {
		f.Triage.Track = cases.Track(strings.TrimPrefix(track, "none"))
	}
	f.Triage.Complainants, _ = strconv.Atoi(arg["complainants"])
	for i := range number(arg["numbers"], 1) {
		f.Offender.Numbers = append(f.Offender.Numbers, cases.Number{Print: fmt.Sprintf("n-him%d", i+1)})
	}
	for i := range number(arg["contacts"], 0) {
		id := []string{"brother", "mother", "friend", "uncle", "cousin", "teacher"}[i]
		f.Contacts = append(f.Contacts, cases.Party{ID: id, Approved: true, Numbers: []cases.Number{{Print: "n-" + id}}})
	}
	if arg["adult"] != "" {
		f.Adult = cases.Party{ID: "aunt", Numbers: []cases.Number{{Print: "n-aunt"}}}
	}
	return f
}

func number(text string, otherwise int) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return otherwise
}

// span reads 90m, 4h or 3d.
func span(t *testing.T, text string) time.Duration {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		return time.Duration(number(days, 0)) * 24 * time.Hour
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestEveryOutcomeIsPlayed: no outcome of any kind of call is without a history.
func TestEveryOutcomeIsPlayed(t *testing.T) {
	played := map[string]bool{}
	for _, file := range histories(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if words := strings.Fields(line); len(words) > 2 && words[1] == "speak" {
				played[words[2]] = true
			}
		}
	}
	for _, k := range cases.Kinds {
		for _, o := range cases.Outcomes(k) {
			if k != cases.CallBack && !played[string(o)] {
				t.Errorf("no history has the outcome %s of a %s call", o, k)
			}
		}
	}
	if slices.Contains(cases.Outcomes(cases.Identify), cases.Warned) {
		t.Error("desk work has outcomes")
	}
}
