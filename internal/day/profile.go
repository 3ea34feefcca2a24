package day

import (
	_ "embed"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"powerline/agent"
)

// Profile is what a day is like. Its YAML form is that of weekday.yaml.
type Profile struct {
	Name string `yaml:"name"`
	// CallsPerDay is the mean number of callers; Hours is how many percent of them
	// come in each hour, from midnight.
	CallsPerDay float64   `yaml:"callsPerDay"`
	Hours       []float64 `yaml:"hours"`
	// Drain is how long the day is watched after midnight, so that its last
	// callers are served.
	Drain time.Duration `yaml:"drain"`
	// Languages in the order in which chance draws them; the shares add up to one.
	Languages  []Language `yaml:"languages"`
	Pickup     Pickup     `yaml:"pickup"`
	Categories []Category `yaml:"categories"`
	Outbound   []Kind     `yaml:"outbound"`
	Agents     []Person   `yaml:"agents"`
}

// Language is a code, such as "hi", and its share of callers.
type Language struct {
	Code  string  `yaml:"code"`
	Share float64 `yaml:"share"`
}

// Pickup is how agents answer: after a time between From and To, all alike
// likely, or, of Missed of the offers, not at all and with a pause of Pause.
type Pickup struct {
	From   time.Duration `yaml:"from"`
	To     time.Duration `yaml:"to"`
	Missed float64       `yaml:"missed"`
	Pause  time.Duration `yaml:"pause"`
}

// Category is one kind of caller. Those who are not ByLanguage all speak the
// first language.
type Category struct {
	Name       string     `yaml:"name"`
	Share      float64    `yaml:"share"`
	ByLanguage bool       `yaml:"byLanguage"`
	Pool       agent.Pool `yaml:"pool"`
	// Weight is that of the category's queues where app_queue serves them.
	Weight   int    `yaml:"weight,omitempty"`
	Patience Spread `yaml:"patience"`
	// Parts are kinds of conversations in it; their shares add up to one.
	Parts []Part `yaml:"parts"`
	// Recovery is the rest after the wrap-up, which nothing breaks into.
	Recovery time.Duration `yaml:"recovery,omitempty"`
}

// Part of a category's calls, with talk and wrap-up.
type Part struct {
	Share  float64 `yaml:"share"`
	Talk   Spread  `yaml:"talk"`
	WrapUp Spread  `yaml:"wrapUp"`
}

// Kind of call that we make. One job is one attempt.
type Kind struct {
	Name     string     `yaml:"name"`
	Pool     agent.Pool `yaml:"pool"`
	Attempts int        `yaml:"attempts"`
	// Opens and Closes are hours of the day.
	Opens  int `yaml:"opens"`
	Closes int `yaml:"closes"`
	// AtOpening is the share of jobs that are due when the hours open; the others
	// become due evenly until LastBeforeClose before they close.
	AtOpening       float64       `yaml:"atOpening"`
	LastBeforeClose time.Duration `yaml:"lastBeforeClose"`
	// Answered and Unanswered are shares of the attempts; the rest fails.
	Answered   float64 `yaml:"answered"`
	Unanswered float64 `yaml:"unanswered"`
	// Ring is until an answer, RingFor until we give up, Fail until a failure.
	Ring    Spread        `yaml:"ring"`
	RingFor time.Duration `yaml:"ringFor"`
	Fail    Spread        `yaml:"fail"`
	Talk    Spread        `yaml:"talk"`
	WrapUp  Spread        `yaml:"wrapUp"`
	// UnansweredWrapUp follows an attempt that reached nobody.
	UnansweredWrapUp time.Duration `yaml:"unansweredWrapUp"`
}

// Person is an agent of the day.
type Person struct {
	ID         agent.ID `yaml:"id"`
	Team       string   `yaml:"team"`
	Woman      bool     `yaml:"woman,omitempty"`
	Officer    bool     `yaml:"officer,omitempty"`
	Counsellor bool     `yaml:"counsellor,omitempty"`
	Senior     bool     `yaml:"senior,omitempty"`
	Languages  []string `yaml:"languages"`
	Categories []string `yaml:"categories,omitempty"`
	Outbound   []string `yaml:"outbound,omitempty"`
	Shift      Shift    `yaml:"shift"`
	Breaks     []Span   `yaml:"breaks,omitempty"`
}

// Shift begins at an hour of the day (a fraction is allowed) and lasts. One that
// passes midnight is worked from midnight to its end as well.
type Shift struct {
	Starts float64
	Lasts  time.Duration
}

// Span is a part of a shift, from so long after its start.
type Span struct{ After, Lasts time.Duration }

