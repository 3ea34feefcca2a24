package routing

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"powerline/agent"
)

// centre draws a roster in the proportions of the reference day: 78 constables,
// 16 seniors, 8 counsellors, 34 officers and 14 for feedback in 150, with the
// given share of them idle, and calls in its mix.
func centre(agents, calls int, idle float64) Snapshot {
	r := rand.New(rand.NewPCG(7, 1090))
	p := DefaultPolicy()
	s := Snapshot{Now: noon, Policy: &p}
	for i := range agents {
		id := fmt.Sprintf("a%05d", i)
		var languages []string
		for j, code := range []string{"bho", "ur", "awa", "en"} {
			if r.Float64() < []float64{.18, .1, .15, .22}[j] {
				languages = append(languages, code)
			}
		}
		var a agent.Agent
		switch n := i * 37 % 150; {
		case n < 78:
			a = constable(id, languages...)
			if r.Float64() < .55 {
				a.Profile.Categories = append(a.Profile.Categories, SocialMedia)
			}
			if r.Float64() < .45 {
				a.Profile.Categories = append(a.Profile.Categories, DomesticViolence)
			}
		case n < 94:
			a = senior(id, languages...)
		case n < 102:
			a = counsellor(id, languages...)
		case n < 136:
			a = officer(id)
			a.Profile.Languages = append(a.Profile.Languages, languages...)
		default:
			a = feedback(id)
		}
		a.Since = noon.Add(-time.Duration(r.IntN(3000)) * time.Second)
		if r.Float64() >= idle {
			a.State = []agent.State{agent.Talking, agent.Talking, agent.WrapUp}[r.IntN(3)]
			a.After.Interruptible = a.State == agent.WrapUp
		}
		s.Agents = append(s.Agents, a)
	}
	for i := range calls {
		s.Waiting = append(s.Waiting, mixed(r, fmt.Sprintf("c%05d", i), &p))
	}
	return s
}

func mixed(r *rand.Rand, id string, p *Policy) Call {
	c := waited(id, Unclassified, "hi", r.ExpFloat64()*20)
	x := r.Float64()
	for i := range p.Categories {
		if x -= p.Categories[i].Share; x < 0 {
			c.Category, c.Pool = p.Categories[i].Name, p.Categories[i].Pool
			break
		}
	}
	x = r.Float64()
	for _, l := range p.Forecast.Languages {
		if x -= l.Share; x < 0 {
			c.Language = l.Code
			break
		}
	}
	return c
}

func BenchmarkDecide(b *testing.B) {
	for _, size := range []struct{ agents, calls int }{{150, 1}, {150, 100}, {1000, 500}, {10000, 1000}} {
		for _, idle := range []float64{.02, .2, 1} {
			b.Run(fmt.Sprintf("agents=%d/waiting=%d/idle=%g", size.agents, size.calls, idle), func(b *testing.B) {
				s := centre(size.agents, size.calls, idle)
				var d Decider // as the engine has one
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				var wall, cpu []time.Duration
				b.ReportAllocs()
				offers := 0
				for b.Loop() {
					start, worked := time.Now(), threadTime()
					offers = len(d.Decide(s).Offers)
					wall, cpu = append(wall, time.Since(start)), append(cpu, threadTime()-worked)
				}
				b.ReportMetric(percentile(wall, 99), "p99-µs")
				b.ReportMetric(percentile(cpu, 50), "p50-cpu-µs")
				b.ReportMetric(percentile(cpu, 99), "p99-cpu-µs")
				b.ReportMetric(float64(offers), "offers")
			})
		}
	}
}

// threadTime is the processor time of this thread. On a shared machine it says
// what Decide costs, where wall time says who else was running.
func threadTime() time.Duration {
	const threadClock = 3 // CLOCK_THREAD_CPUTIME_ID
	var at syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, threadClock, uintptr(unsafe.Pointer(&at)), 0); errno != 0 {
		panic(errno)
	}
	return time.Duration(at.Nano())
}

func percentile(of []time.Duration, p int) float64 {
	slices.Sort(of)
	return float64(of[len(of)*p/100].Nanoseconds()) / 1000
}

func BenchmarkExplain(b *testing.B) {
	s := centre(150, 100, .2)
	for b.Loop() {
		Explain(s, "c00050")
	}
}
