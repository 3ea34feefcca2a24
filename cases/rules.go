package cases

import (
	"fmt"
	"time"
)

// Rules are the limits of the ladder. A1 to A10 name what the helpline itself
// has laid down (docs/redressal.md); everything else is our choice until the
// helpline's owner decides. A Rules is read-only once in use.
type Rules struct {
	// TriageWithin is how long a registered case may be without a track before a
	// supervisor sees it. Our choice; A9: every registered case matters.
	TriageWithin time.Duration `yaml:"triageWithin" doc:"a registered case without a track goes to a supervisor after this"`
	// MaxRounds is how often the offender is warned before his family is spoken
	// to. A2 says after *initial* counselling: 1; the press reported 2.
	MaxRounds int `yaml:"maxRounds" doc:"warnings of the offender before family and friends (A2: 1)"`
	// Restart is where the process starts again after a negative final feedback:
	// A7 names no place, so it is the beginning.
	Restart Stage `yaml:"restart" doc:"where the process starts again after a negative final feedback: counselling, ffr or station (A7)"`
	// Complainants against one number send a case straight to the station. Our
	// choice, after a press report of two men with 123 complaints against them.
	Complainants int `yaml:"complainants" doc:"complainants against one number from which a case goes straight to the station"`

	Feedback Feedback `yaml:"feedback" doc:"asking her after each stage (A4, A5)"`
	Final    Final    `yaml:"final" doc:"asking her 30 days after the last feedback (A6)"`
	FFR      Contacts `yaml:"ffr" doc:"family, friends and relatives (A2)"`
	Identify Search   `yaml:"identify" doc:"finding an unknown offender"`
	Station  Police   `yaml:"station" doc:"the police station and the offices above it (A3)"`
	Hold     Holding  `yaml:"hold" doc:"she wants to withdraw"`
	Danger   Rescue   `yaml:"danger" doc:"imminent danger"`
	Care     Caring   `yaml:"care" doc:"suicidal persons (A8)"`
	Minor    Child    `yaml:"minor" doc:"victims under 18"`
	Reopen   Reopen   `yaml:"reopen" doc:"she calls after closure"`
	Retry    Retry    `yaml:"retry" doc:"when a call that failed is tried again"`
	Limits   Limits   `yaml:"limits" doc:"how often a number and a task may be dialled"`
	Hours    Hours    `yaml:"hours" doc:"when each kind of call may be made, in local time"`
	Callback Callback `yaml:"callback" doc:"calling back who gave up waiting"`
}

// Feedback is the asking after a stage.
type Feedback struct {
	// After a stage reached its person. A5 says after every stage, not when; same
	// day is too early (in one reported case a warning lasted two days): +3 days.
	After time.Duration `yaml:"after" doc:"from the end of a stage to the feedback"`
	// NotDelivered: nobody could be reached, so she is asked for another number
	// soon, but not on the day on which she said that it goes on. Our choice: a day.
	NotDelivered time.Duration `yaml:"notDelivered" doc:"the same when the stage reached nobody"`
	// Support: she declined any contact with him; +7 days. Our choice.
	Support time.Duration `yaml:"support" doc:"the same when she wants no contact with the offender"`
	// Again after an unsure verdict: A4 asks until she is satisfied; +3 days is ours.
	Again time.Duration `yaml:"again" doc:"from an unsure verdict to the next feedback"`
	// MaxUnsure in a row end with a supervisor. Our choice: 4.
	MaxUnsure int `yaml:"maxUnsure" doc:"unsure verdicts in one state before a supervisor looks"`
	// Pause and Sets: she is not reached, so after 3 days one more set of
	// attempts; then a supervisor (T23). Nothing advances or closes by silence.
	Pause time.Duration `yaml:"pause" doc:"between two sets of attempts in vain"`
	Sets  int           `yaml:"sets" doc:"sets of attempts before a supervisor looks"`
	// PullWait: she wanted to ring us. Our choice: 7 days, then a supervisor (C10).
	PullWait time.Duration `yaml:"pullWait" doc:"how long to wait for her call when she wants to ring us"`
}

