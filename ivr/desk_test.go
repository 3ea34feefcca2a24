package ivr

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// fakeActions is an agent with a PIN.
type fakeActions struct {
	pin    string
	wrong  int
	answer Verdict // to every order but login
	takes  time.Duration
	did    []string
	cut    bool // the action's context ended
}

func (a *fakeActions) Login(_ context.Context, pin PIN) Verdict {
	a.did = append(a.did, "login")
	switch {
	case a.wrong >= 3:
		return Locked
	case pin.Reveal() == a.pin:
		return Done
	}
	a.wrong++
	if a.wrong >= 3 {
		return Locked
	}
	return WrongPIN
}

func (a *fakeActions) Do(ctx context.Context, order Order) Verdict {
	a.did = append(a.did, strings.TrimSpace(string(order.Verb)+" "+order.Reason))
	select {
	case <-time.After(a.takes):
	case <-ctx.Done():
		a.cut = true
		return Failed
	}
	if a.answer == "" {
		return Done
	}
	return a.answer
}

func TestDesk(t *testing.T) {
	type steps = map[time.Duration]string
	stories := []struct {
		name    string
		dialled string
		steps   steps
		actions fakeActions
		verdict Verdict
		did     string
		heard   string
	}{
		{
			name:    "given the login code, when the right PIN and hash are typed over the prompt, then she is logged in",
			dialled: "*11", steps: steps{seconds(0.5): "1 2 3 4 #"}, verdict: Done, did: "login",
			heard: "desk-pin | desk-login",
		},
		{
			name:    "given a wrong PIN, when she tries again, then the right one counts",
			dialled: "*11", steps: steps{seconds(2): "9 9 9 9 #", seconds(8): "1 2 3 4 #"}, verdict: Done, did: "login login",
			heard: "desk-pin | desk-wrong-pin desk-pin | desk-login",
		},
		{
			name:    "given three wrong PINs, when the third is typed, then she hears that the login is locked",
			dialled: "*11", steps: steps{seconds(2): "9 #", seconds(8): "8 #", seconds(14): "7 #"}, verdict: Locked, did: "login login login",
			heard: "desk-pin | desk-wrong-pin desk-pin | desk-wrong-pin desk-pin | desk-locked",
		},
		{
			name:    "given a slip of the finger, when she presses star, then the PIN begins again",
			dialled: "*11", steps: steps{seconds(2): "1 9 * 1 2 3 4 #"}, verdict: Done, did: "login", heard: "desk-pin | desk-login",
		},
		{
			name:    "given no PIN, when the time is over, then nothing is tried",
			dialled: "*11", steps: steps{seconds(2): "1 2"}, verdict: NoPIN, heard: "desk-pin | desk-no-pin",
		},
		{
			name:    "given a PIN without hash, when it has all the digits that one may have, then it is taken",
			dialled: "*11", steps: steps{seconds(2): "1 2 3 4 5 6 7 8 9 0"}, actions: fakeActions{pin: "1234567890"},
			verdict: Done, did: "login", heard: "desk-pin | desk-login",
		},
		{name: "logout", dialled: "*12", verdict: Done, did: "logout", heard: "desk-logout"},
		{name: "ready", dialled: "*13", verdict: Done, did: "ready", heard: "desk-ready"},
		{name: "pause with a reason", dialled: "*142", verdict: Done, did: "pause meal", heard: "desk-pause"},
		{name: "wrap-up done", dialled: "*15", verdict: Done, did: "wrap-up-done", heard: "desk-wrap-up-done"},
		{name: "more time", dialled: "*16", verdict: Done, did: "extend", heard: "desk-extend"},
		{
			name:    "given a pause without a reason, when she is asked, then she presses it",
			dialled: "*14", steps: steps{seconds(0.5): "1"}, verdict: Done, did: "pause break", heard: "desk-reason | desk-pause",
		},
		{
			name:    "given a pause without a reason, when no key follows, then there is no pause",
			dialled: "*14", verdict: UnknownReason, heard: "desk-reason | desk-unknown-reason",
		},
		{name: "a reason that does not exist", dialled: "*148", verdict: UnknownReason, heard: "desk-unknown-reason"},
		{name: "a code that does not exist", dialled: "*99", verdict: UnknownCode, heard: "desk-unknown-code"},
		{
			name:    "given nobody is logged in at this phone, when ready is dialled, then she hears so",
			dialled: "*13", actions: fakeActions{answer: NotLoggedIn}, verdict: NotLoggedIn, did: "ready", heard: "desk-not-logged-in",
		},
		{
			name:    "given no wrap-up, when it is to be extended, then she hears that it is not possible now",
			dialled: "*16", actions: fakeActions{answer: NotNow}, verdict: NotNow, did: "extend", heard: "desk-not-now",
		},
		{
			name:    "given the engine does not answer, when five seconds have passed, then she hears that it failed",
			dialled: "*12", actions: fakeActions{takes: time.Minute}, verdict: Failed, did: "logout", heard: "desk-failed",
		},
	}
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				line := newLine()
				line.at(story.steps)
				actions := story.actions
				if actions.pin == "" {
					actions.pin = "1234"
				}
				verdict := Desk(t.Context(), line, DefaultCodes(), story.dialled, &actions)
				synctest.Wait()
				want(t, "verdict", verdict, story.verdict)
				want(t, "did", strings.Join(actions.did, " "), story.did)
				var heard []string
				for _, p := range line.plays() {
					heard = append(heard, p.what)
				}
				want(t, "heard", strings.Join(heard, " | "), story.heard)
			})
		})
	}
}

