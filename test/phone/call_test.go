package phone_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"powerline/test/phone"
)

func TestGivenTwoPhones_WhenOneDialsTheOther_ThenBothHearTheOthersTone(t *testing.T) {
	ctx := within(t, 20*time.Second)
	callees, callers := pair(t)
	meena := callees.Phone("a001", phone.Sings(440))
	meena.Does(phone.AnswerAfter(100 * time.Millisecond))
	asha := callers.Phone("+919800000001", phone.Sings(900), phone.Display("Asha"))

	call := must[*phone.Call](t)(asha.Dial(ctx, "a001"))
	must[phone.Event](t)(call.WaitAnswered(ctx))
	answered := must[*phone.Call](t)(meena.NextCall(ctx))

	ok(t, call.Hears(ctx, 440))
	ok(t, answered.Hears(ctx, 900))
	if answered.Number() != "+919800000001" {
		t.Errorf("the callee saw the number %q", answered.Number())
	}
	if rang := call.When(phone.Answered).Sub(call.When(phone.Dialled)); rang < 100*time.Millisecond {
		t.Errorf("answered after %v, before the ringing time", rang)
	}
	call.HangUp()
	end := must[phone.End](t)(answered.WaitEnded(ctx))
	if end.ByUs || end.Way != "bye" {
		t.Errorf("the callee's end is %+v, want a BYE from the caller", end)
	}
	if gap := answered.LongestGap(); gap.Length > 400*time.Millisecond {
		t.Errorf("a gap of %v on an undisturbed call", gap.Length)
	}
	for _, m := range callees.Log().Find(func(m *phone.Message) bool { return m.Sent && m.Status() == 200 && m.Note == "again" }) {
		if m.At.After(answered.When(phone.Acked)) && m.Method() == "INVITE" {
			t.Error("an acknowledged answer was repeated")
		}
	}
	if wrong := len(answered.Heard()) - answered.Heard().Has(900); wrong > 0 {
		t.Errorf("%d wrong windows in %s", wrong, answered.Heard())
	}
}

func TestGivenAnAnsweredCall_WhenDigitsAreSent_ThenTheyArriveOnceAndInOrder(t *testing.T) {
	ctx := within(t, 20*time.Second)
	callees, callers := pair(t)
	ivr := callees.Phone("ivr", phone.Sounds(phone.Silence()))
	ivr.Does(phone.AnswerAtOnce())
	call := must[*phone.Call](t)(callers.Phone("caller", phone.Sings(700)).Dial(ctx, "ivr"))
	must[phone.Event](t)(call.WaitAnswered(ctx))
	answered := must[*phone.Call](t)(ivr.NextCall(ctx))

	ok(t, call.SendDigits(ctx, "55*0#"))
	must[phone.Event](t)(answered.WaitFor(ctx, func(e phone.Event) bool {
		return e.Kind == phone.Digit && e.Detail == "#"
	}))
	if got := answered.Digits(); got != "55*0#" {
		t.Errorf("digits %q arrived", got)
	}
	if err := call.SendDigits(ctx, "5x"); err == nil {
		t.Error("x was taken for a key")
	}
}

func TestGivenARingingPhone_WhenTheCallerHangsUp_ThenTheInviteIsCancelled(t *testing.T) {
	ctx := within(t, 20*time.Second)
	callees, callers := pair(t)
	meena := callees.Phone("a001")
	meena.Does(phone.Ignore())
	call := must[*phone.Call](t)(callers.Phone("caller").Dial(ctx, "a001"))
	ringing := must[*phone.Call](t)(meena.NextCall(ctx))
	must[phone.Event](t)(call.Wait(ctx, phone.Progress))
	call.HangUp()

	end := must[phone.End](t)(call.WaitEnded(ctx))
	if !end.ByUs || end.Way != "cancel" || end.Status != 487 {
		t.Errorf("the caller's end is %+v", end)
	}
	must[phone.Event](t)(ringing.Wait(ctx, phone.Cancelled))
	if live := len(meena.Live()); live != 0 {
		t.Errorf("%d dialogs live after the CANCEL", live)
	}
	if err := ringing.Answer(); !errors.Is(err, phone.ErrNotRinging) {
		t.Errorf("answering a cancelled call gave %v", err)
	}
}

