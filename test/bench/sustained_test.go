package bench

import (
	"flag"
	"maps"
	"slices"
	"testing"
	"time"
)

// Sustained means: for 6 s, without a call that fails, and with the first offer
// below half a second for 99 in 100.
const (
	sustainFor  = 6 * time.Second
	sustainable = 500 // ms, p99 of the first offer
	// Agents stay for longer than the bridge takes under load: one who left before
	// it would have her caller offered again, and be a load of her own.
	sustainTalk = 500 * time.Millisecond
)

var from = flag.Int("from", 20, "BenchmarkSustained begins with this many calls a second")

func startingAt(first int, rates ...int) []int {
	return slices.DeleteFunc(rates, func(r int) bool { return r < first })
}

// BenchmarkSustained: how many calls a second go through? The rate rises until
// it is no longer sustained.
func BenchmarkSustained(b *testing.B) {
	const agents = 150
	s, ctx := open(b, agents)
	s.turns(ctx, b, []string{powerline, appQueue, plainDial}, map[string]float64{"agents": agents}, func(t turn) map[string]float64 {
		figures := map[string]float64{"calls/s": 0}
		for _, perSecond := range startingAt(*from, 20, 40, 60, 80, 100, 125, 150, 175, 200, 250, 300, 350) {
			var l load
			spent := t.spend(func() { l = t.load(perSecond, perSecond*int(sustainFor/time.Second), sustainTalk) })
			q := Quantiles(l.times)
			t.Logf("%d calls/s: p50 %.1f ms, p99 %.1f ms, %d of %d failed %v; cores: Asterisk %.2f, acd %.2f, Redis %.2f, PostgreSQL %.2f, phones %.2f, others %.2f",
				perSecond, q["p50-ms"], q["p99-ms"], l.failed, l.calls, l.how, spent.Cores(asterisk), spent.Cores(acd), spent.Cores(redis),
				spent.Cores(postgres), spent.Cores(phones), spent.Beside.Others)
			if l.failed > 0 || q["p99-ms"] > sustainable {
				figures["broke-at-calls/s"], figures["broke-p99-ms"], figures["broke-failed"] = float64(perSecond), q["p99-ms"], float64(l.failed)
				break
			}
			maps.Copy(figures, q)
			figures["calls/s"] = float64(perSecond)
			for name := range s.meter.Programs {
				figures[name+"-cores"] = spent.Cores(name)
			}
			s.calm(t.ctx, t.B, t.system)
		}
		s.calm(t.ctx, t.B, t.system)
		return figures
	})
}
