package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"powerline/agent"
	asteriskconfig "powerline/asterisk-config"
	"powerline/test/helpline"
)

// Three telephones are for whoever watches: an agent's seat, a supervisor's, and a
// caller's. All have the same password, made once per home so that a softphone
// needs to be set up once only.
const (
	guestAgent = "demo1"
	// guestSupervisor is rung when the supervisor wants to listen.
	guestSupervisor = "demo2"
	guestCaller     = "caller1"
	guestPIN        = "4711"
	// guestNumber is what the engine sees of the guest's telephone.
	guestNumber = "+919800000000"
)

// guestPassword reads the password, or makes it.
func guestPassword(home string) (string, error) {
	path := filepath.Join(home, "demo.password")
	text, err := os.ReadFile(path)
	if err == nil && len(strings.TrimSpace(string(text))) >= 8 {
		return strings.TrimSpace(string(text)), nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("read the guests' password: %w", err)
	}
	password := strings.ToLower(rand.Text()[:10])
	if err := os.WriteFile(path, []byte(password+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keep the guests' password: %w", err)
	}
	return password, nil
}

// guestPerson is the seat: a woman who takes any call.
func guestPerson(password string) helpline.Person {
	return helpline.Person{
		Profile: agent.Profile{
			ID: guestAgent, Woman: true, Counsellor: true, Senior: true,
			Languages:  []string{"hi", "en", "ur", "bho", "awa"},
			Categories: []string{"crisis", "domestic-violence", "phone", "social-media", "stalking", "status", "unclassified", "silent"},
		},
		Name: "Guest", PIN: guestPIN, Secret: password,
	}
}

// guestLead is the supervisor's seat: a woman, so that she lands in no call of an
// offender.
func guestLead(password string) helpline.Person {
	return helpline.Person{
		Profile: agent.Profile{ID: guestSupervisor, Woman: true, Senior: true, Languages: []string{"hi", "en"}},
		Name:    "Supervisor", PIN: guestPIN, Secret: password,
	}
}

// guestEndpoint is the telephone. In production callers come from the trunk
// alone, which is known by its address; a softphone cannot easily have the
// address of our trunk, so here, and only here, a name and a digest stand for
// it. What it dials is looked up where the trunk's calls are: the lines of the
// helpline and nothing else. No call is ever sent to it, and agents' phones
// have no more ways out than before.
func guestEndpoint(realm, password string) string {
	return fmt.Sprintf(`
[%[1]s]
type = endpoint
context = from-trunk
transport = transport-udp
disallow = all
allow = alaw,ulaw
aors = %[1]s
auth = %[1]s
callerid = <%[4]s>
identify_by = username
direct_media = no
rtp_symmetric = yes
force_rport = yes
rewrite_contact = yes
ice_support = no
allow_transfer = no
allow_subscribe = no
send_connected_line = no
trust_id_inbound = no
trust_id_outbound = no
dtmf_mode = rfc4733

[%[1]s]
type = auth
auth_type = digest
realm = %[2]s
username = %[1]s
password_digest = MD5:%[3]s

[%[1]s]
type = aor
max_contacts = 1
remove_existing = yes
`, guestCaller, realm, asteriskconfig.HA1(guestCaller, realm, password), guestNumber)
}