func TestGivenACallerWhoHangsUpBeforeAnyResponse_ThenSheStillGetsOut(t *testing.T) {
	ctx := within(t, 20*time.Second)
	callees, callers := pair(t)
	callees.Phone("ringing").Does(phone.Ignore())
	callees.Phone("quick").Does(phone.AnswerAtOnce())
	for _, number := range []string{"ringing", "quick"} {
		call := must[*phone.Call](t)(callers.Phone("caller").Dial(ctx, number))
		call.HangUp()
		end := must[phone.End](t)(call.WaitEnded(ctx))
		if !end.ByUs {
			t.Errorf("dialling %s ended with %+v", number, end)
		}
		must[phone.Event](t)(callees.Phone(number).Wait(ctx, phone.Ended))
	}
}

func TestGivenARefusingPhone_ThenTheCallerSeesStatusAndTarget(t *testing.T) {
	ctx := within(t, 20*time.Second)
	callees, callers := pair(t)
	policies := map[string]phone.Policy{
		"486": phone.Reject(486), "603": phone.RejectAfter(20*time.Millisecond, 603),
		"480": phone.Reject(480), "302": phone.RedirectTo("sip:else@127.0.0.9"),
	}
	for status, policy := range policies {
		callees.Phone(status).Does(policy)
		call := must[*phone.Call](t)(callers.Phone("caller").Dial(ctx, status))
		end := must[phone.End](t)(call.WaitEnded(ctx))
		rejected, _ := call.First(phone.Rejected)
		if end.ByUs || !strings.HasPrefix(rejected.Message.StartLine(), "SIP/2.0 "+status) {
			t.Errorf("%s: end %+v", status, end)
		}
		if status == "302" && rejected.Message.Header("Contact") != "<sip:else@127.0.0.9>" {
			t.Errorf("redirected to %q", rejected.Message.Header("Contact"))
		}
		must[phone.Event](t)(callees.Phone(status).Wait(ctx, phone.Acked))
	}
	call := must[*phone.Call](t)(callers.Phone("caller").Dial(ctx, "nobody"))
	if end := must[phone.End](t)(call.WaitEnded(ctx)); end.Status != 404 {
		t.Errorf("an unknown number ended with %+v", end)
	}
}

func TestGivenBothSidesHangUpAtOnce_ThenEachCallEndsOnceAndBothByesAreAnswered(t *testing.T) {
	ctx := within(t, 20*time.Second)
	callees, callers := pair(t)
	meena := callees.Phone("a001")
	meena.Does(phone.AnswerAtOnce())
	call := must[*phone.Call](t)(callers.Phone("caller").Dial(ctx, "a001"))
	answered := must[*phone.Call](t)(meena.NextCall(ctx))
	must[phone.Event](t)(answered.Wait(ctx, phone.Acked))
	answered.HangUpWhile(call.HangUp)

	for _, side := range []*phone.Call{call, answered} {
		must[phone.End](t)(side.WaitEnded(ctx))
		ends := side.Count(func(e phone.Event) bool { return e.Kind == phone.Ended })
		if ends != 1 {
			t.Errorf("the call ended %d times", ends)
		}
	}
	for _, side := range []*phone.Host{callees, callers} {
		must[*phone.Message](t)(side.Log().WaitFor(ctx, func(m *phone.Message) bool {
			return !m.Sent && m.Method() == "BYE" && m.Status() == 200
		}))
	}
	must[phone.Event](t)(call.Wait(ctx, phone.ByeReceived))
	if end, _ := call.End(); !end.ByUs {
		t.Errorf("a BYE that came later changed the end to %+v", end)
	}
}

