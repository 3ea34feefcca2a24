package cases

import (
	"fmt"
	"slices"
	"strings"
)

// Transition is a row of the ladder's table: what leads from where to where.
type Transition struct {
	// ID is the row's name, "T1" to "T25", or "F-…" for what an overlay does.
	ID   string
	From []State
	On   string
	To   State
	// Basis is the anchor (A1 to A10) or the reason.
	Basis string
}

// ours: laid down by nobody, chosen by us until the helpline's owner decides.
const ours = "our choice"

var (
	support = []State{CounselFeedback, FFRFeedback}
	anyOpen = slices.DeleteFunc(slices.Clone(States), func(s State) bool { return !s.Open() })
)

// Transitions is the table. Step takes no other way, which a test holds.
var Transitions = []Transition{
	{"T1", []State{Intake}, "a woman agent registers the complaint", Registered, "A9"},
	{"T3", []State{Registered, Identifying}, "counsellable, his number is known, she agrees", CounselDue, "A1"},
	{"T3b", []State{Registered, Identifying}, "she wants no contact with him", CounselFeedback, ours},
	{"T3b", support, "still harassed; she now chooses counselling", CounselDue, ours},
	{"T3b", support, "still harassed; she now chooses counselling, his number is unknown", Identifying, ours},
	{"T3b", support, "still harassed; she now chooses family and friends", FFRDue, ours},
	{"T3b", support, "still harassed; she chooses the station", StationOpen, ours},
	{"T4", []State{Registered}, "his number is unknown", Identifying, ours},
	{"T4", []State{Identifying}, "not found, she chooses the station", StationOpen, ours},
	{"T5", []State{Registered, Identifying}, "serious, sexual against a minor, or many complainants", StationOpen, "practice of 2020"},
	{"T6", []State{CounselDue}, "warned", CounselFeedback, "A1, A5"},
	{"T7", []State{CounselDue}, "not reached, or every number bad", CounselFeedback, ours},
	{"T8", []State{CounselFeedback}, "satisfied", Watch, "A4, A6"},
	{"T9", []State{CounselFeedback}, "still harassed, rounds left", CounselDue, "A2"},
	{"T9", []State{CounselFeedback}, "still harassed after the warning", FFRDue, "A2"},
	{"T10", []State{CounselFeedback}, "still harassed, he was not reached, new number", CounselDue, ours},
	{"T10", []State{CounselFeedback}, "still harassed, he was not reached, she names contacts", FFRDue, ours},
	{"T10", []State{CounselFeedback}, "still harassed, he was not reached, a supervisor signs", StationOpen, ours},
	{"T11", []State{CounselFeedback}, "unsure", CounselFeedback, "A4"},
	{"T11", []State{FFRFeedback}, "unsure", FFRFeedback, "A4"},
	{"T11", []State{StationFeedback}, "unsure", StationFeedback, "A4"},
	{"T12", []State{FFRDue}, "a contact was counselled, the others tried", FFRFeedback, "A2, A5"},
	{"T13", []State{FFRDue}, "no contact known, approved or reached", FFRFeedback, ours},
	{"T14", []State{FFRFeedback}, "satisfied", Watch, "A4, A6"},
	{"T14", []State{FFRFeedback}, "still harassed", StationOpen, "A3"},
	{"T15", []State{StationOpen}, "report of the police, or a week without one", StationFeedback, "A5"},
	{"T16", []State{StationFeedback}, "satisfied", Watch, "A4, A6"},
	{"T16", []State{StationFeedback}, "still harassed: next office", StationOpen, ours},
	{"T17", []State{Watch}, "30 days after the last feedback", FinalFeedback, "A6"},
	{"T18", []State{Watch}, "she reports again, rounds or new number left", CounselDue, ours},
	{"T18", []State{Watch}, "she reports again after counselling", FFRDue, ours},
	{"T18", []State{Watch}, "she reports again after family and friends, or the station", StationOpen, ours},
	{"T18", []State{Watch}, "she reports again, and wants no contact with him, or a supervisor must sign", CounselFeedback, ours},
	{"T18", []State{Watch}, "she reports again and chooses counselling, his number is unknown", Identifying, ours},
	{"T19", []State{FinalFeedback}, "positive", Closed, "A6"},
	{"T20", []State{FinalFeedback}, "negative: the process starts again", CounselDue, "A7"},
	{"T20", []State{FinalFeedback}, "negative, his number is unknown", Identifying, "A7"},
	{"T20", []State{FinalFeedback}, "negative, she wants no contact with him", CounselFeedback, "A7"},
	{"T20", []State{FinalFeedback}, "negative, the restart is set to family and friends", FFRDue, "A7"},
	{"T20", []State{FinalFeedback}, "negative, a matter for the police", StationOpen, "A7"},
	{"T21", []State{FinalFeedback}, "unsure: another 30 days, once", Watch, "A6"},
	{"T22", []State{FinalFeedback}, "not reached, a supervisor closes", Closed, ours},
	{"T23", []State{CounselFeedback}, "not reached: a pause, one more set", CounselFeedback, ours},
	{"T23", []State{FFRFeedback}, "not reached: a pause, one more set", FFRFeedback, ours},
	{"T23", []State{StationFeedback}, "not reached: a pause, one more set", StationFeedback, ours},
	{"T24", anyOpen, "she withdraws, and confirms it to another woman", Closed, ours},
	{"T25", []State{Closed}, "she calls again", CounselDue, ours},
	{"T25", []State{Closed}, "she calls again, his number is unknown", Identifying, ours},
	{"T25", []State{Closed}, "she calls again and wants no contact with him", CounselFeedback, ours},
	{"T25", []State{Closed}, "she calls again, a matter for the police", StationOpen, ours},
	{"T25", []State{Closed}, "she calls again in danger", Registered, ours},
	{"F-danger", anyOpen, "after an emergency, when she was spoken to", StationOpen, ours},
	{"F-retaliation", anyOpen, "he took revenge or threatened to", StationOpen, ours},
	{"F-veto", []State{CounselDue}, "she wants no contact with him any more", CounselFeedback, ours},
	{"F-veto", []State{FFRDue}, "she wants no contact with him any more", FFRFeedback, ours},
	{"F-supervisor", anyOpen, "a supervisor decides", CounselDue, ours},
	{"F-supervisor", anyOpen, "a supervisor decides", FFRDue, ours},
	{"F-supervisor", anyOpen, "a supervisor decides", StationOpen, ours},
	{"F-supervisor", anyOpen, "a supervisor closes: unreached, not ours, duplicate or hoax", Closed, ours},
}

