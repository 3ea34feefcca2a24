package phone_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"powerline/test/phone"
)

// TestGivenAFloodOfCallers measures what a flood costs this process beside a
// real Asterisk: 500 callers at 50 a second, each of whom hears her own tone
// back. Its answer decides whether another load generator is needed.
func TestGivenAFloodOfCallers_ThenEachHearsHerOwnToneBack(t *testing.T) {
	if os.Getenv("POWERLINE_LONG") == "" {
		t.Skip("a flood of a minute: runs with POWERLINE_LONG=1 (make test-long)")
	}
	const callers, each = 500, 20 * time.Millisecond
	ctx := within(t, 3*time.Minute)
	s := realAsterisk(t)
	trunk := host(t, "127.0.0.2", s.Asterisk.SIPAddr)
	start, cpu := time.Now(), processorTime(t)
	next := time.NewTicker(each)
	defer next.Stop()
	var calls []*phone.Call
	for i := range callers {
		caller := trunk.Phone(fmt.Sprintf("+9198%08d", i), phone.Sings(400+5*i))
		calls = append(calls, must[*phone.Call](t)(caller.Dial(ctx, "7001", phone.WithTalk(4*time.Second))))
		<-next.C
	}
	wrong, mute := 0, 0
	for i, call := range calls {
		end := must[phone.End](t)(call.WaitEnded(ctx))
		if !end.ByUs || end.Way != "bye" {
			t.Errorf("call %d ended with %+v", i, end)
		}
		heard := call.Heard()
		mute += heard.Count(func(w phone.Window) bool { return w.Kind() == phone.NoRTP })
		wrong += heard.Count(func(w phone.Window) bool { return w.Kind() == phone.Single && !w.Has(400+5*i) })
	}
	t.Logf("%d calls of 4 s, %.2f of a core here, stalled %v, %d retransmissions, %d empty and %d wrong windows",
		callers, (processorTime(t)-cpu).Seconds()/time.Since(start).Seconds(), trunk.Stalled(), trunk.Log().Again(), mute, wrong)
	if wrong > 0 {
		t.Errorf("%d windows held another caller's tone", wrong)
	}
}
