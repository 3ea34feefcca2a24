package routing

import (
	"fmt"
	"time"

	"powerline/agent"
)

// Policy is the whole of what can be tuned. It is data: rings, costs and times
// come from the configuration, and Decide has no category built in. Treat a
// policy as read-only once it is in a Snapshot.
type Policy struct {
	// Categories of inbound calls. Their order has no meaning.
	Categories []Category `yaml:"categories"`
	// Crisis names the category whose rules govern every crisis call, also one
	// whose own category is another: danger outranks the reason for the call.
	Crisis string `yaml:"crisis"`
	// Default names the category for calls of a category that is not listed, so
	// that a changed configuration strands nobody who is already waiting.
	Default string `yaml:"default"`
	// BreakIn lets a crisis call take an agent out of interruptible wrap-up.
	BreakIn bool `yaml:"breakIn"`

	// MeanHandling is talk plus wrap-up of the average call. Measure it.
	MeanHandling time.Duration `yaml:"meanHandling"`
	// LevelCost is how many seconds of a caller's delay one level of suitability
	// is worth.
	LevelCost float64 `yaml:"levelCost"`
	// IdleGain is taken off an agent's score per second that she has been idle,
	// up to IdleCap. It spreads the work.
	IdleGain float64       `yaml:"idleGain"`
	IdleCap  time.Duration `yaml:"idleCap"`
	// WiderRing is added in the price to the wait for a ring that does not open
	// at once: being served by the less suited costs something too.
	WiderRing time.Duration `yaml:"widerRing"`
	Heavy     Heavy         `yaml:"heavy"`
	Forecast  Forecast      `yaml:"forecast"`
}

// Category is one kind of inbound call.
type Category struct {
	Name string `yaml:"name"`
	// HeadStart is added to the time waited when calls are ordered.
	HeadStart time.Duration `yaml:"headStart"`
	// DelayCost is what one second of waiting costs, relative to other categories.
	DelayCost float64 `yaml:"delayCost"`
	// RingFor is how long an offer rings.
	RingFor time.Duration `yaml:"ringFor"`
	// Heavy calls are spread by Policy.Heavy.
	Heavy bool `yaml:"heavy"`
	// Rings of agents from the best suited outwards; an agent's level is the
	// first ring that she belongs to.
	Rings []Ring `yaml:"rings"`
	// Share, ByLanguage and Pool serve the forecast only: the share of all calls,
	// whether it splits by the language shares, and the pool it usually needs.
	// The pool that binds is the one of the call itself.
	Share      float64    `yaml:"share"`
	ByLanguage bool       `yaml:"byLanguage"`
	Pool       agent.Pool `yaml:"pool"`
}

// Skill is something a ring can ask of an agent.
type Skill string

// The skills.
const (
	Counsellor Skill = "counsellor"
	Senior     Skill = "senior"
	// Trained for this category.
	Trained Skill = "trained"
	// Inbound: trained for any inbound category at all.
	Inbound Skill = "inbound"
)

// The language rules of a ring that are not themselves a language code.
const (
	AnyLanguage    = "any"
	CallerLanguage = "caller" // a caller who named no language is understood by all
)

// Ring describes whom a call may be offered to once it has waited After.
type Ring struct {
	After time.Duration `yaml:"after"`
	// Skills: she has at least one of them. Empty: no skill is asked.
	Skills []Skill `yaml:"skills"`
	// Without: she has none of them.
	Without []Skill `yaml:"without"`
	// Language: "caller", "any" (also when empty), or a code such as "hi".
	Language string `yaml:"language"`
}

// Heavy spreads heavy calls: an agent whose last Calls heavy calls ended within
// Within costs Penalty more for the next heavy one. It is never a block.
type Heavy struct {
	Calls   int           `yaml:"calls"`
	Within  time.Duration `yaml:"within"`
	Penalty float64       `yaml:"penalty"`
}

// Forecast is the demand that prices look ahead to. The reference results move
// by less than 0.1 points when it is wrong by a quarter, so a flat rate will do;
// who knows this hour's rate puts it into a copy of the policy.
type Forecast struct {
	CallsPerHour float64         `yaml:"callsPerHour"`
	Languages    []LanguageShare `yaml:"languages"`
}

// LanguageShare is the share of callers of one language.
type LanguageShare struct {
	Code  string  `yaml:"code"`
	Share float64 `yaml:"share"`
}

const (
	maxRings      = 8  // counts per ring live in fixed arrays
	maxCategories = 64 // an agent's training is one word of bits
	maxLanguages  = 63 // so are her languages, but one bit stands for none of them
	maxTime       = 365 * 24 * time.Hour
)