// UnmarshalYAML reads "22+8h": from 22:00 for eight hours.
func (s *Shift) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return err
	}
	starts, lasts, ok := strings.Cut(text, "+")
	hour, err := strconv.ParseFloat(starts, 64)
	if !ok || err != nil || math.IsNaN(hour) || hour < 0 || hour >= 24 {
		return fmt.Errorf("shift %q: want the hour of its start and its length, such as 22+8h", text)
	}
	length, err := time.ParseDuration(lasts)
	if err != nil || length <= 0 || length > 24*time.Hour {
		return fmt.Errorf("shift %q: want a length of at most a day, such as 8h", text)
	}
	*s = Shift{hour, length}
	return nil
}

// MarshalText is the opposite of UnmarshalYAML.
func (s Shift) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%g+%s", s.Starts, short(s.Lasts)), nil
}

// UnmarshalYAML reads "3h+30m": after three hours for thirty minutes.
func (s *Span) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return err
	}
	after, lasts, _ := strings.Cut(text, "+")
	a, errA := time.ParseDuration(after)
	l, errL := time.ParseDuration(lasts)
	if errA != nil || errL != nil || a < 0 || l <= 0 {
		return fmt.Errorf("break %q: want when it begins, from the start of the shift, and its length, such as 3h+30m", text)
	}
	*s = Span{a, l}
	return nil
}

// MarshalText is the opposite of UnmarshalYAML.
func (s Span) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%s+%s", short(s.After), short(s.Lasts)), nil
}

// short is a duration without the zeros at its end.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func (p Person) profile() agent.Profile {
	return agent.Profile{
		ID: p.ID, Woman: p.Woman, Officer: p.Officer, Counsellor: p.Counsellor, Senior: p.Senior,
		Languages: p.Languages, Categories: p.Categories, Outbound: p.Outbound,
	}
}

//go:embed weekday.yaml
var weekday []byte

// Weekday is the reference day of 1090: 8,000 callers, 10,000 attempts and 150
// agents. The comment at its head says which of its figures are assumptions.
func Weekday() Profile {
	p, err := Parse("weekday.yaml", weekday)
	if err != nil {
		panic(err) // a test reads the same bytes
	}
	return p
}

// WeekdayText is the file of Weekday, with its comments.
func WeekdayText() []byte { return slices.Clone(weekday) }

// largestProfile is a hundred times a real one.
const largestProfile = 4 << 20

// Load reads a profile from a file.
func Load(path string) (Profile, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Profile{}, fmt.Errorf("read the profile: %w", err)
	}
	return Parse(path, text)
}

// Parse reads a profile. It is taken whole or refused, and the error names the
// file, the line and the reason.
func Parse(name string, text []byte) (Profile, error) {
	if len(text) > largestProfile {
		return Profile{}, fmt.Errorf("profile %s: longer than %d bytes", name, largestProfile)
	}
	var p Profile
	if err := yaml.UnmarshalWithOptions(text, &p, yaml.Strict()); err != nil {
		return Profile{}, fmt.Errorf("profile %s: %s", name, firstLine(yaml.FormatError(err, false, false)))
	}
	var wrong *fault
	if err := p.Validate(); errors.As(err, &wrong) {
		if line := lineOf(text, wrong.path); line > 0 {
			return Profile{}, fmt.Errorf("profile %s:%d: %w", name, line, err)
		}
		return Profile{}, fmt.Errorf("profile %s: %w", name, err)
	}
	return p, nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// lineOf is the line at which a field stands, or the nearest field around it.
func lineOf(text []byte, path string) int {
	for at := "$." + path; ; {
		if p, err := yaml.PathString(at); err == nil {
			if node, err := p.ReadNode(strings.NewReader(string(text))); err == nil && node.GetToken() != nil {
				return node.GetToken().Position.Line
			}
		}
		cut := strings.LastIndexAny(at, ".[")
		if cut <= 1 {
			return 0
		}
		at = at[:cut]
	}
}

// Marshal writes a profile as Parse reads it.
func (p Profile) Marshal() ([]byte, error) {
	text, err := yaml.MarshalWithOptions(p, yaml.UseSingleQuote(false))
	if err != nil {
		return nil, fmt.Errorf("write the profile: %w", err)
	}
	return text, nil
}

// class is a category in one language, the finest kind of caller.
type class struct {
	category int
	language int
	share    float64
}

// classes are all kinds of callers, in the order in which chance draws them.
func (p *Profile) classes() []class {
	var all []class
	for i, c := range p.Categories {
		if !c.ByLanguage {
			all = append(all, class{i, 0, c.Share})
			continue
		}
		for j, l := range p.Languages {
			all = append(all, class{i, j, c.Share * l.Share})
		}
	}
	return all
}

// kind is the index of an outbound kind by name, -1 if there is none.
func (p *Profile) kind(name string) int {
	return slices.IndexFunc(p.Outbound, func(k Kind) bool { return k.Name == name })
}

// category is the index of a category by name, -1 if there is none.
func (p *Profile) category(name string) int {
	return slices.IndexFunc(p.Categories, func(c Category) bool { return c.Name == name })
}