// Final is the asking after 30 quiet days.
type Final struct {
	// After the last feedback: A6 says 30 days. Never earlier than 30 × 24 h.
	After time.Duration `yaml:"after" doc:"from the last feedback to the final one (A6: 30 days)"`
	// MaxUnsure: one more 30 days after an unsure verdict, then a supervisor (T21).
	MaxUnsure int `yaml:"maxUnsure" doc:"unsure final verdicts answered by another 30 days"`
	// RestartLimit: from this cycle on a supervisor is told that the case may
	// start at the station (T20). Our choice: 3.
	RestartLimit int `yaml:"restartLimit" doc:"cycle from which a supervisor is told that the station may be the place to start"`
}

// Contacts is the work with family, friends and relatives.
type Contacts struct {
	// Max contacts a cycle, all named or approved by her. Our choice: 5.
	Max int `yaml:"max" doc:"contacts tried in one cycle"`
	// WomenForWomen lets a woman officer call a contact who is a woman. A1 names
	// the gender only for the offender's call; default: male officers.
	WomenForWomen bool `yaml:"womenForWomen" doc:"a woman officer calls a contact who is a woman"`
}

// Search is the work of the cyber cell.
type Search struct {
	// Within 14 days, then she is asked: station, or wait? (T4) Our choice.
	Within time.Duration `yaml:"within" doc:"time to find the offender before she is asked: station, or wait"`
}

// Police is the station stage.
type Police struct {
	// Within 7 days without a report she is asked anyway (T15). Our choice.
	Within time.Duration `yaml:"within" doc:"time for the police to report before she is asked anyway"`
	// Asked is the delay of that question. Our choice: none, a week has passed.
	Asked time.Duration `yaml:"asked" doc:"from that moment to the feedback"`
	// Reminders are counted from the dossier; our choice: station house officer
	// d3, circle officer d7, district nodal officer d10, state cell d15.
	Reminders []Reminder `yaml:"reminders" doc:"reminders to the police, counted from the dossier"`
	// MaxLevel is the highest office a case is sent to (T16; A3 is silent above
	// the station). Above it a supervisor is told and the office hears again.
	MaxLevel int `yaml:"maxLevel" doc:"highest office that a case is sent to: 1 station, 2 circle, 3 district, 4 state"`
}

// Reminder is one reminder to the police.
type Reminder struct {
	After time.Duration `yaml:"after" doc:"from the dossier"`
	To    Office        `yaml:"to" doc:"station, circle, district or state"`
}

// Office is a police office above or at the station.
type Office string

// The offices, in order of level from 1.
const (
	StationHouse Office = "station"  // station house officer (SHO)
	Circle       Office = "circle"   // circle officer (CO)
	District     Office = "district" // district nodal officer
	StateCell    Office = "state"    // the women's cell of the state (WCSO)
)

// Offices are all of them; the office of level n is Offices[n-1].
var Offices = []Office{StationHouse, Circle, District, StateCell}

// Holding is the 72 hours after she said that she withdraws.
type Holding struct {
	// For 72 h nothing touches the offender and a different woman asks once more
	// (T24). Our choice: a withdrawal may be spoken under pressure.
	For time.Duration `yaml:"for" doc:"how long a withdrawal is held before the case goes on"`
	// Reask after 24 h: not while whoever pressed her may still stand there.
	Reask time.Duration `yaml:"reask" doc:"from the withdrawal to asking her again"`
}

// Rescue is what follows the word "danger".
type Rescue struct {
	// Confirm: as long as 112 has not confirmed contact, a supervisor is told
	// again and again. Lifeline policy: confirm, else take further steps.
	Confirm time.Duration `yaml:"confirm" doc:"a supervisor is told again this often until 112 confirms contact"`
	// Recontact her 30 min after it is confirmed. Our choice.
	Recontact time.Duration `yaml:"recontact" doc:"from 112's confirmation to our call to her"`
	// Give up on that call after a day and go to the station. Our choice.
	Give time.Duration `yaml:"give" doc:"how long we try to speak with her before the case goes to the station anyway"`
}

// Caring is the follow-up of a suicidal person.
type Caring struct {
	// After are the follow-ups, each counted from the one before: ≤24 h, then +3
	// days, +7 days. A8 names the counsellors, the times are ours.
	After []time.Duration `yaml:"after" doc:"follow-ups by a counsellor, each counted from the one before"`
	// First one at the latest: she is called as soon as the window opens after
	// this much of the first interval. Our choice.
	Earliest time.Duration `yaml:"earliest" doc:"earliest moment of the first follow-up after the call"`
}

// Child is the duty to report an offence against a child.
type Child struct {
	// Report within 24 h, by law on the part of the police; cannot be withdrawn.
	Report time.Duration `yaml:"report" doc:"time to file the report on a victim under 18"`
}