func TestGivenATalkingTime_ThenThePhoneHangsUpByItself(t *testing.T) {
	ctx := within(t, 20*time.Second)
	callees, callers := pair(t)
	callees.Phone("a001").Does(phone.AnswerAtOnce().TalkFor(300 * time.Millisecond))
	call := must[*phone.Call](t)(callers.Phone("caller").Dial(ctx, "a001"))
	end := must[phone.End](t)(call.WaitEnded(ctx))
	if talked := end.At.Sub(call.When(phone.Answered)); end.ByUs || talked < 290*time.Millisecond {
		t.Errorf("ended %+v after %v", end, talked)
	}
}

func TestGivenTwoInvitesForOnePhone_ThenTheLawOfOneCallIsSeenBroken(t *testing.T) {
	ctx := within(t, 20*time.Second)
	callees, callers := pair(t)
	meena := callees.Phone("a001")
	first := must[*phone.Call](t)(callers.Phone("one").Dial(ctx, "a001"))
	must[*phone.Call](t)(meena.NextCall(ctx))
	first.HangUp()
	must[phone.End](t)(first.WaitEnded(ctx))
	must[*phone.Call](t)(callers.Phone("two").Dial(ctx, "a001"))
	must[*phone.Call](t)(meena.NextCall(ctx))
	if meena.MostAtOnce() != 1 {
		t.Fatalf("one after the other counted as %d at once", meena.MostAtOnce())
	}
	must[*phone.Call](t)(callers.Phone("three").Dial(ctx, "a001"))
	must[*phone.Call](t)(meena.NextCall(ctx))
	if meena.MostAtOnce() != 2 {
		t.Fatalf("two at once counted as %d", meena.MostAtOnce())
	}
}

func TestGivenAPhoneThatVanishes_ThenNothingLeavesItUntilItReappears(t *testing.T) {
	ctx := within(t, 30*time.Second)
	callees, callers := pair(t)
	meena := callees.Phone("a001", phone.Sings(440))
	meena.Does(phone.AnswerAtOnce())
	call := must[*phone.Call](t)(callers.Phone("caller").Dial(ctx, "a001"))
	must[phone.Event](t)(call.WaitAnswered(ctx))
	ok(t, call.Hears(ctx, 440))

	meena.Vanish()
	ok(t, call.HearsKind(ctx, phone.NoRTP))
	ok(t, callers.SendRaw(options("a001", "1")))
	must[*phone.Message](t)(callees.Log().WaitFor(ctx, func(m *phone.Message) bool {
		return m.Method() == "OPTIONS" && m.Note == "dropped"
	}))
	if len(meena.Live()) != 0 {
		t.Error("a vanished phone remembers its call")
	}
	missed := must[*phone.Call](t)(callers.Phone("missed").Dial(ctx, "a001"))
	must[*phone.Message](t)(callees.Log().WaitFor(ctx, func(m *phone.Message) bool {
		return strings.Contains(m.Raw, missed.ID()) && m.Note == "dropped"
	}))
	if meena.Invites() != 1 {
		t.Error("a vanished phone was invited")
	}
	missed.HangUp()
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if err := meena.Register(short); err == nil {
		t.Error("a vanished phone registered")
	}
	for _, m := range callees.Log().Find(func(m *phone.Message) bool { return m.Method() == "REGISTER" }) {
		if m.Note != "dropped" {
			t.Error("a vanished phone sent a REGISTER")
		}
	}
	meena.Reappear()
	ok(t, callers.SendRaw(options("a001", "2")))
	must[*phone.Message](t)(callers.Log().WaitFor(ctx, func(m *phone.Message) bool {
		return !m.Sent && m.Method() == "OPTIONS" && m.Status() == 200
	}))
	again := must[*phone.Call](t)(callers.Phone("caller").Dial(ctx, "a001"))
	must[phone.Event](t)(again.WaitAnswered(ctx))
	call.HangUp() // its BYE meets a phone that has forgotten the dialog
	must[*phone.Message](t)(callers.Log().WaitFor(ctx, func(m *phone.Message) bool {
		return m.Method() == "BYE" && m.Status() == 481
	}))
}

