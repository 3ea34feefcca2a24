package bench

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"powerline/agent"
	"powerline/call"
	"powerline/cases"
	"powerline/internal/config"
	"powerline/test/helpline"
	"powerline/test/phone"
)

var share = flag.Float64("share", 1, "share of the day's calls that BenchmarkDay makes, at the day's rates: 0.05 takes 3 minutes")

// A day of the helpline, and the time into which it is pressed. The rates are so
// many times higher, and talks and wrap-ups so many times shorter.
const (
	inboundADay  = 8000
	outboundADay = 10000
	dayLasts     = 55 * time.Minute
	seats        = 150
	// ladderDay is how long a day of the redressal ladder takes, so that cases
	// live through their months while the calls of one day are made.
	ladderDay = time.Minute
)

// The shares of a day's calls in its 24 hours: docs/redressal.md has the hours
// in which we call.
var (
	inboundHours  = [24]float64{1.6, 1.1, .8, .6, .6, .9, 1.6, 2.6, 3.8, 5.2, 6.4, 6.9, 6.7, 6.2, 6, 6, 6.1, 6.3, 6.6, 6.6, 6.2, 5.1, 3.9, 2.2}
	outboundHours = [24]float64{9: 7, 10, 11.5, 10.5, 8, 8.5, 9, 9.5, 9, 8, 6, 3}
)

// until is the share of the day's calls that ought to have begun when a share of
// the day is over.
func until(hours [24]float64, over float64) float64 {
	sum, all := 0.0, 0.0
	for h, w := range hours {
		sum += w * min(max(over*24-float64(h), 0), 1)
		all += w
	}
	return sum / all
}

// day is a day that is being lived.
type day struct {
	*helpline.Helpline
	*testing.B
	began  time.Time
	lasts  time.Duration
	clock  config.LadderClock
	work   sync.WaitGroup
	voices map[int]helpline.Person // by tone

	attempts atomic.Int64 // calls that somebody outside got from us
	owed     atomic.Int64 // cases registered whose offender was not called yet

	mu     sync.Mutex
	counts map[string]float64
	tell   func(format string, args ...any) // of a broken law
}

// BenchmarkDay lives a whole day on the real stack: 8,000 callers, and cases
// enough for 10,000 attempts, each call judged by what was heard in it.
func BenchmarkDay(b *testing.B) {
	d := &day{B: b, lasts: time.Duration(*share * float64(dayLasts)), counts: map[string]float64{}, voices: map[int]helpline.Person{}, tell: b.Errorf}
	ctx, cancel := context.WithTimeout(b.Context(), d.lasts+20*time.Minute)
	defer cancel()
	if err := d.open(ctx); err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	meter, err := NewMeter(programsOf(d.Helpline))
	if err != nil {
		b.Fatal(err)
	}
	before := must(b)(meter.Read())
	listening, deafen := context.WithCancel(ctx)
	var ears sync.WaitGroup
	ears.Go(func() { d.listen(listening) })
	d.live(ctx)
	after := must(b)(meter.Read())
	spent := after.Since(before)
	for name := range meter.Programs {
		d.counts[name+"-cores"], d.counts[name+"-mib"] = spent.Cores(name), after.Memory[name]
	}
	d.finish(ctx)
	deafen()
	ears.Wait()
	d.judgeBooks(ctx)
	d.keep(spent)
}

// open starts a helpline with all seats taken.
func (d *day) open(ctx context.Context) error {
	d.clock = config.LadderClock{Speed: int(24 * time.Hour / ladderDay), From: time.Now().Truncate(time.Second)}
	h, err := helpline.Open(ctx, helpline.Options{
		Women: seats - 50, Seniors: 8, Counsellors: 8, Officers: 34, Dialers: 1, Durable: true, Remember: 400,
		WrapUp: 2 * time.Second, Changes: []func(*config.Config){asInProduction, d.outbound},
	})
	if err != nil {
		return err
	}
	d.Helpline = h
	for i, p := range h.People {
		tone := agentTone(i)
		d.voices[tone] = p
		h.Agents.Phone(string(p.ID), phone.Sings(tone)).Decides(d.agentDoes)
	}
	for first := 0; first < len(h.People); first += 15 {
		if err := h.LogIn(ctx, h.People[first:min(first+15, len(h.People))]...); err != nil {
			return err
		}
	}
	return nil
}

// agentDoes answers soon. Callers are hung up on by agents; whom we call hangs up
// himself, for an agent would not leave while a phone rings.
func (d *day) agentDoes(i phone.Invitation) phone.Policy {
	policy := phone.AnswerAfter(50*time.Millisecond + rand.N(300*time.Millisecond))
	if _, ours := outcomes[cases.Kind(i.Display)]; ours {
		return policy
	}
	return policy.TalkFor(d.talk())
}

// Agents' voices lie 12 Hz apart from 420 to 2,208 Hz, those of all others above.
func agentTone(i int) int { return 420 + 12*i }
func otherTone(i int) int { return 2300 + 12*(i%80) }

// talk of a conversation: two seconds and more, seven and a half on the average.
func (d *day) talk() time.Duration {
	return min(2*time.Second+time.Duration(rand.ExpFloat64()*5.5*float64(time.Second)), 30*time.Second)
}

// outbound lets the ladder run at any hour of its own fast clock.
func (d *day) outbound(c *config.Config) {
	o := &c.Outbound
	o.Clock = d.clock
	o.Reserve = config.Reserve{Women: 6, Crisis: 2, Officers: 2, Resume: 1}
	helpline.Always(&o.Ladder)
	o.Ladder.Callback.Second = max(o.Ladder.Callback.Second, 30*time.Second*time.Duration(o.Clock.Speed))
}

