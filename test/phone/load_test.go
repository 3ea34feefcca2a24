package phone_test

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"powerline/test/phone"
)

// processorTime of this whole process, both sides of all calls.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func TestGivenAHundredCallsAtOnce_ThenEveryWindowHoldsTheRightTone(t *testing.T) {
	const calls, talk = atOnce, 8 * time.Second
	ctx := within(t, 60*time.Second)
	callees, callers := pair(t)
	var up []*phone.Call
	for i := range calls {
		agent := callees.Phone(fmt.Sprintf("a%03d", i), phone.Sings(400+12*i))
		agent.Does(phone.AnswerAfter(50 * time.Millisecond).TalkFor(talk))
		caller := callers.Phone(fmt.Sprintf("c%03d", i), phone.Sings(406+12*i))
		up = append(up, must[*phone.Call](t)(caller.Dial(ctx, agent.User())))
	}
	for _, call := range up {
		must[phone.Event](t)(call.WaitAnswered(ctx))
	}
	start, cpu := time.Now(), processorTime(t)
	for _, call := range up {
		must[phone.End](t)(call.WaitEnded(ctx))
	}
	t.Logf("%d calls = %d legs: %.2f of a core", calls, 2*calls,
		(processorTime(t)-cpu).Seconds()/time.Since(start).Seconds())

	stalled := max(callees.Stalled(), callers.Stalled())
	t.Logf("this process was kept from running for %v at worst", stalled)
	for i, call := range up {
		answered := callees.Phone(fmt.Sprintf("a%03d", i)).Calls()[0]
		everyWindow(t, call, 400+12*i, int(talk/phone.WindowLength)-1, stalled)
		everyWindow(t, answered, 406+12*i, int(talk/phone.WindowLength)-1, stalled)
	}
	reportSetUp(t, up)
}

// everyWindow never allows a wrong tone. It allows windows without packets only
// to a process that was starved so long that its own legs fell silent.
func everyWindow(t *testing.T, call *phone.Call, hz, atLeast int, stalled time.Duration) {
	t.Helper()
	heard := call.Heard()
	lost := 0
	for _, w := range heard {
		lost += w.Lost
	}
	wanted := heard.Has(hz)
	if stalled > phone.WindowLength/4 {
		wanted += heard.Count(func(w phone.Window) bool { return w.Kind() == phone.NoRTP })
	}
	if wanted != len(heard) || len(heard) < atLeast || lost > 0 {
		t.Errorf("want only %d Hz in %d windows, heard %s, lost %d packets", hz, atLeast, heard, lost)
	}
}

// reportSetUp logs how long the way from INVITE sent to INVITE received is
// between two hosts: the floor under every latency measured with these phones.
func reportSetUp(t *testing.T, calls []*phone.Call) {
	t.Helper()
	var ways []time.Duration
	for _, call := range calls {
		answered, _ := call.First(phone.Progress)
		ways = append(ways, answered.At.Sub(call.When(phone.Dialled)))
	}
	slices.Sort(ways)
	t.Logf("INVITE sent to 180 received: median %v, worst %v", ways[len(ways)/2], ways[len(ways)-1])
}
