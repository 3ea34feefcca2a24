package day

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"powerline/agent"
)

// WhatIf is a change to a day, such as "inbound=x1.3,absent=10%".
type WhatIf struct {
	text    string
	changes []change
}

type change struct {
	key   string
	value float64 // a factor, a number to add, or a share
}

// effect is what a key does, and how its value is written.
type effect struct {
	form  string // "x", "+" or "%"
	help  string
	apply func(*Options, float64)
}

var effects = map[string]effect{
	"inbound":  {"x", "callers", func(o *Options, v float64) { o.Profile.CallsPerDay *= v }},
	"outbound": {"x", "attempts", func(o *Options, v float64) { o.Profile.scaleAttempts(v) }},
	"handling": {"x", "talk and wrap-up of every call", func(o *Options, v float64) { o.Profile.scaleHandling(v) }},
	"patience": {"x", "how long callers wait", func(o *Options, v float64) { o.Profile.scalePatience(v) }},
	"forecast": {"x", "what the router expects, while the calls stay as they are", func(o *Options, v float64) {
		policy := *o.Policy
		policy.Forecast.CallsPerHour *= v
		o.Policy = &policy
	}},
	"agents":  {"+", "agents, spread over the roster as it is; TEAM=+5 for one team", func(o *Options, v float64) { o.Profile.addAgents("", int(v)) }},
	"reserve": {"+", "women kept idle while dialling, to those of the configuration", func(o *Options, v float64) { o.Reserve.Women = max(0, o.Reserve.Women+int(v)) }},
	"absent":  {"%", "of the roster who do not come", func(o *Options, v float64) { o.Absent = v }},
	"missed":  {"%", "of offers that ring out", func(o *Options, v float64) { o.Profile.Pickup.Missed = v }},
}

// WhatIfHelp says what can be asked, one key a line.
func WhatIfHelp() string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(effects)) {
		e := effects[key]
		fmt.Fprintf(&b, "  %-14s %s\n", key+"="+map[string]string{"x": "x1.3", "+": "+10", "%": "10%"}[e.form], e.help)
	}
	return b.String()
}

// ParseWhatIf reads changes, separated by commas. Names of teams of the profile
// may stand for keys.
func ParseWhatIf(text string, p *Profile) (WhatIf, error) {
	w := WhatIf{text: text}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		key, value, _ := strings.Cut(part, "=")
		form := "+"
		e, known := effects[key]
		switch {
		case known:
			form = e.form
		case !slices.ContainsFunc(p.Agents, func(a Person) bool { return a.Team == key }):
			return WhatIf{}, fmt.Errorf("what-if %q: %q is neither a team of the profile nor one of\n%s", part, key, WhatIfHelp())
		}
		v, err := parseChange(form, value)
		if err != nil {
			return WhatIf{}, fmt.Errorf("what-if %q: %w", part, err)
		}
		w.changes = append(w.changes, change{key, v})
	}
	return w, nil
}

func parseChange(form, text string) (float64, error) {
	switch form {
	case "x":
		v, err := strconv.ParseFloat(strings.TrimPrefix(text, "x"), 64)
		if err != nil || !strings.HasPrefix(text, "x") || !within(v, 0, 100) {
			return 0, fmt.Errorf("%q is no factor between x0 and x100, such as x1.3", text)
		}
		return v, nil
	case "%":
		v, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
		if err != nil || !strings.HasSuffix(text, "%") || !within(v, 0, 100) {
			return 0, fmt.Errorf("%q is no share between 0%% and 100%%", text)
		}
		return v / 100, nil
	}
	v, err := strconv.Atoi(text)
	if err != nil || text[0] != '+' && text[0] != '-' || v < -mostAgents || v > mostAgents {
		return 0, fmt.Errorf("%q is no change such as +10 or -5", text)
	}
	return float64(v), nil
}

// String is the text that was parsed.
func (w WhatIf) String() string { return w.text }