// Reopen is what a call after closure does.
type Reopen struct {
	// Within 180 days it opens the case again, later a new linked one (T25).
	Within time.Duration `yaml:"within" doc:"a call this long after closure opens the same case again"`
}

// Retry is when a failed call is tried again, by cause.
type Retry struct {
	// Busy +15 min; NoAnswer +2 h and another part of the day; Off +4 h; Rejected
	// +24 h, since a rejection may be her safe sign; Network +5 min, not counted.
	// Vendors recommend 30 to 60 min for sales calls; these are not sales calls.
	Busy      time.Duration `yaml:"busy" doc:"after busy"`
	NoAnswer  time.Duration `yaml:"noAnswer" doc:"after no answer; and in another part of the day"`
	Off       time.Duration `yaml:"off" doc:"after switched off or out of reach"`
	Rejected  time.Duration `yaml:"rejected" doc:"after a rejected call"`
	Network   time.Duration `yaml:"network" doc:"after a failure of the network; not counted"`
	Cancelled time.Duration `yaml:"cancelled" doc:"after we took the call back for somebody who waited; not counted"`
	// HungUp before the warning: +4 h, another officer. Doubts: he may verify us at
	// 1090 first; not counted.
	HungUp time.Duration `yaml:"hungUp" doc:"after an offender hung up before the warning; by another officer"`
	Doubts time.Duration `yaml:"doubts" doc:"after an offender doubted that we are the police; not counted"`
	// Parts divide the day for NoAnswer, in hours: before the first, between, after
	// the last. Our choice: morning, midday, evening.
	Parts []int `yaml:"parts" doc:"hours at which the parts of a day change"`
}

// Limits are how often may be dialled.
type Limits struct {
	// PerNumber and local day over all cases: 2. Ours; the point of a helpline is
	// not to become the next nuisance.
	PerNumber int `yaml:"perNumber" doc:"dials a number may get on one day, over all cases"`
	// Task: 4 attempts over at least 3 days reach 79 % (computed at p = 0.32).
	Task     int `yaml:"task" doc:"attempts per task"`
	TaskDays int `yaml:"taskDays" doc:"days over which they are spread"`
	// Final: 6 over 14 days reach 90 %.
	Final     int `yaml:"final" doc:"attempts for the final feedback"`
	FinalDays int `yaml:"finalDays" doc:"days over which they are spread"`
	// Contact: 2 each.
	Contact int `yaml:"contact" doc:"attempts per contact of the offender"`
	// Free attempts (network, taken back) in one task; a trunk that is down must
	// not be dialled for ever. Our choice.
	Free int `yaml:"free" doc:"attempts that do not count, before the next one does"`
	// Ring at least 25 s: an Indian mobile is often in a bag in another room.
	Ring time.Duration `yaml:"ring" doc:"how long a phone rings, at least 25s"`
}

// Hours are when each kind of call may be made. Commercial calls are barred
// from 21 to 9 h; we are not commercial, and keep inside of it all the same.
type Hours struct {
	Feedback Windows `yaml:"feedback" doc:"calls to victims"`
	Offender Windows `yaml:"offender" doc:"calls to offenders"`
	FFR      Windows `yaml:"ffr" doc:"calls to family, friends and relatives"`
	// Care is when a counsellor follows up: planned calls, so by day.
	Care Windows `yaml:"care" doc:"a counsellor's calls to suicidal persons"`
	// Urgent calls follow an emergency or an abandoned call; only her own windows
	// limit them.
	Urgent Windows `yaml:"urgent" doc:"calls after danger, and back to who gave up waiting"`
}

// Callback is the rule for callers who gave up waiting.
type Callback struct {
	// MinWait: who left within 6 s gave a missed call and did not wait.
	MinWait time.Duration `yaml:"minWait" doc:"shorter waits are not called back"`
	// Within 5 min, and Second +10 min, then no more.
	Within time.Duration `yaml:"within" doc:"the first call back, at the latest"`
	Second time.Duration `yaml:"second" doc:"from the first call back to the second and last"`
}

const day = 24 * time.Hour

