package floor

import (
	"fmt"
	"testing"

	"powerline/agent"
	"powerline/call"
)

// A caller who comes back from the fallback queue has the same channel, and so
// the same id. An engine that has forgotten her first life must learn of the
// second, or it could not take it over.
func TestAForgottenCallIsLearntAgainWhenItLivesAgain(t *testing.T) {
	f := New()
	f.Learn([]call.Call{{ID: "c1", Version: 4, Stage: call.Ended}}, nil)
	f.Forget("c1")
	f.Learn([]call.Call{{ID: "c1", Version: 4, Stage: call.Ended}}, nil)
	if c, known := f.Call("c1"); known {
		t.Fatalf("late news of the end brought %+v back", c)
	}
	f.Learn([]call.Call{{ID: "c1", Version: 1, Stage: call.Waiting}}, nil)
	if c, known := f.Call("c1"); !known || c.Stage != call.Waiting {
		t.Fatalf("the second life is unknown: %+v, %v", c, known)
	}
}

// readThenForgotten is a floor that has forgotten a call since the store was read.
func readThenForgotten() (f *Floor, read call.Call, since Mark) {
	f = New()
	read = call.Call{ID: "c1", Version: 4, Stage: call.Talking, Owner: "acd-b"}
	f.Learn([]call.Call{read}, nil)
	since = f.Mark()
	f.Forget("c1")
	return f, read, since
}

func nobodys(call.Call) bool { return false }

// The store is read, then a call ends and is forgotten, and only then is what
// was read taken in: the call must not come back as a ghost.
func TestWhatWasReadBeforeACallWasForgottenDoesNotBringItBack(t *testing.T) {
	f, talking, since := readThenForgotten()
	f.Reload(since, []call.Call{talking}, nil, nobodys)
	if c, known := f.Call("c1"); known {
		t.Fatalf("a ghost: %+v", c)
	}
	f.Reload(f.Mark(), []call.Call{talking}, nil, nobodys)
	if _, known := f.Call("c1"); !known {
		t.Fatal("what was read afterwards is true and was not taken in")
	}
}

// The same, but she comes back on her channel before what was read is taken in.
func TestWhatWasLearntAfterACallWasForgottenOutlivesWhatWasReadBefore(t *testing.T) {
	f, first, since := readThenForgotten()
	f.Learn([]call.Call{{ID: "c1", Version: 1, Stage: call.Waiting, Owner: "acd-b"}}, nil)
	f.Reload(since, []call.Call{first}, nil, nobodys)
	if c, known := f.Call("c1"); !known || c.Stage != call.Waiting {
		t.Fatalf("her second life is %+v, %v", c, known)
	}
}

// A rebuild gives the calls of a dead process to the next one of its name
// without changing them otherwise.
func TestACallOfANewerTermIsNews(t *testing.T) {
	f := New()
	f.Learn([]call.Call{{ID: "c1", Version: 4, Owner: "acd-a", Term: 7}}, nil)
	f.Learn([]call.Call{{ID: "c1", Version: 4, Owner: "acd-a", Term: 9}}, nil)
	if c, _ := f.Call("c1"); c.Term != 9 {
		t.Fatalf("term is %d, want 9", c.Term)
	}
}

// Two engines rebuild a wiped store. What one of them believed and the other
// had overtaken is not stored, although its version is higher.
func TestAfterARebuildTheStoreIsRightAlsoWhereItIsOlder(t *testing.T) {
	f := New()
	f.Learn([]call.Call{{ID: "c1", Version: 9, Stage: call.Waiting}, {ID: "c2", Version: 2}}, nil)
	f.Replace([]call.Call{{ID: "c1", Version: 5, Stage: call.Talking}}, nil)
	if c, _ := f.Call("c1"); c.Version != 5 || c.Stage != call.Talking {
		t.Fatalf("the floor still believes %+v", c)
	}
	if _, known := f.Call("c2"); known {
		t.Fatal("the floor keeps a call that the rebuild refused")
	}
}

// A bridge is made, and a moment later the two are put into it. It must not be
// swept away in between.
func TestTheBridgeOfATalkInHandIsNotStray(t *testing.T) {
	c := call.Call{ID: "17.4.b", Stage: call.Talking, Offer: call.Offer{N: 2}}
	callOf := func(id string) (call.Call, bool) { return c, id == c.ID }
	f := Facts{Bridges: map[string][]string{"17.4.b.b1": nil, "17.4.b.b2": nil}}
	if f.StrayBridge("17.4.b.b2", callOf) {
		t.Error("the bridge in hand is taken for stray")
	}
	if !f.StrayBridge("17.4.b.b1", callOf) {
		t.Error("an empty bridge of an earlier offer is left")
	}
}

// A dialer died between putting a leg into the bridge and ringing it, and the
// store was wiped: agent and leg would share a silent bridge for ever.
func TestALegThatWasNeverRungIsStrayAlsoBesideAnAgent(t *testing.T) {
	f := Facts{
		Channels: map[string]Channel{"out-1": {Inside: true}, "out-2": {Inside: true, Up: true}, "out-3": {Inside: true, Up: true}},
		Bridges:  map[string][]string{"out-1.b1": {"for-out-1.a1", "out-1"}, "out-2.b1": {"for-out-2.a1", "out-2"}, "out-3.b1": {"out-3"}},
	}
	for channel, stray := range map[string]bool{"out-1": true, "out-2": false, "out-3": true} {
		if f.StrayDial(channel) != stray {
			t.Errorf("%s: stray %v, want %v", channel, !stray, stray)
		}
	}
}

func TestGivenAgentsInAnyOrder_WhenTheyAreLearnt_ThenTheyStandInOrderAndOnce(t *testing.T) {
	f := New()
	for version := range int64(3) {
		for _, id := range []agent.ID{"c", "a", "d", "b"} {
			f.Learn(nil, []agent.Agent{{Profile: agent.Profile{ID: id}, Version: version}})
		}
	}
	var order string
	for _, a := range f.Agents() {
		order += fmt.Sprint(a.Profile.ID, a.Version, " ")
	}
	if order != "a2 b2 c2 d2 " {
		t.Errorf("the agents are %q", order)
	}
	f.Replace(nil, []agent.Agent{{Profile: agent.Profile{ID: "b"}, Version: 9}})
	if all := f.Agents(); len(all) != 1 || all[0].Version != 9 {
		t.Errorf("after a rebuild with one agent: %v", all)
	}
}
