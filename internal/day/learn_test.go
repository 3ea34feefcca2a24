package day

import (
	"math"
	"testing"
	"time"

	"powerline/agent"
	"powerline/call"
)

// played are the records that a simulated day would have left.
func played(t *testing.T, p *Profile, seed uint64) Past {
	t.Helper()
	o := options(p, seed)
	o.Router, o.Trace = Production, p.Draw(seed)
	w := newWorld(o)
	w.play(func() bool { return false })
	past := Past{Days: 1, Zone: midnight.Location(), Languages: []string{"hi", "bho", "ur", "awa", "en"}}
	for i := range w.calls {
		c := &w.calls[i]
		one := PastCall{
			At: c.call.Arrived, Category: c.call.Category, Language: c.call.Language, Pool: c.call.Pool,
			Answered: !c.call.Answered.IsZero(), GaveUp: c.call.Outcome == call.AbandonedWaiting || c.call.Outcome == call.AbandonedRinging,
		}
		if one.Answered {
			one.Wait, one.Talk, one.WrapUp = c.call.Answered.Sub(c.call.Queued), c.talk, c.wrapUp
		} else {
			one.Wait = c.call.EndedAt.Sub(c.call.Queued)
		}
		past.Offers += c.call.Offers
		past.Calls = append(past.Calls, one)
	}
	past.Missed = w.result.Missed
	for _, j := range w.trace.Jobs {
		k := &p.Outbound[j.Kind]
		past.Attempts = append(past.Attempts, PastAttempt{
			At: midnight.Add(seconds(j.Due)), Kind: k.Name, Pool: k.Pool, Result: j.Ends, Ring: seconds(j.Ring), Talk: seconds(j.Talk), WrapUp: seconds(j.WrapUp),
		})
	}
	for _, a := range p.Agents {
		begin := midnight.Add(time.Duration(a.Shift.Starts * float64(time.Hour)))
		past.Shifts = append(past.Shifts, PastShift{
			Profile: a.profile(), Team: a.Team, Begin: begin, End: begin.Add(a.Shift.Lasts),
			Breaks: []PastBreak{{begin.Add(time.Hour), begin.Add(75 * time.Minute)}},
		})
	}
	return past
}

func TestGivenTheRecordsOfADay_ThenTheProfileThatIsLearntIsThatDay(t *testing.T) {
	p := Weekday()
	past := played(t, &p, 3)
	got, notes, err := Learn(past, p)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(notes)
	about := func(what string, got, want, within float64) {
		t.Helper()
		if math.Abs(got-want) > within*want {
			t.Errorf("%s is %.4g, want about %.4g", what, got, want)
		}
	}
	about("callers", got.CallsPerDay, 8053, 0)
	about("the hour from eleven", got.Hours[11], 6.9, .1)
	about("Bhojpuri", got.Languages[1].Share, .08*(1-.53-.035), .15)
	about("missed offers", got.Pickup.Missed, .01, .4)
	for _, name := range []string{"unclassified", "status", "phone", "crisis"} {
		was, is := p.Categories[p.category(name)], got.Categories[got.category(name)]
		talk := 0.0
		for _, part := range was.Parts {
			talk += part.Share * part.Talk.average()
		}
		about("share of "+name, is.Share, was.Share, .2)
		about("talk of "+name, is.Parts[0].Talk.average(), talk, .25)
	}
	// Few give up, so that patience is known least.
	unclassified := got.Categories[got.category("unclassified")]
	about("patience", unclassified.Patience.average(), 95, .5)
	about("feedback attempts", float64(got.Outbound[got.kind("feedback")].Attempts), 6900, 0)
	about("feedback answered", got.Outbound[got.kind("feedback")].Answered, .55, .05)
	if len(got.Agents) != 150 || got.Agents[0].Shift != p.Agents[0].Shift || got.Agents[0].Breaks[0] != (Span{time.Hour, 15 * time.Minute}) {
		t.Errorf("%d agents, the first is %+v", len(got.Agents), got.Agents[0])
	}
	o := options(&got, 1)
	if err := o.Check(); err != nil {
		t.Fatal(err)
	}
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.All.In15() < 85 {
		t.Errorf("in the day that was learnt %.1f %% are answered within 15 s", r.All.In15())
	}
}

func TestWhatIsTooRareIsTakenFromTheReferenceDay(t *testing.T) {
	noon := midnight.Add(12 * time.Hour)
	past := Past{Days: 1, Zone: midnight.Location(), Languages: []string{"hi"}, Calls: []PastCall{
		{At: noon, Category: "phone", Pool: agent.Women, Wait: time.Second, Talk: time.Minute, Answered: true},
	}}
	like := Weekday()
	got, notes, err := Learn(past, like)
	if err != nil {
		t.Fatal(err)
	}
	if got.Categories[0].Parts[0].Talk != like.Categories[like.category("phone")].Parts[0].Talk || len(notes) < 4 {
		t.Errorf("%+v, notes %q", got.Categories[0], notes)
	}
	if _, _, err := Learn(Past{Days: 1, Languages: []string{"hi"}}, like); err == nil {
		t.Error("a profile is learnt from nothing")
	}
}
