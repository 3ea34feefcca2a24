package bench

import (
	"testing"
	"time"

	"powerline/test/helpline"
	"powerline/test/phone"
)

// BenchmarkCost: what 1,000 calls cost, each program for itself. The calls come
// at 10 a second to 150 agents and carry no voice; what the programs do at rest
// is taken off and told beside.
func BenchmarkCost(b *testing.B) {
	const agents, perSecond, calls = 150, 10, 300
	s, ctx := open(b, agents)
	size := map[string]float64{"agents": agents, "calls/s": perSecond}
	s.turns(ctx, b, []string{powerline, appQueue, plainDial}, size, func(t turn) map[string]float64 {
		rest := t.spend(func() { <-time.After(10 * time.Second) })
		var l load
		spent := t.spend(func() { l = t.load(perSecond, calls) })
		if l.failed > 0 {
			t.Errorf("%d calls failed", l.failed)
		}
		figures := map[string]float64{"calls": calls}
		for name := range s.meter.Programs {
			perCall := (spent.CPU[name] - rest.Cores(name)*spent.Lasted.Seconds()) / calls
			figures[name+"-rest-cores"] = rest.Cores(name)
			figures[name+"-cpu-s/1000"] = 1000 * max(0, perCall)
		}
		figures["engine-cpu-s/1000"] = figures[acd+"-cpu-s/1000"] + figures[redis+"-cpu-s/1000"] + figures[postgres+"-cpu-s/1000"]
		return figures
	})
}

// spend measures what the programs use while something is done.
func (t turn) spend(do func()) Spent {
	before := must(t.B)(t.meter.Read())
	do()
	return must(t.B)(t.meter.Read()).Since(before)
}

// BenchmarkMemory: what each program holds at rest, and while 150 agents talk
// and 500 callers wait with music.
func BenchmarkMemory(b *testing.B) {
	const agents, wait = 150, 500
	s, ctx := open(b, agents)
	size := map[string]float64{"agents": agents, "waiting": wait}
	s.turns(ctx, b, []string{powerline, appQueue}, size, func(t turn) map[string]float64 {
		rest := must(b)(t.meter.Read())
		t.everybodyDoes(func(phone.Invitation) phone.Policy { return phone.AnswerAfter(20 * time.Millisecond) })
		calls := t.arrive(20, agents+wait)
		defer hangUp(ctx, calls)
		if err := helpline.Until(ctx, "all callers are answered", func() bool { return answered(calls) == len(calls) }); err != nil {
			t.Fatalf("%v: %d of %d", err, answered(calls), len(calls))
		}
		spent := t.spend(func() { <-time.After(10 * time.Second) })
		full := must(b)(t.meter.Read())
		figures := map[string]float64{}
		for name := range s.meter.Programs {
			figures[name+"-rest-mib"], figures[name+"-full-mib"] = rest.Memory[name], full.Memory[name]
			figures[name+"-call-kib"] = 1024 * (full.Memory[name] - rest.Memory[name]) / float64(len(calls))
			figures[name+"-full-cores"] = spent.Cores(name)
		}
		return figures
	})
}

func answered(calls []*phone.Call) (n int) {
	for _, c := range calls {
		if !c.When(phone.Answered).IsZero() {
			n++
		}
	}
	return n
}
