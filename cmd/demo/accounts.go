package main

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"powerline/agent"
	"powerline/internal/console"
	"powerline/test/helpline"
)

// accounts are who may sign in to desks and consoles of this run: one for each
// role, named by it, and one for the guest's own softphone. The password and the
// secret of the one-time codes are made for the run, shared by all, and shown to
// whoever looks at the screen: nothing of this is for production, where each has
// their own and sets them up alone.
type accounts struct{ password, authenticator string }

// people of the demo whose desks can be looked at: their telephones are answered
// by the demo, so that calls come and go without anybody's doing.
const (
	deskAgent      agent.ID = "w001"
	deskOfficer    agent.ID = "m001"
	deskCounsellor agent.ID = "c001"
)

// owners are whose the accounts are, by login; a login is its role but for the
// guest's.
var owners = []struct {
	login, role string
	of          agent.ID
}{
	{"agent", "agent", deskAgent}, {"officer", "officer", deskOfficer}, {"counsellor", "counsellor", deskCounsellor},
	{"supervisor", "supervisor", guestSupervisor}, {"auditor", "auditor", ""}, {"administrator", "administrator", ""},
	{"guest", "agent", guestAgent},
}

// openDoors makes the accounts.
func (d *demo) openDoors(ctx context.Context) error {
	random := make([]byte, 20)
	if _, err := rand.Read(random); err != nil {
		return fmt.Errorf("make the secret of the one-time codes: %w", err)
	}
	text := strings.ToLower(rand.Text())
	d.doors = accounts{
		password:      text[:4] + "-" + text[4:8] + "-" + text[8:12],
		authenticator: base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(random),
	}
	d.say("making accounts for desks and consoles")
	for _, o := range owners {
		a, err := d.line.AddAccount(ctx, helpline.Account{Login: o.login, Password: d.doors.password, Authenticator: d.doors.authenticator}, o.role, o.of)
		if err == nil {
			err = d.line.SetUp(ctx, a)
		}
		if err != nil {
			return fmt.Errorf("make the account %s: %w", o.login, err)
		}
	}
	return nil
}

// code is the one-time code of this moment.
func (a accounts) code(now time.Time) string {
	code, err := console.Code(a.authenticator, now)
	if err != nil {
		return "-"
	}
	return code
}

// enter says where the console is and who may come in.
func (d *demo) enter(now time.Time) []string {
	return []string{
		fmt.Sprintf("CONSOLE   %s password %s, one-time code now %s", d.line.Engines[0].Console, d.doors.password, d.doors.code(now)),
		fmt.Sprintf("          sign in as supervisor, agent, officer, counsellor, auditor, administrator, guest; softphones %s (guest), %s (supervisor)",
			guestAgent, guestSupervisor),
	}
}