// DefaultRules are the limits of docs/redressal.md.
func DefaultRules() Rules {
	return Rules{
		TriageWithin: day, MaxRounds: 1, Restart: Counselling, Complainants: 3,
		Feedback: Feedback{
			After: 3 * day, NotDelivered: day, Support: 7 * day, Again: 3 * day, MaxUnsure: 4, Pause: 3 * day, Sets: 2, PullWait: 7 * day,
		},
		Final:    Final{After: 30 * day, MaxUnsure: 1, RestartLimit: 3},
		FFR:      Contacts{Max: 5},
		Identify: Search{Within: 14 * day},
		Station: Police{Within: 7 * day, MaxLevel: 4, Reminders: []Reminder{
			{3 * day, StationHouse}, {7 * day, Circle}, {10 * day, District}, {15 * day, StateCell},
		}},
		Hold:   Holding{For: 72 * time.Hour, Reask: day},
		Danger: Rescue{Confirm: 10 * time.Minute, Recontact: 30 * time.Minute, Give: day},
		Care:   Caring{After: []time.Duration{day, 3 * day, 7 * day}, Earliest: 12 * time.Hour},
		Minor:  Child{Report: day},
		Reopen: Reopen{Within: 180 * day},
		Retry: Retry{
			Busy: 15 * time.Minute, NoAnswer: 2 * time.Hour, Off: 4 * time.Hour, Rejected: day, Network: 5 * time.Minute,
			Cancelled: 5 * time.Minute, HungUp: 4 * time.Hour, Doubts: 4 * time.Hour, Parts: []int{12, 16},
		},
		Limits:   Limits{PerNumber: 2, Task: 4, TaskDays: 3, Final: 6, FinalDays: 14, Contact: 2, Free: 10, Ring: 25 * time.Second},
		Hours:    Hours{Feedback: Daily(10, 19), Offender: Daily(9, 20), FFR: Daily(10, 20), Care: Daily(9, 21), Urgent: Daily(0, 24)},
		Callback: Callback{MinWait: 6 * time.Second, Within: 5 * time.Minute, Second: 10 * time.Minute},
	}
}

// Validate names the first field that cannot be right, as in the YAML file.
func (r Rules) Validate() error {
	for _, f := range r.durations() {
		if f.d < f.least || f.d > 366*day {
			return fmt.Errorf("%s: %s is not between %s and 366 days", f.name, f.d, f.least)
		}
	}
	for _, f := range r.counts() {
		if f.n < f.least || f.n > 100 {
			return fmt.Errorf("%s: %d is not between %d and 100", f.name, f.n, f.least)
		}
	}
	if r.Restart != Counselling && r.Restart != FFR && r.Restart != Station {
		return fmt.Errorf("restart: %q is no stage: counselling, ffr or station", r.Restart)
	}
	if r.Hold.Reask >= r.Hold.For {
		return fmt.Errorf("hold.reask: must be shorter than hold.for, or nobody is asked")
	}
	if len(r.Care.After) == 0 {
		return fmt.Errorf("care.after: at least one follow-up")
	}
	if r.Care.Earliest > r.Care.After[0] {
		return fmt.Errorf("care.earliest: must not be later than the first follow-up")
	}
	if r.Station.MaxLevel > len(Offices) {
		return fmt.Errorf("station.maxLevel: there are %d offices", len(Offices))
	}
	if err := r.validateReminders(); err != nil {
		return err
	}
	if err := r.validateParts(); err != nil {
		return err
	}
	return r.Hours.validate()
}

type durationField struct {
	name     string
	d, least time.Duration
}

