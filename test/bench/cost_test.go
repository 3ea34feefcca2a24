package bench

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"powerline/test/helpline"
	"powerline/test/phone"
)

// BenchmarkCost: what 1,000 calls cost, each program for itself. The calls come
// at 10 a second to 150 agents and carry no voice; what the programs do at rest
// is taken off and told beside.
func BenchmarkCost(b *testing.B) {
	const agents, perSecond, calls = 150, 10, 250
	s, ctx := open(b, agents)
	size := map[string]float64{"agents": agents, "calls/s": perSecond}
	s.turns(ctx, b, []string{powerline, appQueue, plainDial}, size, func(t turn) map[string]float64 {
		rest := t.spend(func() { <-time.After(5 * time.Second) })
		var l load
		before := t.commands()
		stopProfile := t.profile(calls / perSecond)
		spent := t.spend(func() { l = t.load(perSecond, calls, shortTalk) })
		stopProfile()
		after := t.commands()
		if l.failed > 0 {
			t.Errorf("%d calls failed: %v", l.failed, l.how)
		}
		figures := map[string]float64{"calls": calls}
		for name := range s.meter.Programs {
			perCall := (spent.CPU[name] - rest.Cores(name)*spent.Lasted.Seconds()) / calls
			figures[name+"-rest-cores"] = rest.Cores(name)
			figures[name+"-cpu-s/1000"] = 1000 * max(0, perCall)
		}
		for name := range after {
			figures[name+"-commands/call"] = (after[name] - before[name]) / calls
		}
		figures["engine-cpu-s/1000"] = figures[acd+"-cpu-s/1000"] + figures[redis+"-cpu-s/1000"] + figures[postgres+"-cpu-s/1000"]
		return figures
	})
}

var profiles = flag.String("profiles", "", "directory for the engine's CPU profile of each round of BenchmarkCost")

// profile takes the engine's CPU profile for some seconds, if it is wanted. The
// function waits until it is there.
func (t turn) profile(seconds int) (wait func()) {
	if *profiles == "" || t.system != powerline {
		return func() {}
	}
	done := make(chan error, 1)
	go func() {
		response, err := http.Get(fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", t.Engines[0].Listen, seconds))
		if err != nil {
			done <- err
			return
		}
		defer response.Body.Close()
		f, err := os.Create(filepath.Join(*profiles, fmt.Sprintf("acd-%d.pprof", t.round)))
		if err == nil {
			_, err = io.Copy(f, response.Body)
			err = errors.Join(err, f.Close())
		}
		done <- err
	}()
	return func() {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// commands counts what the engine has asked of each outside system so far.
func (t turn) commands() map[string]float64 {
	if t.system != powerline {
		return nil
	}
	text, err := t.Engines[0].Metrics(t.ctx)
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]float64{}
	for line := range strings.Lines(text) {
		for program, metric := range map[string]string{asterisk: "acd_asterisk_seconds_count", redis: "acd_store_seconds_count", postgres: "acd_database_seconds_count"} {
			var n float64
			if _, value, ok := strings.Cut(line, "} "); ok && strings.HasPrefix(line, metric) {
				_, _ = fmt.Sscan(value, &n)
				count[program] += n
			}
		}
	}
	return count
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
		calls := t.arrive(25, agents+wait)
		defer hangUp(t.ctx, calls)
		if err := helpline.Until(t.ctx, "all callers are answered", func() bool { return answered(calls) == len(calls) }); err != nil {
			t.Fatalf("%v: %d of %d", err, answered(calls), len(calls))
		}
		spent := t.spend(func() { <-time.After(5 * time.Second) })
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
