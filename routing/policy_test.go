package routing

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestTheDefaultPolicyIsValid(t *testing.T) {
	p := DefaultPolicy()
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	total := 0.0
	for _, c := range p.Categories {
		total += c.Share
	}
	if math.Abs(total-1) > 1e-9 {
		t.Errorf("shares add to %v", total)
	}
}

func TestValidateNamesTheField(t *testing.T) {
	for field, spoil := range map[string]func(*Policy){
		"categories: ":                        func(p *Policy) { p.Categories = nil },
		"categories[1].name: ":                func(p *Policy) { p.Categories[1].Name = Crisis },
		"categories[1].headStart: ":           func(p *Policy) { p.Categories[1].HeadStart = -1 },
		"categories[1].delayCost: ":           func(p *Policy) { p.Categories[1].DelayCost = math.NaN() },
		"categories[1].ringFor: ":             func(p *Policy) { p.Categories[1].RingFor = 0 },
		"categories[1].share: ":               func(p *Policy) { p.Categories[1].Share = 1.1 },
		"categories[1].pool: ":                func(p *Policy) { p.Categories[1].Pool = "men" },
		"categories[1].rings: ":               func(p *Policy) { p.Categories[1].Rings = nil },
		"categories[1].rings[0].after: ":      func(p *Policy) { p.Categories[1].Rings[0].After = 1 },
		"categories[1].rings[2].after: ":      func(p *Policy) { p.Categories[1].Rings[2].After = time.Second },
		"categories[1].rings[0].skills[0]: ":  func(p *Policy) { p.Categories[1].Rings[0].Skills = []Skill{"x"} },
		"categories[1].rings[0].without[0]: ": func(p *Policy) { p.Categories[1].Rings[0].Without = []Skill{"x"} },
		"crisis: ":                            func(p *Policy) { p.Crisis = "x" },
		"default: ":                           func(p *Policy) { p.Default = Crisis },
		"meanHandling: ":                      func(p *Policy) { p.MeanHandling = 0 },
		"levelCost: ":                         func(p *Policy) { p.LevelCost = -1 },
		"idleGain: ":                          func(p *Policy) { p.IdleGain = math.Inf(1) },
		"idleCap: ":                           func(p *Policy) { p.IdleCap = -1 },
		"widerRing: ":                         func(p *Policy) { p.WiderRing = -1 },
		"heavy.calls: ":                       func(p *Policy) { p.Heavy.Calls = 4 },
		"heavy.within: ":                      func(p *Policy) { p.Heavy.Within = -1 },
		"heavy.penalty: ":                     func(p *Policy) { p.Heavy.Penalty = -1 },
		"forecast.callsPerHour: ":             func(p *Policy) { p.Forecast.CallsPerHour = -1 },
		"forecast.languages[0].code: ":        func(p *Policy) { p.Forecast.Languages[0].Code = CallerLanguage },
		"forecast.languages[1].share: ":       func(p *Policy) { p.Forecast.Languages[1].Share = -1 },
		"forecast.languages: ":                func(p *Policy) { p.Forecast.Languages = make([]LanguageShare, 64) },
	} {
		p := DefaultPolicy()
		spoil(&p)
		if err := p.Validate(); err == nil || !strings.Contains(err.Error(), "routing policy: "+field) {
			t.Errorf("%s: got %v", field, err)
		}
	}
}