// durations are all of them, each with the least that makes sense.
func (r Rules) durations() []durationField {
	all := []durationField{
		{"triageWithin", r.TriageWithin, time.Minute},
		{"feedback.after", r.Feedback.After, time.Hour},
		{"feedback.notDelivered", r.Feedback.NotDelivered, 0},
		{"feedback.support", r.Feedback.Support, time.Hour},
		{"feedback.again", r.Feedback.Again, time.Hour},
		{"feedback.pause", r.Feedback.Pause, time.Hour},
		{"feedback.pullWait", r.Feedback.PullWait, time.Hour},
		{"final.after", r.Final.After, day},
		{"identify.within", r.Identify.Within, time.Hour},
		{"station.within", r.Station.Within, time.Hour},
		{"station.asked", r.Station.Asked, 0},
		{"hold.for", r.Hold.For, time.Hour},
		{"hold.reask", r.Hold.Reask, 0},
		{"danger.confirm", r.Danger.Confirm, time.Minute},
		{"danger.recontact", r.Danger.Recontact, 0},
		{"danger.give", r.Danger.Give, time.Hour},
		{"care.earliest", r.Care.Earliest, 0},
		{"minor.report", r.Minor.Report, time.Hour},
		{"reopen.within", r.Reopen.Within, day},
		{"retry.busy", r.Retry.Busy, time.Minute},
		{"retry.noAnswer", r.Retry.NoAnswer, time.Minute},
		{"retry.off", r.Retry.Off, time.Minute},
		{"retry.rejected", r.Retry.Rejected, time.Minute},
		{"retry.network", r.Retry.Network, time.Second},
		{"retry.cancelled", r.Retry.Cancelled, time.Second},
		{"retry.hungUp", r.Retry.HungUp, time.Minute},
		{"retry.doubts", r.Retry.Doubts, time.Minute},
		{"limits.ring", r.Limits.Ring, 25 * time.Second},
		{"callback.minWait", r.Callback.MinWait, 0},
		{"callback.within", r.Callback.Within, time.Minute},
		{"callback.second", r.Callback.Second, time.Minute},
	}
	for i, d := range r.Care.After {
		all = append(all, durationField{fmt.Sprintf("care.after[%d]", i), d, time.Hour})
	}
	return all
}

type countField struct {
	name     string
	n, least int
}

// counts are all of them, each with the least that makes sense.
func (r Rules) counts() []countField {
	return []countField{
		{"maxRounds", r.MaxRounds, 1},
		{"complainants", r.Complainants, 2},
		{"feedback.maxUnsure", r.Feedback.MaxUnsure, 1},
		{"feedback.sets", r.Feedback.Sets, 1},
		{"final.maxUnsure", r.Final.MaxUnsure, 0},
		{"final.restartLimit", r.Final.RestartLimit, 2},
		{"ffr.max", r.FFR.Max, 0},
		{"station.maxLevel", r.Station.MaxLevel, 1},
		{"limits.perNumber", r.Limits.PerNumber, 1},
		{"limits.task", r.Limits.Task, 1},
		{"limits.taskDays", r.Limits.TaskDays, 1},
		{"limits.final", r.Limits.Final, 1},
		{"limits.finalDays", r.Limits.FinalDays, 1},
		{"limits.contact", r.Limits.Contact, 1},
		{"limits.free", r.Limits.Free, 1},
	}
}

func (r Rules) validateReminders() error {
	last := time.Duration(0)
	for i, m := range r.Station.Reminders {
		if m.After <= last || m.After > 366*day {
			return fmt.Errorf("station.reminders[%d].after: %s is not later than the one before", i, m.After)
		}
		if m.To.level() == 0 {
			return fmt.Errorf("station.reminders[%d].to: %q is no office: station, circle, district or state", i, m.To)
		}
		last = m.After
	}
	return nil
}

func (r Rules) validateParts() error {
	last := 0
	for i, hour := range r.Retry.Parts {
		if hour <= last || hour > 23 {
			return fmt.Errorf("retry.parts[%d]: %d is no hour later than the one before", i, hour)
		}
		last = hour
	}
	return nil
}

// level is the office's level, from 1; 0 for no office.
func (o Office) level() int {
	for i, one := range Offices {
		if o == one {
			return i + 1
		}
	}
	return 0
}

func (h Hours) validate() error {
	for _, f := range []struct {
		name string
		ws   Windows
	}{{"feedback", h.Feedback}, {"offender", h.Offender}, {"ffr", h.FFR}, {"care", h.Care}, {"urgent", h.Urgent}} {
		if len(f.ws) == 0 {
			return fmt.Errorf("hours.%s: no hours at all: pause the kind of call instead", f.name)
		}
		for i, w := range f.ws {
			if err := w.validate(); err != nil {
				return fmt.Errorf("hours.%s[%d]: %w", f.name, i, err)
			}
		}
	}
	return nil
}

// HoursOf are the windows of a kind of call, within hers if it is to her.
func (r Rules) HoursOf(k Kind, terms Terms) Windows {
	var ws Windows
	switch k {
	case CallOffender:
		return r.Hours.Offender
	case CallContact:
		return r.Hours.FFR
	case Identify:
		return nil
	case FollowUp:
		ws = r.Hours.Care
	case Recontact, CallBack:
		ws = r.Hours.Urgent
	default:
		ws = r.Hours.Feedback
	}
	if len(terms.Windows) == 0 {
		return ws
	}
	return ws.Within(terms.Windows)
}