// Validate reports the first mistake and names its field.
func (p *Policy) Validate() error {
	if n := len(p.Categories); n == 0 || n > maxCategories {
		return fmt.Errorf("routing policy: categories: have %d, need 1 to %d", n, maxCategories)
	}
	seen := map[string]bool{}
	for i := range p.Categories {
		c := &p.Categories[i]
		field := fmt.Sprintf("categories[%d]", i)
		if c.Name == "" || seen[c.Name] {
			return fmt.Errorf("routing policy: %s.name: %q is empty or used twice", field, c.Name)
		}
		seen[c.Name] = true
		if err := c.validate(field); err != nil {
			return fmt.Errorf("routing policy: %w", err)
		}
	}
	if !seen[p.Crisis] {
		return fmt.Errorf("routing policy: crisis: %q is not the name of a category", p.Crisis)
	}
	if !seen[p.Default] || p.Default == p.Crisis {
		return fmt.Errorf("routing policy: default: %q is not the name of a category other than crisis", p.Default)
	}
	if err := p.validateNumbers(); err != nil {
		return fmt.Errorf("routing policy: %w", err)
	}
	return nil
}

func (p *Policy) validateNumbers() error {
	if p.MeanHandling < time.Second || p.MeanHandling > maxTime {
		return fmt.Errorf("meanHandling: %v is not between 1 s and a year", p.MeanHandling)
	}
	amounts := []struct {
		field string
		value float64
	}{
		{"levelCost", p.LevelCost}, {"idleGain", p.IdleGain}, {"heavy.penalty", p.Heavy.Penalty},
		{"forecast.callsPerHour", p.Forecast.CallsPerHour},
	}
	for _, a := range amounts {
		if err := amount(a.field, a.value); err != nil {
			return err
		}
	}
	times := []struct {
		field string
		value time.Duration
	}{{"idleCap", p.IdleCap}, {"widerRing", p.WiderRing}, {"heavy.within", p.Heavy.Within}}
	for _, t := range times {
		if err := span(t.field, t.value); err != nil {
			return err
		}
	}
	if p.Heavy.Calls < 0 || p.Heavy.Calls > 3 {
		return fmt.Errorf("heavy.calls: %d is not between 0 and 3, as many as an agent remembers", p.Heavy.Calls)
	}
	return p.Forecast.validate()
}

func (f *Forecast) validate() error {
	if len(f.Languages) > maxLanguages {
		return fmt.Errorf("forecast.languages: have %d, at most %d", len(f.Languages), maxLanguages)
	}
	seen := map[string]bool{}
	for i, l := range f.Languages {
		field := fmt.Sprintf("forecast.languages[%d]", i)
		if l.Code == "" || l.Code == AnyLanguage || l.Code == CallerLanguage || seen[l.Code] {
			return fmt.Errorf("%s.code: %q is empty, reserved or used twice", field, l.Code)
		}
		seen[l.Code] = true
		if err := share(field+".share", l.Share); err != nil {
			return err
		}
	}
	return nil
}

func (c *Category) validate(field string) error {
	if err := span(field+".headStart", c.HeadStart); err != nil {
		return err
	}
	if err := amount(field+".delayCost", c.DelayCost); err != nil {
		return err
	}
	if c.RingFor < time.Second || c.RingFor > 5*time.Minute {
		return fmt.Errorf("%s.ringFor: %v is not between 1 s and 5 min", field, c.RingFor)
	}
	if err := share(field+".share", c.Share); err != nil {
		return err
	}
	if c.Pool != agent.Women && c.Pool != agent.MaleOfficers {
		return fmt.Errorf("%s.pool: %q is neither %q nor %q", field, c.Pool, agent.Women, agent.MaleOfficers)
	}
	if n := len(c.Rings); n == 0 || n > maxRings {
		return fmt.Errorf("%s.rings: have %d, need 1 to %d", field, n, maxRings)
	}
	if c.Rings[0].After != 0 {
		return fmt.Errorf("%s.rings[0].after: %v, but the first ring must be open from the start", field, c.Rings[0].After)
	}
	for i := range c.Rings {
		at := fmt.Sprintf("%s.rings[%d]", field, i)
		if err := c.Rings[i].validate(at); err != nil {
			return err
		}
		if i > 0 && c.Rings[i].After < c.Rings[i-1].After {
			return fmt.Errorf("%s.after: %v is before the ring inside it (%v)", at, c.Rings[i].After, c.Rings[i-1].After)
		}
	}
	return nil
}

func (r *Ring) validate(field string) error {
	if err := span(field+".after", r.After); err != nil {
		return err
	}
	for i, s := range r.Skills {
		if s.bit() == 0 {
			return fmt.Errorf("%s.skills[%d]: unknown skill %q", field, i, s)
		}
	}
	for i, s := range r.Without {
		if s.bit() == 0 {
			return fmt.Errorf("%s.without[%d]: unknown skill %q", field, i, s)
		}
	}
	return nil
}

// amount also refuses NaN, for which every comparison is false.
func amount(field string, v float64) error {
	if !(v >= 0 && v <= 1e6) {
		return fmt.Errorf("%s: %v is not between 0 and 1e6", field, v)
	}
	return nil
}

func share(field string, v float64) error {
	if !(v >= 0 && v <= 1) {
		return fmt.Errorf("%s: %v is not between 0 and 1", field, v)
	}
	return nil
}

func span(field string, d time.Duration) error {
	if d < 0 || d > maxTime {
		return fmt.Errorf("%s: %v is not between 0 and a year", field, d)
	}
	return nil
}