func TestGivenAnOrderIsComplete_WhenSheHangsUp_ThenItIsCarriedOutAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), seconds(1))
		defer cancel()
		actions := fakeActions{takes: seconds(3)}
		want(t, "verdict", Desk(ctx, newLine(), DefaultCodes(), "*12", &actions), Done)
		want(t, "cut off", actions.cut, false)
	})
}

func TestGivenSheHangsUpWhileTyping_WhenThePINIsNotComplete_ThenNothingIsTried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), seconds(3))
		defer cancel()
		line, actions := newLine(), fakeActions{}
		line.at(map[time.Duration]string{seconds(1): "1 2 3"})
		want(t, "verdict", Desk(ctx, line, DefaultCodes(), "*11", &actions), Gone)
		want(t, "tries", len(actions.did), 0)
	})
}

func TestGivenAPIN_WhenItIsPrintedInAnyWay_ThenNoDigitOfItShows(t *testing.T) {
	pin := NewPIN("8642")
	type holder struct{ PIN PIN }
	asJSON, err := json.Marshal(holder{pin})
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "pin", pin, "in", holder{pin})
	for _, text := range []string{
		fmt.Sprint(pin), fmt.Sprintf("%v %+v %#v %s %q %d %x", pin, pin, pin, pin, pin, pin, pin),
		fmt.Sprintf("%+v %#v", holder{pin}, holder{pin}), string(asJSON), logged.String(),
	} {
		if strings.Contains(text, "8642") {
			t.Errorf("the PIN shows in %q", text)
		}
	}
}

func TestGivenKeys_WhenAnswerAndSignAreLogged_ThenNoKeyShows(t *testing.T) {
	var logged bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&logged, nil))
	log.Info("x", "answer", Answer{Category: "phone", Last: Press{Key: "#"}}, "sign", Sign{Kind: Plea, Key: "#"})
	if strings.Contains(logged.String(), "#") {
		t.Errorf("a key shows in %s", logged.String())
	}
}

func FuzzParseCode(f *testing.F) {
	for _, dialled := range []string{"*11", "*14", "*141", "*149", "*1", "", "*", "*1411", "1234", "*14é", "\x00"} {
		f.Add(dialled)
	}
	codes := DefaultCodes()
	f.Fuzz(func(t *testing.T, dialled string) {
		order, err := codes.Parse(dialled)
		if err != nil {
			if !errors.Is(err, ErrUnknownCode) && !errors.Is(err, ErrUnknownReason) {
				t.Fatalf("unexpected error %v", err)
			}
			if order != (Order{}) {
				t.Fatalf("an order %v beside an error", order)
			}
			return
		}
		if order.Verb == "" || (order.Reason != "" && order.Verb != Pause) {
			t.Fatalf("%q gives %+v", dialled, order)
		}
		// What was understood is exactly what stands in the table.
		if verb, whole := codes.Codes[dialled]; whole != (order.Reason == "") || whole && verb != order.Verb {
			t.Fatalf("%q gives %+v, the table says %q", dialled, order, verb)
		}
	})
}
