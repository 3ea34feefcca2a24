package asteriskconfig_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	asteriskconfig "powerline/asterisk-config"
)

// complete is a set of settings that passes, with every list filled.
func complete() asteriskconfig.Settings {
	s := asteriskconfig.Defaults()
	s.Dirs = asteriskconfig.Dirs{
		Etc: "/srv/p/etc", Modules: "/srv/p/modules", Data: "/srv/p/data", VarLib: "/srv/p/lib", DB: "/srv/p/db",
		Key: "/srv/p/keys", AGI: "/srv/p/agi", Spool: "/srv/p/spool", Run: "/srv/p/run", Log: "/srv/p/log",
	}
	s.MusicDir = "/srv/p/music"
	s.NobodyPrompt = "powerline/nobody"
	s.ARIUser = asteriskconfig.Credentials{Name: "acd", Password: "password-1"}
	s.ARIReadOnlyUser = asteriskconfig.Credentials{Name: "probe", Password: "password-2"}
	s.AMIUser = asteriskconfig.Credentials{Name: "acd", Password: "password-3"}
	s.Trunks = []asteriskconfig.Trunk{{Name: "operator", MatchIPs: []string{"192.0.2.1", "198.51.100.0/24"}, Contact: "192.0.2.1:5060"}}
	s.Lines = []asteriskconfig.Line{
		{DID: "1090", Name: "helpline", Queue: "women-hi"},
		{DID: "1091", Name: "ring-back", Queue: asteriskconfig.OfficersQueue},
	}
	s.Agents = roster(10)
	s.Browsers = asteriskconfig.Browsers{Allowed: true, TLSAddress: "192.0.2.5", TLSPort: 8089, CertificateFile: "/srv/p/tls/cert.pem", KeyFile: "/srv/p/tls/key.pem"}
	return s
}

func render(t interface {
	Helper()
	Fatal(...any)
}, s asteriskconfig.Settings) map[string][]byte {
	t.Helper()
	files, err := asteriskconfig.Render(s)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestGivenTheSameSettingsWhenRenderedTwiceThenTheFilesAreTheSame(t *testing.T) {
	first, second := render(t, complete()), render(t, complete())
	if !maps.EqualFunc(first, second, bytes.Equal) {
		t.Error("they differ")
	}
	for _, name := range []string{"asterisk.conf", "modules.conf", "pjsip.conf", "extensions.conf", "queues.conf",
		"http.conf", "ari.conf", "manager.conf", "rtp.conf", "musiconhold.conf", "logger.conf"} {
		if len(first[name]) == 0 {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestGivenFilesWhenWrittenThenOnlyTheOwnerReadsThemAndNothingElseIsLeft(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "etc")
	files := render(t, complete())
	for range 2 {
		if err := asteriskconfig.Write(t.Context(), dir, files); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != len(files) {
		t.Errorf("%d entries for %d files (%v)", len(entries), len(files), err)
	}
	for _, entry := range entries {
		text, _ := os.ReadFile(filepath.Join(dir, entry.Name()))
		info, err := entry.Info()
		if err != nil || info.Mode().Perm() != 0o600 || !bytes.Equal(text, files[entry.Name()]) {
			t.Errorf("%s: mode %v, %d bytes (%v)", entry.Name(), info.Mode(), len(text), err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := asteriskconfig.Write(ctx, dir, files); !errors.Is(err, context.Canceled) {
		t.Errorf("a stopped write says %v", err)
	}
}

// member finds the members of each queue in what was rendered.
func members(queues []byte) map[string][]string {
	found := map[string][]string{}
	var queue string
	for line := range strings.Lines(string(queues)) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			queue, _, _ = strings.Cut(name, "]")
		}
		if m, ok := strings.CutPrefix(line, "member => PJSIP/"); ok {
			id, _, _ := strings.Cut(m, ",")
			found[queue] = append(found[queue], id)
		}
	}
	return found
}

func TestGivenAnyRosterWhenRenderedThenNoManIsInAWomensQueueAndNoWomanInTheOfficers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := complete()
		s.Agents = rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) asteriskconfig.Agent {
			a := asteriskconfig.Agent{
				ID:         rapid.StringMatching(`a[0-9]{3}`).Draw(t, "id"),
				Woman:      rapid.Bool().Draw(t, "woman"),
				Officer:    rapid.Bool().Draw(t, "officer"),
				Counsellor: rapid.Bool().Draw(t, "counsellor"),
				Senior:     rapid.Bool().Draw(t, "senior"),
				Categories: rapid.SliceOf(rapid.SampledFrom([]string{"crisis", "other", "feedback"})).Draw(t, "categories"),
				Languages:  rapid.SliceOf(rapid.SampledFrom(s.Languages)).Draw(t, "languages"),
			}
			a.Officer = a.Officer && !a.Woman
			a.SecretMD5 = asteriskconfig.HA1(a.ID, s.Realm, secret)
			return a
		}), 1, 20, func(a asteriskconfig.Agent) string { return a.ID }).Draw(t, "agents")
		women := map[string]bool{}
		for _, a := range s.Agents {
			women[a.ID] = a.Woman
		}
		for queue, ids := range members(render(t, s)["queues.conf"]) {
			for _, id := range ids {
				if women[id] == (queue == asteriskconfig.OfficersQueue) {
					t.Errorf("%s, woman %v, is in %s", id, women[id], queue)
				}
			}
		}
	})
}

