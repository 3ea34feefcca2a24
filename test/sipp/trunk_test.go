package sipp_test

import (
	"testing"
	"time"

	asteriskconfig "powerline/asterisk-config"
	"powerline/test/helpline"
)

// A trunk that is asked is up while its gateway answers, and down soon after it
// does not. The trunk's own phones answer OPTIONS here as a gateway would.
func TestGivenATrunkThatIsAsked_WhenItsGatewayFallsSilent_ThenTheFigureSaysSo(t *testing.T) {
	h, ctx := open(t, helpline.Options{Women: 1, Exchange: func(s *asteriskconfig.Settings) {
		for i := range s.Trunks {
			s.Trunks[i].QualifySeconds = 5
		}
	}}, time.Minute)
	e := h.Engines[0]
	const trunk = `acd_trunk_up{trunk="operator"}`
	soon(ctx, t, 12*time.Second, "the trunk is up", func() bool { return figure(ctx, t, e, trunk) == 1 })
	h.Trunk.Close()
	took := soon(ctx, t, 20*time.Second, "the trunk is down", func() bool { return figure(ctx, t, e, trunk) == 0 })
	t.Logf("a silent gateway is seen after %v", took.Round(100*time.Millisecond))
}