func options(user, branch string) []byte {
	return []byte("OPTIONS sip:" + user + "@127.0.0.3 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bKo" + branch +
		";rport\r\nFrom: <sip:q@127.0.0.2>;tag=q\r\nTo: <sip:" + user + "@127.0.0.3>\r\nCall-ID: o" + branch +
		"\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")
}

func TestGivenAHeldCall_WhenItIsResumed_ThenTheToneComesBack(t *testing.T) {
	ctx := within(t, 30*time.Second)
	callees, callers := pair(t)
	meena := callees.Phone("a001", phone.Sings(440))
	meena.Does(phone.AnswerAtOnce())
	call := must[*phone.Call](t)(callers.Phone("caller", phone.Sings(900)).Dial(ctx, "a001"))
	must[phone.Event](t)(call.WaitAnswered(ctx))
	answered := must[*phone.Call](t)(meena.NextCall(ctx))
	ok(t, answered.Hears(ctx, 900))

	ok(t, answered.Hold(ctx))
	ok(t, answered.HearsKind(ctx, phone.NoRTP))
	ok(t, answered.Resume(ctx))
	ok(t, answered.Hears(ctx, 900))
	if err := answered.Refer(ctx, "somebody"); err == nil || !strings.Contains(err.Error(), "501") {
		t.Errorf("a phone that does not transfer answered REFER with %v", err)
	}
}

func TestGivenAnAnswerThatIsNeverAcknowledged_ThenItIsRepeated(t *testing.T) {
	ctx := within(t, 20*time.Second)
	callees, callers := pair(t)
	callees.Phone("a001").Does(phone.AnswerAtOnce())
	must[*phone.Call](t)(callers.Phone("caller").Dial(ctx, "a001", phone.WithoutAck()))
	again := func(m *phone.Message) bool { return m.Sent && m.Status() == 200 && m.Note == "again" }
	must[*phone.Message](t)(callees.Log().WaitFor(ctx, again))
}

func TestGivenAHostForEverybody_ThenEachNumberIsAPhone(t *testing.T) {
	ctx := within(t, 20*time.Second)
	callees, callers := pair(t)
	callees.Everybody(phone.AnswerAtOnce().Singing(phone.Tone(600)))
	call := must[*phone.Call](t)(callers.Phone("caller").Dial(ctx, "+919811112222"))
	must[phone.Event](t)(call.WaitAnswered(ctx))
	ok(t, call.Hears(ctx, 600))
	if n := callees.Phone("+919811112222").Invites(); n != 1 {
		t.Errorf("the number was called %d times", n)
	}
}

func TestGivenRubbishOnTheSocket_ThenItIsLoggedAndCallsGoOn(t *testing.T) {
	ctx := within(t, 20*time.Second)
	callees, callers := pair(t)
	callees.Phone("a001").Does(phone.AnswerAtOnce())
	for _, rubbish := range []string{"hello world\r\n\r\n", "INVITE sip:a001@x SIP/2.0\r\n\r\n", "SIP/2.0 2x0 OK\r\n\r\n", "\x00\x01\x02\x03\x04\x05"} {
		ok(t, callers.SendRaw([]byte(rubbish)))
	}
	call := must[*phone.Call](t)(callers.Phone("caller").Dial(ctx, "a001"))
	must[phone.Event](t)(call.WaitAnswered(ctx))
	bad := callees.Log().Find(func(m *phone.Message) bool { return m.Note == "unparsable" })
	if len(bad) != 4 || len(callees.Log().Containing("hello world")) != 1 {
		t.Errorf("%d unparsable messages logged, want 4", len(bad))
	}
}

func TestGivenAWaitThatFails_ThenTheErrorTellsWhatWasRecorded(t *testing.T) {
	callees, callers := pair(t)
	callees.Phone("a001").Does(phone.Ignore())
	call := must[*phone.Call](t)(callers.Phone("caller").Dial(t.Context(), "a001"))
	must[phone.Event](t)(call.Wait(within(t, 10*time.Second), phone.Progress))
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := call.Wait(short, phone.Answered)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "progress caller 180") {
		t.Errorf("the error is %v", err)
	}
}