func TestGivenSkillsWhenAnAgentIsPlacedThenThePenaltyIsTheRing(t *testing.T) {
	s := complete()
	agent := asteriskconfig.Agent{ID: "a", Woman: true, Categories: []string{"other"}, Languages: []string{"hi", "en"}}
	for _, c := range []struct {
		queue string
		who   func(*asteriskconfig.Agent)
		want  int
	}{
		{"women-en", func(*asteriskconfig.Agent) {}, 0},
		{"women-bho", func(*asteriskconfig.Agent) {}, 1},
		{"women-bho", func(a *asteriskconfig.Agent) { a.Languages = []string{"en"} }, 2},
		{"crisis-hi", func(*asteriskconfig.Agent) {}, 2},
		{"crisis-hi", func(a *asteriskconfig.Agent) { a.Senior = true }, 0},
		{"crisis-bho", func(a *asteriskconfig.Agent) { a.Counsellor = true }, 1},
	} {
		a := agent
		c.who(&a)
		if !slices.Contains(asteriskconfig.Memberships(s, a), asteriskconfig.Membership{Queue: c.queue, Penalty: c.want}) {
			t.Errorf("%+v is in %v, want in %s with penalty %d", a, asteriskconfig.Memberships(s, a), c.queue, c.want)
		}
	}
	agent.Categories = []string{"feedback"}
	if got := asteriskconfig.Memberships(s, agent); len(got) != 0 {
		t.Errorf("who takes no inbound calls is in %v", got)
	}
}

func TestGivenASettingThatIsWrongWhenValidatedThenItsNameIsSaid(t *testing.T) {
	type settings = asteriskconfig.Settings
	for field, spoil := range map[string]func(*settings){
		"SystemName":               func(s *settings) { s.SystemName = "Powerline" },
		"EntityID":                 func(s *settings) { s.EntityID = "" },
		"SIPAddress":               func(s *settings) { s.SIPAddress = "localhost" },
		"HTTPAddress":              func(s *settings) { s.HTTPAddress = "0.0.0.0" },
		"AMIAddress":               func(s *settings) { s.AMIAddress = "192.0.2.1" },
		"RTPLast":                  func(s *settings) { s.RTPLast = s.RTPFirst },
		"Dirs.Run":                 func(s *settings) { s.Dirs.Run = "/" + strings.Repeat("r", 99) },
		"Dirs.Log":                 func(s *settings) { s.Dirs.Log = "/srv/../log" },
		"ARIUser.Password":         func(s *settings) { s.ARIUser.Password = "pass;word" },
		"AMIUser.Name":             func(s *settings) { s.AMIUser.Name = "general" },
		"ARIReadOnlyUser.Name":     func(s *settings) { s.ARIReadOnlyUser.Name = "acd" },
		"AppPattern":               func(s *settings) { s.AppPattern = "powerline" },
		"DeadManSeconds":           func(s *settings) { s.DeadManSeconds = 0 },
		"Categories[0].ID":         func(s *settings) { s.Categories[0].ID = "cri,sis" },
		"Languages[1]":             func(s *settings) { s.Languages[1] = "" },
		"Lines[0].DID":             func(s *settings) { s.Lines[0].DID = "_X." },
		"Lines[0].Queue":           func(s *settings) { s.Lines[0].Queue = "nobody" },
		"Lines[1].DID":             func(s *settings) { s.Lines[1].DID = "1090" },
		"Trunks[0].MatchIPs[0]":    func(s *settings) { s.Trunks[0].MatchIPs[0] = "0.0.0.0/0" },
		"Trunks[0].Contact":        func(s *settings) { s.Trunks[0].Contact = "host:1;x" },
		"Trunks[0].QualifySeconds": func(s *settings) { s.Trunks[0].QualifySeconds = 301 },
		"Agents[3].ID":             func(s *settings) { s.Agents[3].ID = "a001" },
		"Agents[4].ID":             func(s *settings) { s.Agents[4].ID = "9876543210" },
		"Agents[5].ID":             func(s *settings) { s.Agents[5].ID = "phone" },
		"Agents[5].ID ":            func(s *settings) { s.Agents[5].ID = "operator-addresses" },
		"Agents[0].SecretMD5":      func(s *settings) { s.Agents[0].SecretMD5 = secret },
		"Agents[0].Officer":        func(s *settings) { s.Agents[0].Officer = true },
		"NobodyPrompt":             func(s *settings) { s.NobodyPrompt = "a,b" },
		"Categories[1].ID":         func(s *settings) { s.Categories[1].ID = s.Categories[0].ID },
		"Languages[1] ":            func(s *settings) { s.Languages[1] = s.Languages[0] },
		"Lines[0].Rank":            func(s *settings) { s.Lines[0].Rank = -1 },
		"Categories[0].Weight":     func(s *settings) { s.Categories[0].Weight = -1 },
		"ARISessionLimit":          func(s *settings) { s.ARISessionLimit = 0 },
		"QualifyTimeoutMS":         func(s *settings) { s.QualifyTimeoutMS = 0 },
		"AgentRTPTimeout":          func(s *settings) { s.AgentRTPTimeout = -1 },
		"NobodyRepeatSeconds":      func(s *settings) { s.NobodyRepeatSeconds = 0 },
		"Categories[0].RingSeco":   func(s *settings) { s.Categories[0].RingSeconds = 0 },
		"Browsers.TLSAddress":      func(s *settings) { s.Browsers.TLSAddress = "::" },
		"Browsers.TLSPort":         func(s *settings) { s.Browsers.TLSPort = 65536 },
		"Browsers.KeyFile":         func(s *settings) { s.Browsers.KeyFile = "key.pem" },
	} {
		s := complete()
		spoil(&s)
		_, err := asteriskconfig.Render(s)
		if err == nil || !strings.Contains(err.Error(), strings.TrimSpace(field)) {
			t.Errorf("%s: %v", field, err)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error repeats a secret", field)
		}
	}
}