// Apply is the day with the changes; the options given stay as they are.
func (w WhatIf) Apply(o Options) Options {
	p := o.Profile.clone()
	o.Profile = &p
	for _, c := range w.changes {
		if e, known := effects[c.key]; known {
			e.apply(&o, c.value)
		} else {
			o.Profile.addAgents(c.key, int(c.value))
		}
	}
	return o
}

func (p *Profile) clone() Profile {
	q := *p
	q.Categories = slices.Clone(p.Categories)
	for i := range q.Categories {
		q.Categories[i].Parts = slices.Clone(q.Categories[i].Parts)
	}
	q.Outbound, q.Agents = slices.Clone(p.Outbound), slices.Clone(p.Agents)
	return q
}

func (s Spread) times(factor float64) Spread {
	s.Mean = time.Duration(float64(s.Mean) * factor)
	s.Shift = time.Duration(float64(s.Shift) * factor)
	if s.Law == Lognormal {
		s.Mean = max(s.Mean, time.Nanosecond)
	}
	return s
}

func (p *Profile) scaleAttempts(factor float64) {
	for i := range p.Outbound {
		p.Outbound[i].Attempts = int(math.Round(float64(p.Outbound[i].Attempts) * factor))
	}
}

func (p *Profile) scaleHandling(factor float64) {
	for i := range p.Categories {
		for j := range p.Categories[i].Parts {
			part := &p.Categories[i].Parts[j]
			part.Talk, part.WrapUp = part.Talk.times(factor), part.WrapUp.times(factor)
		}
	}
	for i := range p.Outbound {
		k := &p.Outbound[i]
		k.Talk, k.WrapUp = k.Talk.times(factor), k.WrapUp.times(factor)
	}
}

func (p *Profile) scalePatience(factor float64) {
	for i := range p.Categories {
		p.Categories[i].Patience = p.Categories[i].Patience.times(factor)
	}
}

// addAgents copies, or takes away, n agents of a team, or of all: every so-many-th
// of them, so that shifts and skills stay in proportion.
func (p *Profile) addAgents(team string, n int) {
	var of []int
	for i := range p.Agents {
		if team == "" || p.Agents[i].Team == team {
			of = append(of, i)
		}
	}
	if n < 0 {
		n = max(n, -len(of))
		gone := map[int]bool{}
		for k := range -n {
			gone[of[k*len(of)/-n]] = true
		}
		kept := p.Agents[:0:0]
		for i, a := range p.Agents {
			if !gone[i] {
				kept = append(kept, a)
			}
		}
		p.Agents = kept
		return
	}
	for k := range n {
		if len(of) == 0 {
			return
		}
		a := p.Agents[of[k*len(of)/n%len(of)]]
		a.ID = agent.ID(fmt.Sprintf("%s-new%d", a.ID, k+1))
		p.Agents = append(p.Agents, a)
	}
}

// Flexible is the day with people who can do everything: what no router can do
// better than. Within genders they still take only what law 3 allows; beyond
// them everybody is of one pool, which no helpline can have.
func (p *Profile) Flexible(beyondGender bool) Profile {
	q := p.clone()
	var languages, categories, kinds []string
	for _, l := range q.Languages {
		languages = append(languages, l.Code)
	}
	for i := range q.Categories {
		categories = append(categories, q.Categories[i].Name)
		if beyondGender {
			q.Categories[i].Pool = agent.Women
		}
	}
	for i := range q.Outbound {
		kinds = append(kinds, q.Outbound[i].Name)
		if beyondGender {
			q.Outbound[i].Pool = agent.Women
		}
	}
	for i := range q.Agents {
		a := &q.Agents[i]
		a.Languages, a.Categories, a.Outbound = languages, categories, kinds
		a.Counsellor, a.Senior = true, true
		if beyondGender {
			a.Woman = true
		}
	}
	return q
}