// live plays the day until its last call has begun, and waits for the callers.
func (d *day) live(ctx context.Context) {
	d.began = time.Now()
	living, end := context.WithTimeout(ctx, d.lasts)
	defer end()
	var outside sync.WaitGroup
	outside.Go(func() { d.register(living) })
	outside.Go(func() { d.code(living) })
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for n, all := 0, int(*share*inboundADay); n < all; {
		<-tick.C
		for due := int(until(inboundHours, d.over()) * float64(all)); n < due; n++ {
			d.work.Go(func() { d.calls(ctx, n) })
		}
	}
	<-living.Done()
	outside.Wait()
	d.work.Wait()
}

// over is the share of the day that is over.
func (d *day) over() float64 { return min(float64(time.Since(d.began))/float64(d.lasts), 1) }

// count adds to a figure.
func (d *day) count(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.counts[what]++
}

// violation counts a broken law and prints the first few.
func (d *day) violation(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.counts["violations"]++; d.counts["violations"] <= 20 {
		d.tell(format, args...)
	}
}

// finish ends the dialer, lets the last conversations end and counts what is
// left of any call.
func (d *day) finish(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	d.Dialers[0].Stop()
	left := 0
	err := helpline.Until(limited, "nothing is left of any call", func() bool {
		state, err := d.State(limited)
		left = 0
		for _, c := range state.Calls {
			if c.Stage != call.Ended {
				left++
			}
		}
		for _, p := range d.People {
			left += len(d.Phone(p).Live())
		}
		return err == nil && left == 0
	})
	if err != nil {
		d.violation("%d calls are left after the day: %v", left, err)
	}
	for _, p := range d.Agents.Phones() {
		if n := p.MostAtOnce(); n > 1 {
			d.violation("%s had %d calls at once", p.User(), n)
		}
	}
}

// judgeBooks counts what the engine refused by law, and holds the records
// against the calls.
func (d *day) judgeBooks(ctx context.Context) {
	text, err := d.Engines[0].Metrics(ctx)
	if err != nil {
		d.Error(err)
	}
	for line := range strings.Lines(text) {
		for _, wanted := range []string{"acd_law_refusals_total", "acd_reconcile_repairs_total"} {
			var value float64
			if _, after, ok := strings.Cut(line, "} "); ok && strings.HasPrefix(line, wanted) {
				_, _ = fmt.Sscan(after, &value)
				d.counts[strings.TrimPrefix(wanted, "acd_")] += value
			}
		}
	}
	db, err := pgx.Connect(ctx, d.Postgres.URL)
	if err != nil {
		d.Error(err)
		return
	}
	defer db.Close(ctx)
	for what, query := range map[string]string{
		"inbound-records": "SELECT count(*) FROM call_records r WHERE NOT EXISTS (SELECT FROM attempts a WHERE a.id = r.id)",
		"attempts-begun":  "SELECT count(*) FROM attempts",
		"attempts-ended":  "SELECT count(*) FROM attempt_ends",
		"cases":           "SELECT count(*) FROM cases",
	} {
		var n float64
		if err := db.QueryRow(ctx, query).Scan(&n); err != nil {
			d.Error(err)
		}
		d.counts[what] = n
	}
	if lost := d.counts["inbound"] - d.counts["inbound-records"]; lost != 0 {
		d.Errorf("%.0f inbound calls, %.0f records", d.counts["inbound"], d.counts["inbound-records"])
	}
}

// keep writes the result down.
func (d *day) keep(spent Spent) {
	machine, err := ThisMachine()
	if err != nil {
		d.Fatal(err)
	}
	for _, zero := range []string{"lost", "violations", "law_refusals_total"} {
		d.counts[zero] += 0 // so that it stands in the result
	}
	d.counts["attempts"] = float64(d.attempts.Load())
	r := Result{
		At: time.Now().UTC().Truncate(time.Second), Machine: machine, Bench: "Day", System: powerline, Round: 1,
		Size: map[string]float64{"share": *share, "minutes": d.lasts.Minutes()}, Figures: d.counts, Beside: spent.Beside,
	}
	if err := Append(resultsPath(d.B), r); err != nil {
		d.Fatal(err)
	}
	d.ReportMetric(0, "ns/op")
	for name, value := range d.counts {
		d.ReportMetric(value, name)
	}
	if lost := d.counts["lost"]; lost > 0 {
		d.Errorf("%.0f callers lost their call", lost)
	}
	if n := d.counts["law_refusals_total"]; n > 0 {
		d.Errorf("the last check of a law had to refuse %.0f times", n)
	}
}

// speakers are the agents whose voices were heard in a call, each for a second
// at least, so that no syllable of a prompt is taken for one.
func (d *day) speakers(c *phone.Call) (all []helpline.Person) {
	heard := c.Heard()
	for tone, p := range d.voices {
		if heard.Count(func(w phone.Window) bool { return w.Kind() == phone.Single && w.Has(tone) }) >= 2 {
			all = append(all, p)
		}
	}
	return all
}

// mayHear holds law 3 against who was heard.
func (d *day) mayHear(c *phone.Call, pool agent.Pool, speakers []helpline.Person) {
	for _, p := range speakers {
		if woman := pool == agent.Women; p.Woman != woman || !woman && !p.Officer {
			d.violation("%s, who is for %v, heard %s", c.Phone().User(), pool, p.ID)
		}
	}
}