// texts lists pointers to every string of the settings, by reflection, so that
// a field added later is fuzzed too.
func texts(v reflect.Value) []*string {
	var all []*string
	switch v.Kind() {
	case reflect.String:
		return []*string{v.Addr().Interface().(*string)}
	case reflect.Struct:
		for i := range v.NumField() {
			all = append(all, texts(v.Field(i))...)
		}
	case reflect.Slice:
		for i := range v.Len() {
			all = append(all, texts(v.Index(i))...)
		}
	}
	return all
}

// shape is a file with every run of harmless characters made one x: what is
// left are the characters that have a meaning to Asterisk, line by line.
func shape(text []byte) string {
	return harmless.ReplaceAllString(string(text), "x")
}

var harmless = regexp.MustCompile(`[A-Za-z0-9_.@+/~*-]+`)

// FuzzGivenAnyTextInAnyFieldThenNoFileHasAnotherShape puts a text into one
// field. What is accepted may change words of the files and nothing else: not
// a line, a section, an option or an argument more.
func FuzzGivenAnyTextInAnyFieldThenNoFileHasAnotherShape(f *testing.F) {
	// Small, so that many texts can be tried.
	complete := func() asteriskconfig.Settings {
		s := complete()
		s.Agents, s.Categories, s.Languages = s.Agents[:3], s.Categories[5:], s.Languages[:2]
		return s
	}
	base := complete()
	count := len(texts(reflect.ValueOf(&base).Elem()))
	for i := range count {
		for _, text := range []string{"x", "a001\n[evil]", "x;y", "x,y", "x\"y", "${SHELL(id)}", "a]b", "x=>y", "hi", "", "10.0.0.1", "^x", "/a b", "\x00", "é", "#include /etc/passwd", "x\r\ny"} {
			f.Add(i, text)
		}
	}
	want := map[string]string{}
	for name, text := range render(f, base) {
		want[name] = shape(text)
	}
	f.Fuzz(func(t *testing.T, field int, text string) {
		s := complete()
		all := texts(reflect.ValueOf(&s).Elem())
		place := all[((field%len(all))+len(all))%len(all)]
		before := *place
		*place = text
		files, err := asteriskconfig.Render(s)
		if err != nil {
			return
		}
		if empties(before, text) {
			return // An optional part is left out as a whole.
		}
		for name, content := range files {
			if got := shape(content); got != want[name] && !slices.Contains(mayMove, name) {
				t.Errorf("%s: %q in the place of %q changes the file's shape", name, text, before)
			} else if len(strings.Split(got, "\n")) > len(strings.Split(want[name], "\n")) {
				t.Errorf("%s: %q in the place of %q adds a line", name, text, before)
			}
		}
	})
}

// mayMove are files in which a valid change of one text can rightly take lines
// away: a skill that is spelt otherwise ends a membership, and an address that
// stands for all addresses the binding of media to it.
var mayMove = []string{"queues.conf", "pjsip.conf"}

func empties(before, after string) bool { return (before == "") != (after == "") }

// TestGivenATrunkThatIsAsked…: calls do not go out to a contact that was asked
// and did not answer, so only a trunk whose owner said so is asked.
func TestGivenATrunkThatIsAskedWhenRenderedThenOnlyItsContactIsQualified(t *testing.T) {
	s := complete()
	s.Trunks = append(s.Trunks, asteriskconfig.Trunk{Name: "second", MatchIPs: []string{"192.0.2.9"}, Contact: "192.0.2.9:5060", QualifySeconds: 30})
	text := string(render(t, s)["pjsip.conf"])
	for contact, every := range map[string]string{"192.0.2.1:5060": "0", "192.0.2.9:5060": "30"} {
		if want := "contact = sip:" + contact + "\nqualify_frequency = " + every + "\n"; !strings.Contains(text, want) {
			t.Errorf("pjsip.conf lacks %q", want)
		}
	}
}
