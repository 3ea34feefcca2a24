package ivr

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Waiting is what a caller hears while she waits. It is configuration.
type Waiting struct {
	// Connecting is played once, first; it tells her that her key was understood.
	Connecting string `yaml:"connecting"`
	// Comfort is played when there is no figure to tell; CrisisComfort, and no
	// figure at all, to a caller in crisis or danger.
	Comfort       string `yaml:"comfort"`
	CrisisComfort string `yaml:"crisis_comfort"`
	// First is when the first announcement comes, Every the time between two;
	// CrisisEvery the time between two comforts in a crisis.
	First       time.Duration `yaml:"first"`
	Every       time.Duration `yaml:"every"`
	CrisisEvery time.Duration `yaml:"crisis_every"`
	// Gap is the least time between two announcements.
	Gap time.Duration `yaml:"gap"`

	// PositionNext is "you are next"; Position introduces a number, whose prompts
	// are Number with "-1" … appended, up to MaxPosition. Above it no position is
	// spoken. Zero switches the position off.
	PositionNext string `yaml:"position_next"`
	Position     string `yaml:"position"`
	Number       string `yaml:"number"`
	MaxPosition  int    `yaml:"max_position"`
	// Wait with "-1", "-2", … appended are the prompts of the expected wait, one
	// for each of the minutes in WaitSteps. A wait is rounded up to the next step;
	// above the last one none is spoken. No steps switch the wait off.
	Wait      string `yaml:"wait"`
	WaitSteps []int  `yaml:"wait_steps"`

	// Silent asks a caller, who neither spoke nor chose anything for SilentAfter,
	// to let a key speak for her; again every SilentEvery.
	Silent      string        `yaml:"silent"`
	SilentAfter time.Duration `yaml:"silent_after"`
	SilentEvery time.Duration `yaml:"silent_every"`
	// PairWithin is how far apart two equal keys may be to mean danger, once she
	// was asked. KeyHeard and DangerHeard confirm.
	PairWithin  time.Duration `yaml:"pair_within"`
	KeyHeard    string        `yaml:"key_heard"`
	DangerHeard string        `yaml:"danger_heard"`

	// Nobody says that nobody is logged in for her, and which key leads to 112;
	// again every NobodyEvery. EmergencyKey is that key and EmergencyHeard confirms.
	Nobody         string        `yaml:"nobody"`
	NobodyEvery    time.Duration `yaml:"nobody_every"`
	EmergencyKey   string        `yaml:"emergency_key"`
	EmergencyHeard string        `yaml:"emergency_heard"`
}

// DefaultWaiting is how the helpline keeps a caller company.
func DefaultWaiting() Waiting {
	return Waiting{
		Connecting:     "connecting",
		Comfort:        "comfort",
		CrisisComfort:  "comfort-crisis",
		First:          20 * time.Second,
		Every:          30 * time.Second,
		CrisisEvery:    15 * time.Second,
		Gap:            2 * time.Second,
		PositionNext:   "position-next",
		Position:       "position",
		Number:         "number",
		MaxPosition:    20,
		Wait:           "wait",
		WaitSteps:      []int{1, 2, 3, 5, 10, 15},
		Silent:         "silent",
		SilentAfter:    5 * time.Second,
		SilentEvery:    time.Minute,
		PairWithin:     20 * time.Second,
		KeyHeard:       "key-heard",
		DangerHeard:    "danger-heard",
		Nobody:         "nobody",
		NobodyEvery:    30 * time.Second,
		EmergencyKey:   "1",
		EmergencyHeard: "emergency",
	}
}

// Prompts lists the ids of the recordings that waiting needs.
func (w Waiting) Prompts() []string {
	ids := []string{
		w.Connecting, w.Comfort, w.CrisisComfort, w.Silent, w.KeyHeard, w.DangerHeard, w.Nobody, w.EmergencyHeard,
	}
	if w.MaxPosition > 0 {
		ids = append(ids, w.PositionNext, w.Position)
	}
	for n := 2; n <= w.MaxPosition; n++ {
		ids = append(ids, w.number(n))
	}
	for _, minutes := range w.WaitSteps {
		ids = append(ids, w.wait(minutes))
	}
	return distinct(ids...)
}

func (w Waiting) number(n int) string     { return w.Number + "-" + strconv.Itoa(n) }
func (w Waiting) wait(minutes int) string { return w.Wait + "-" + strconv.Itoa(minutes) }

// Validate checks the section; each finding names its field.
func (w Waiting) Validate(known Known) error {
	f := findings{section: "waiting", known: known}
	f.between("first", w.First, time.Second, 10*time.Minute)
	f.between("every", w.Every, 10*time.Second, 10*time.Minute)
	f.between("crisis_every", w.CrisisEvery, 10*time.Second, 10*time.Minute)
	f.between("gap", w.Gap, time.Second, 10*time.Second)
	f.between("silent_after", w.SilentAfter, time.Second, time.Minute)
	f.between("silent_every", w.SilentEvery, 20*time.Second, 10*time.Minute)
	f.between("pair_within", w.PairWithin, time.Second, time.Minute)
	f.between("nobody_every", w.NobodyEvery, 10*time.Second, 10*time.Minute)
	if w.MaxPosition < 0 || w.MaxPosition > 100 {
		f.add("max_position", "is %d, must be between 0 and 100", w.MaxPosition)
	}
	if !slices.IsSorted(w.WaitSteps) || len(w.WaitSteps) > 0 && w.WaitSteps[0] < 1 {
		f.add("wait_steps", "must be minutes, from 1, rising")
	}
	if len(w.EmergencyKey) != 1 || w.EmergencyKey < "0" || w.EmergencyKey > "9" {
		f.add("emergency_key", "must be one of 0-9")
	}
	w.validatePrompts(&f)
	return f.err()
}

func (w Waiting) validatePrompts(f *findings) {
	single := map[string]string{
		"connecting": w.Connecting, "comfort": w.Comfort, "crisis_comfort": w.CrisisComfort,
		"silent": w.Silent, "key_heard": w.KeyHeard, "danger_heard": w.DangerHeard,
		"nobody": w.Nobody, "emergency_heard": w.EmergencyHeard,
	}
	for _, field := range slices.Sorted(maps.Keys(single)) {
		f.prompt(field, single[field])
		f.lasts(field, MaxAnnouncement, f.known.Languages, single[field])
	}
	if w.MaxPosition > 0 && w.MaxPosition <= 100 {
		f.prompt("position_next", w.PositionNext)
		f.prompt("position", w.Position)
	}
	for n := 2; n <= min(w.MaxPosition, 100); n++ {
		f.prompt("number", w.number(n))
	}
	for i, minutes := range w.WaitSteps {
		f.prompt(fmt.Sprintf("wait_steps.%d", i), w.wait(minutes))
	}
	for n := 1; n <= min(w.MaxPosition, 100); n++ {
		for _, minutes := range w.WaitSteps {
			f.lasts("position", MaxAnnouncement, f.known.Languages, append(w.sayPosition(n), w.wait(minutes))...)
		}
	}
}

// sayPosition is the position in prompts.
func (w Waiting) sayPosition(n int) []string {
	if n == 1 {
		return []string{w.PositionNext}
	}
	return []string{w.Position, w.number(n)}
}

// step rounds a wait up to one of the steps; zero when it is longer than all.
func (w Waiting) step(wait time.Duration) int {
	for _, minutes := range w.WaitSteps {
		if wait <= time.Duration(minutes)*time.Minute {
			return minutes
		}
	}
	return 0
}
