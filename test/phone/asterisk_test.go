package phone_test

import (
	"fmt"
	"testing"
	"time"

	asteriskconfig "powerline/asterisk-config"
	"powerline/internal/stack"
	"powerline/internal/stack/stacktest"
	"powerline/test/phone"
)

const agentsOnAsterisk = 3

// realAsterisk runs an Asterisk with a few agents, and with two numbers that
// the engine would never offer: one rings an agent's phone, one echoes.
func realAsterisk(t *testing.T) *stack.Stack {
	t.Helper()
	s := stacktest.Start(t, stack.Options{
		Only: []string{stack.NameAsterisk},
		Configure: func(c *asteriskconfig.Settings) {
			c.QualifySeconds = 1
			for i := range agentsOnAsterisk {
				id := fmt.Sprintf("a%03d", i)
				c.Agents = append(c.Agents, asteriskconfig.Agent{
					ID: id, SecretMD5: asteriskconfig.HA1(id, c.Realm, "secret-"+id), Woman: true,
					Categories: []string{"other"}, Languages: []string{"hi"},
				})
			}
		},
	})
	for _, command := range []string{
		"module load app_dial.so", "module load app_echo.so",
		"dialplan add extension 7000,1,Dial,PJSIP/a000 into from-trunk",
		"dialplan add extension 7001,1,Answer, into from-trunk",
		"dialplan add extension 7001,2,Echo, into from-trunk",
		"dialplan add extension *98,1,Answer, into from-agents",
		"dialplan add extension *98,2,Echo, into from-agents",
	} {
		if out, err := s.Asterisk.CLI(t.Context(), command); err != nil {
			t.Fatalf("%s: %v: %s", command, err, out)
		}
	}
	return s
}

// exchangeFloor is a real Asterisk with agents registered on one side and
// callers ready on the other.
type exchangeFloor struct {
	agents, trunk *phone.Host
	seats         []*phone.Phone
}

func TestGivenARealAsterisk_ThenAgentsRegisterAreQualifiedCalledHeardAndCancelled(t *testing.T) {
	ctx := within(t, 90*time.Second)
	s := realAsterisk(t)
	floor := &exchangeFloor{
		agents: host(t, stack.PhoneAddress, s.Asterisk.SIPAddr),
		trunk:  host(t, stack.TrunkAddress, s.Asterisk.SIPAddr),
	}
	for i := range agentsOnAsterisk {
		id := fmt.Sprintf("a%03d", i)
		floor.seats = append(floor.seats, floor.agents.Phone(id, phone.Secret("secret-"+id), phone.Sings(440+100*i)))
	}
	ok(t, floor.agents.Register(ctx, floor.seats...))
	must[phone.Event](t)(floor.seats[0].Wait(ctx, phone.Qualified))

	t.Run("a caller and an agent hear each other", floor.bothHear)
	t.Run("a caller who gives up stops the ringing", floor.givesUp)
	t.Run("an agent dials with her digest and hears herself", floor.agentDials)
	t.Run("a held call is resumed", floor.holds)
	t.Run("a vanished phone does not ring and a reappeared one is used again", floor.vanishes)

	if bad := floor.agents.Log().Find(func(m *phone.Message) bool { return m.Note == "unparsable" }); len(bad) > 0 {
		t.Errorf("%d messages of Asterisk were not understood, first:\n%s", len(bad), bad[0].Raw)
	}
	ok(t, floor.seats[1].Unregister(ctx))
}

func (f *exchangeFloor) bothHear(t *testing.T) {
	ctx, meena := within(t, 20*time.Second), f.seats[0]
	meena.Does(phone.AnswerAfter(200 * time.Millisecond))
	call := must[*phone.Call](t)(f.trunk.Phone("+919800000001", phone.Sings(900)).Dial(ctx, "7000"))
	answered := must[*phone.Call](t)(meena.NextCall(ctx))
	must[phone.Event](t)(call.WaitAnswered(ctx))
	ok(t, call.Hears(ctx, 440))
	ok(t, answered.Hears(ctx, 900))
	ok(t, call.SendDigits(ctx, "5"))
	must[phone.Event](t)(answered.WaitFor(ctx, func(e phone.Event) bool {
		return e.Kind == phone.Digit && e.Detail == "5"
	}))
	answered.HangUp()
	end := must[phone.End](t)(call.WaitEnded(ctx))
	if end.ByUs || end.Cause != 16 {
		t.Errorf("the caller's call ended with %+v", end)
	}
	way := answered.When(phone.Invited).Sub(call.When(phone.Dialled))
	t.Logf("caller's INVITE sent to agent's INVITE received: %v", way)
	if way <= 0 || way > 5*time.Second {
		t.Errorf("the agent was invited %v after the caller dialled", way)
	}
}

func (f *exchangeFloor) givesUp(t *testing.T) {
	ctx, meena := within(t, 20*time.Second), f.seats[0]
	meena.Does(phone.Ignore())
	call := must[*phone.Call](t)(f.trunk.Phone("+919800000002").Dial(ctx, "7000"))
	ringing := must[*phone.Call](t)(meena.NextCall(ctx))
	must[phone.Event](t)(call.Wait(ctx, phone.Progress))
	call.HangUp()
	must[phone.Event](t)(ringing.Wait(ctx, phone.Cancelled))
	if end := must[phone.End](t)(call.WaitEnded(ctx)); end.Way != "cancel" {
		t.Errorf("the caller's call ended with %+v", end)
	}
}

func (f *exchangeFloor) agentDials(t *testing.T) {
	ctx := within(t, 20*time.Second)
	call := must[*phone.Call](t)(f.seats[1].Dial(ctx, "*98"))
	must[phone.Event](t)(call.WaitAnswered(ctx))
	ok(t, call.Hears(ctx, 540))
	call.HangUp()
}

func (f *exchangeFloor) holds(t *testing.T) {
	ctx := within(t, 20*time.Second)
	call := must[*phone.Call](t)(f.trunk.Phone("+919800000003", phone.Sings(1200)).Dial(ctx, "7001"))
	must[phone.Event](t)(call.WaitAnswered(ctx))
	ok(t, call.Hears(ctx, 1200))
	ok(t, call.Hold(ctx))
	ok(t, call.Resume(ctx))
	ok(t, call.Hears(ctx, 1200))
	call.HangUp()
}

func (f *exchangeFloor) vanishes(t *testing.T) {
	ctx, meena := within(t, 30*time.Second), f.seats[0]
	before := meena.Invites()
	meena.Vanish()
	unheard := must[*phone.Call](t)(f.trunk.Phone("+919800000004").Dial(ctx, "7000"))
	must[phone.Event](t)(unheard.Wait(ctx, phone.Progress, phone.Ended))
	unheard.HangUp()
	must[phone.End](t)(unheard.WaitEnded(ctx))
	if meena.Invites() != before {
		t.Error("a vanished phone rang")
	}
	meena.Reappear()
	ok(t, meena.Register(ctx))
	meena.Does(phone.AnswerAtOnce())
	again := must[*phone.Call](t)(f.trunk.Phone("+919800000005", phone.Sings(900)).Dial(ctx, "7000"))
	must[phone.Event](t)(again.WaitAnswered(ctx))
	ok(t, again.Hears(ctx, 440))
	again.HangUp()
}