// Diagram is the table as a Mermaid state diagram. Ways that lead out of every
// open state are drawn from a box of their own.
func Diagram() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for _, s := range States {
		if s != Intake {
			fmt.Fprintf(&b, "    %s : %s\n", node(s), s)
		}
	}
	b.WriteString("    any : any open state\n")
	type way struct{ from, to string }
	labels := map[way][]string{}
	var order []way
	for _, t := range Transitions {
		from := []string{"any"}
		if len(t.From) != len(anyOpen) {
			from = nil
			for _, s := range t.From {
				from = append(from, node(s))
			}
		}
		for _, f := range from {
			w := way{f, node(t.To)}
			if labels[w] == nil {
				order = append(order, w)
			}
			labels[w] = append(labels[w], t.ID)
		}
	}
	for _, w := range order {
		fmt.Fprintf(&b, "    %s --> %s : %s\n", w.from, w.to, strings.Join(slices.Compact(labels[w]), ", "))
	}
	b.WriteString("    closed --> [*]\n")
	return b.String()
}

// node is the state's name as Mermaid takes it.
func node(s State) string {
	if s == Intake {
		return "[*]"
	}
	return strings.ReplaceAll(string(s), "-", "_")
}

// Table is the table as Markdown, one row a transition.
func Table() string {
	var b strings.Builder
	b.WriteString("| # | from | when | to | basis |\n|---|---|---|---|---|\n")
	for _, t := range Transitions {
		from := "any open state"
		if len(t.From) != len(anyOpen) {
			var names []string
			for _, s := range t.From {
				names = append(names, s.word())
			}
			from = strings.Join(names, ", ")
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", t.ID, from, t.On, t.To.word(), t.Basis)
	}
	return b.String()
}

// word is the state's name for people; Intake has none of its own.
func (s State) word() string {
	if s == Intake {
		return "intake"
	}
	return string(s)
}