func TestGivenAnAckThatWasLost_WhenTheAnswerComesAgain_ThenItIsAcknowledgedAgain(t *testing.T) {
	ctx := within(t, 20*time.Second)
	callees, callers := pair(t)
	meena := callees.Phone("a001")
	meena.Does(phone.AnswerAtOnce())
	call := must[*phone.Call](t)(callers.Phone("caller").Dial(ctx, "a001"))
	answered := must[*phone.Call](t)(meena.NextCall(ctx))
	must[phone.Event](t)(answered.Wait(ctx, phone.Acked))
	answered.AnswerAgain()
	must[*phone.Message](t)(callers.Log().WaitFor(ctx, func(m *phone.Message) bool {
		return m.Sent && m.Method() == "ACK" && m.Note == "again"
	}))
	answers := call.Count(func(e phone.Event) bool { return e.Kind == phone.Answered })
	if answers != 1 {
		t.Errorf("one call was answered %d times", answers)
	}
}

func TestGivenALineThatFallsSilent_ThenTheGapIsMeasured(t *testing.T) {
	ctx := within(t, 20*time.Second)
	callees, callers := pair(t)
	callees.Phone("a001").Does(phone.AnswerAtOnce())
	call := must[*phone.Call](t)(callers.Phone("caller").Dial(ctx, "a001"))
	answered := must[*phone.Call](t)(callees.Phone("a001").NextCall(ctx))
	ok(t, answered.HearsKind(ctx, phone.Quiet))
	call.Play(phone.Nothing())
	ok(t, answered.HearsKind(ctx, phone.NoRTP))
	call.Play(phone.Tone(900))
	ok(t, answered.Hears(ctx, 900))
	if gap := answered.LongestGap(); gap.Length < phone.WindowLength || gap.Length > 10*time.Second {
		t.Errorf("a gap of %v was measured, want more than a window", gap.Length)
	}
}

func TestGivenAPhoneThatIsSwitchedOff_WhenItIsDialled_ThenTheNetworkSaysSoBeforeItRefuses(t *testing.T) {
	ctx := within(t, 20*time.Second)
	callees, callers := pair(t)
	off := callees.Phone("a001", phone.Sings(440))
	off.Does(phone.Announce(phone.Tone(950), time.Second, 480))
	call := must[*phone.Call](t)(callers.Phone("caller").Dial(ctx, "a001"))
	ok(t, call.Hears(ctx, 950))
	if err := must[*phone.Call](t)(off.NextCall(ctx)).Answer(); !errors.Is(err, phone.ErrNotRinging) {
		t.Errorf("an announcement was answered: %v", err)
	}
	end := must[phone.End](t)(call.WaitEnded(ctx))
	if end.Way != "rejected" || end.Status != 480 || !call.When(phone.Answered).IsZero() {
		t.Errorf("the end is %+v, want a 480 without an answer", end)
	}
}

func TestGivenDeafPhones_WhenTheyTalk_ThenTheyNeitherSpeakNorHearAndTheirSocketsAreClosed(t *testing.T) {
	ctx := within(t, 20*time.Second)
	callees, callers := pair(t)
	agent := callees.Phone("a001", phone.Sings(440))
	agent.Does(phone.AnswerAtOnce())
	deaf := must[*phone.Call](t)(callers.Phone("c001", phone.Sings(900), phone.Deaf()).Dial(ctx, "a001"))
	must[phone.Event](t)(deaf.WaitAnswered(ctx))
	answered := must[*phone.Call](t)(agent.NextCall(ctx))
	ok(t, answered.HearsKind(ctx, phone.NoRTP))
	if said, heard := answered.Heard().Has(900), len(deaf.Heard()); said != 0 || heard != 0 {
		t.Errorf("a deaf phone was heard in %d windows and heard %d", said, heard)
	}
	deaf.HangUp()
	must[phone.End](t)(answered.WaitEnded(ctx))
}
