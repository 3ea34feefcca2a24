package queue_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/queue"
	"powerline/queue/queuetest"
)

// The script trusts nobody: documents whose id, version, owner or term do not
// belong to the write are refused whatever the Go side thinks.
func TestGivenForgedDocuments_WhenTheyReachTheScript_ThenTheyAreRefused(t *testing.T) {
	s, _, _ := opened(t, shared)
	o, _, _ := founded(t, s)
	before, err := s.Load(t.Context())
	must(t, err)
	doc := func(id string, version int64, owner string, term int64) string {
		return fmt.Sprintf(`{"id":%q,"version":%d,"owner":%q,"term":%d,"stage":"waiting"}`, id, version, owner, term)
	}
	forged := map[string]string{
		"another id":      doc("c2", 2, o.Name, o.Term),
		"a jump ahead":    doc("c1", 3, o.Name, o.Term),
		"no step":         doc("c1", 1, o.Name, o.Term),
		"another owner":   doc("c1", 2, "acd-b", o.Term),
		"another term":    doc("c1", 2, o.Name, o.Term+1),
		"no JSON":         "garbage",
		"no object":       "[]",
		"nothing":         "",
		"version as text": `{"id":"c1","version":"2"}`,
	}
	for name, raw := range forged {
		var broken *queue.LawError
		if err := s.SubmitRaw(t.Context(), o, "c1", 1, raw, "", ""); !errors.As(err, &broken) || broken.Rule != queue.RuleForm {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, raw := range map[string]string{
		"another id":   `{"profile":{"id":"a2"},"version":2}`,
		"a jump ahead": `{"profile":{"id":"a1"},"version":9}`,
		"no profile":   `{"version":2}`,
		"no JSON":      "garbage",
	} {
		var broken *queue.LawError
		if err := s.SubmitRaw(t.Context(), o, "", 1, "", "a1", raw); !errors.As(err, &broken) || broken.Rule != queue.RuleForm {
			t.Errorf("agent, %s: %v", name, err)
		}
	}
	// Wrong types inside a document are refused too, not taken for something.
	for _, raw := range []string{
		`{"id":"c1","version":2,"owner":%q,"term":%d,"stage":"offered","offer":7}`,
		`{"id":"c1","version":2,"owner":%q,"term":%d,"stage":"offered","offer":{"agent":[]}}`,
		`{"id":"c1","version":2,"owner":%q,"term":%d,"stage":"talking","offer":{"agent":"a1"}}`,
	} {
		if err := s.SubmitRaw(t.Context(), o, "c1", 1, fmt.Sprintf(raw, o.Name, o.Term), "", ""); err == nil {
			t.Errorf("taken: %s", raw)
		}
	}
	after, err := s.Load(t.Context())
	must(t, err)
	if encoded(t, before) != encoded(t, after) {
		t.Fatalf("a refusal changed something:\n%+v\n%+v", before, after)
	}
}

// A counter that was lost, or a clock that went back, must not give a term that
// somebody has.
func TestGivenALostCounter_WhenAProcessJoins_ThenItsTermIsAboveAllRegistered(t *testing.T) {
	s, plain, prefix := opened(t, shared)
	o, _, _ := founded(t, s)
	ahead := o.Term + int64(24*time.Hour/time.Millisecond)
	must(t, plain.HSet(t.Context(), prefix+"owners", "acd-b", fmt.Sprintf(`{"term":%d,"beat":0}`, ahead)).Err())
	must(t, plain.Del(t.Context(), prefix+"term").Err())
	joined, err := s.Join(t.Context(), "acd-c")
	must(t, err)
	if joined.Term <= ahead {
		t.Fatalf("term %d is not above %d", joined.Term, ahead)
	}
}

// Between the reading and the writing of a rebuild somebody else commits: what
// was read is no ground to stand on any more.
func TestGivenACommitInTheMidstOfARebuild_WhenItWrites_ThenItMergesAgain(t *testing.T) {
	var midst func()
	s, plain, prefix := opened(t, shared, func(o *queue.Options) {
		o.Observe = func(op string, _ time.Duration, _ error) {
			if f := midst; op == "load" && f != nil {
				midst = nil
				f()
			}
		}
	})
	a, c, her := founded(t, s)
	b, err := s.Join(t.Context(), "acd-b")
	must(t, err)
	offered, reserved := queuetest.Step(c, her, queuetest.Matched(her))
	d, err := s.Commit(t.Context(), a, queuetest.Pair(c, offered, her, reserved))
	must(t, err)

	// All is wiped, and b, who knows her as idle, is first.
	wipeSite(t, plain, prefix)
	theirs := queuetest.Waiting("theirs")
	rb, err := s.Rebuild(t.Context(), b, []call.Call{theirs}, []agent.Agent{her})
	must(t, err)
	midst = func() {
		theirs := rb.State.Calls[0]
		next, hers := queuetest.Step(theirs, her, queuetest.Matched(her))
		_, err := s.Commit(t.Context(), rb.Owner, queuetest.Pair(theirs, next, her, hers))
		must(t, err)
	}
	ra, err := s.Rebuild(t.Context(), a, d.Calls, d.Agents)
	must(t, err)
	if len(ra.Refused) != 1 || len(ra.State.Agents) != 1 || ra.State.Agents[0].Call != "theirs" {
		t.Fatalf("refused %+v, agents %+v", ra.Refused, ra.State.Agents)
	}
	st, err := s.Load(t.Context())
	must(t, err)
	if encoded(t, st) != encoded(t, ra.State) {
		t.Fatalf("told\n%+v\nstored\n%+v", ra.State, st)
	}
}
