package asteriskconfig

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// What a text may be made of. Each alphabet leaves out every character that
// means something to Asterisk's parsers: quotes, brackets, commas, semicolons,
// colons, equals signs, dollar signs, blanks and line ends.
var (
	wordForm     = regexp.MustCompile(`\A[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?\z`)
	agentForm    = regexp.MustCompile(`\A[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?\z`)
	didForm      = regexp.MustCompile(`\A[0-9]{1,15}\z`)
	md5Form      = regexp.MustCompile(`\A[0-9a-f]{32}\z`)
	passwordForm = regexp.MustCompile(`\A[A-Za-z0-9_.~-]{8,128}\z`)
	userForm     = regexp.MustCompile(`\A[A-Za-z][A-Za-z0-9_-]{0,39}\z`)
	pathForm     = regexp.MustCompile(`\A/[A-Za-z0-9_.@+/-]{1,200}\z`)
	soundForm    = regexp.MustCompile(`\A[A-Za-z0-9_.@+/-]{1,200}\z`)
	patternForm  = regexp.MustCompile(`\A\^[A-Za-z0-9_.*-]{1,80}\z`)
	entityForm   = regexp.MustCompile(`\A(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\z`)
	hostForm     = regexp.MustCompile(`\A[A-Za-z0-9](?:[A-Za-z0-9.-]{0,200}[A-Za-z0-9])?\z`)
)

// reserved are section names that pjsip.conf, ari.conf or the like use themselves.
var reserved = map[string]bool{
	"general": true, "global": true, "system": true, "transport-udp": true, "phone": true,
	"phone-auth": true, "phone-aor": true, "anonymous": true, "default": true,
	"helpline": true, OfficersQueue: true, "transport-ws": true,
}

// check collects findings, so that the operator sees them all at once.
type check struct{ findings []error }

func (c *check) that(ok bool, field, want string) {
	if !ok {
		c.findings = append(c.findings, fmt.Errorf("asterisk settings: %s must be %s", field, want))
	}
}

func (c *check) form(form *regexp.Regexp, value, field, want string) {
	c.that(form.MatchString(value), field, want)
}

func (c *check) between(value, low, high int, field string) {
	c.that(low <= value && value <= high, field, fmt.Sprintf("%d to %d, is %d", low, high, value))
}

// Validate tells everything that is wrong with the settings. A value itself is
// never repeated in an error, since it may be a secret.
func (s Settings) Validate() error {
	var c check
	s.checkAddresses(&c)
	s.checkDirs(&c)
	s.checkAccess(&c)
	s.checkTimes(&c)
	s.checkSkills(&c)
	s.checkLines(&c)
	s.checkEndpoints(&c)
	s.checkEmergency(&c)
	s.checkBrowsers(&c)
	return errors.Join(c.findings...)
}

func (s Settings) checkAddresses(c *check) {
	c.form(wordForm, s.SystemName, "SystemName", "lower-case letters, digits and hyphens")
	c.form(entityForm, s.EntityID, "EntityID", "six octets like 02:00:00:00:00:01")
	sip, err := netip.ParseAddr(s.SIPAddress)
	c.that(err == nil && sip.Is4(), "SIPAddress", "an IPv4 address")
	for field, value := range map[string]string{"HTTPAddress": s.HTTPAddress, "AMIAddress": s.AMIAddress} {
		address, err := netip.ParseAddr(value)
		c.that(err == nil && address.Is4() && address.IsLoopback(), field, "an IPv4 loopback address")
	}
	c.between(s.SIPPort, 1, 65535, "SIPPort")
	c.between(s.HTTPPort, 1, 65535, "HTTPPort")
	c.between(s.AMIPort, 1, 65535, "AMIPort")
	c.between(s.RTPFirst, 1024, 65534, "RTPFirst")
	c.between(s.RTPLast, s.RTPFirst+1, 65535, "RTPLast")
}

func (s Settings) checkDirs(c *check) {
	d := s.Dirs
	for _, dir := range []struct{ field, value string }{
		{"Dirs.Etc", d.Etc}, {"Dirs.Modules", d.Modules}, {"Dirs.Data", d.Data}, {"Dirs.VarLib", d.VarLib},
		{"Dirs.DB", d.DB}, {"Dirs.Key", d.Key}, {"Dirs.AGI", d.AGI}, {"Dirs.Spool", d.Spool},
		{"Dirs.Run", d.Run}, {"Dirs.Log", d.Log}, {"MusicDir", s.MusicDir},
	} {
		c.that(pathForm.MatchString(dir.value) && filepath.Clean(dir.value) == dir.value, dir.field,
			"an absolute path without blanks or special characters")
	}
	c.that(s.RecordInto == "" || pathForm.MatchString(s.RecordInto) && filepath.Clean(s.RecordInto) == s.RecordInto, "RecordInto",
		"an absolute path without blanks or special characters, or nothing")
	// The kernel takes no longer name for a socket, and Asterisk does not say so.
	c.that(len(d.Run)+len("/asterisk.ctl") < 108, "Dirs.Run", "at most 94 characters long")
	if s.NobodyPrompt != "" {
		c.form(soundForm, s.NobodyPrompt, "NobodyPrompt", "a sound's name without blanks or special characters")
	}
}

func (s Settings) checkAccess(c *check) {
	credentials := func(field string, have Credentials) {
		c.form(userForm, have.Name, field+".Name", "letters, digits, hyphens and underscores")
		c.that(!reserved[have.Name], field+".Name", "a name that Asterisk does not use itself")
		c.form(passwordForm, have.Password, field+".Password", "8 to 128 letters, digits and any of _ . ~ -")
	}
	credentials("ARIUser", s.ARIUser)
	credentials("AMIUser", s.AMIUser)
	if s.ARIReadOnlyUser.Name != "" {
		credentials("ARIReadOnlyUser", s.ARIReadOnlyUser)
		c.that(s.ARIReadOnlyUser.Name != s.ARIUser.Name, "ARIReadOnlyUser.Name", "another name than ARIUser's")
	}
	c.form(wordForm, s.Realm, "Realm", "lower-case letters, digits and hyphens")
	c.between(s.ARISessionLimit, 10, 10000, "ARISessionLimit")
	c.between(s.ARIWriteTimeoutMS, 100, 60000, "ARIWriteTimeoutMS")
	_, err := regexp.Compile(s.AppPattern)
	c.that(err == nil && patternForm.MatchString(s.AppPattern), "AppPattern",
		"a regular expression that begins with ^ and holds only letters, digits and any of _ . * -")
}

func (s Settings) checkTimes(c *check) {
	c.between(s.BroadcastMS, 50, 10000, "BroadcastMS")
	c.between(s.DeadManSeconds, 5, 3600, "DeadManSeconds")
	c.between(s.QualifySeconds, 0, 3600, "QualifySeconds")
	c.between(s.QualifyTimeoutMS, 100, 60000, "QualifyTimeoutMS")
	c.between(s.AgentRTPTimeout, 0, 3600, "AgentRTPTimeout")
	c.between(s.NobodyRepeatSeconds, 1, 600, "NobodyRepeatSeconds")
}

func (s Settings) checkSkills(c *check) {
	c.that(len(s.Categories) > 0, "Categories", "at least one")
	c.that(len(s.Languages) > 0, "Languages", "at least one")
	seen := map[string]bool{}
	for i, category := range s.Categories {
		field := "Categories[" + strconv.Itoa(i) + "]"
		c.form(wordForm, category.ID, field+".ID", "lower-case letters, digits and hyphens")
		c.that(!seen[category.ID], field+".ID", "a name that no other category has")
		seen[category.ID] = true
		c.between(category.Weight, 0, 1000, field+".Weight")
		c.between(category.RingSeconds, shortestRing, 60, field+".RingSeconds")
	}
	clear(seen)
	for i, language := range s.Languages {
		field := "Languages[" + strconv.Itoa(i) + "]"
		c.form(wordForm, language, field, "lower-case letters, digits and hyphens")
		c.that(!seen[language], field, "named once")
		seen[language] = true
	}
}

// shortestRing is how many seconds a phone is rung at least.
const shortestRing = 3

func (s Settings) checkLines(c *check) {
	known := map[string]bool{OfficersQueue: true}
	for _, language := range s.Languages {
		known[QueueName(true, language)], known[QueueName(false, language)] = true, true
	}
	seen := map[string]bool{}
	for i, line := range s.Lines {
		field := "Lines[" + strconv.Itoa(i) + "]"
		c.form(didForm, line.DID, field+".DID", "1 to 15 digits")
		c.form(wordForm, line.Name, field+".Name", "lower-case letters, digits and hyphens")
		c.that(known[line.Queue], field+".Queue", "officers, or crisis- or women- and a language of the settings")
		c.between(line.Rank, 0, 1000, field+".Rank")
		c.that(!seen[line.DID], field+".DID", "a number of its own")
		seen[line.DID] = true
	}
}

func (s Settings) checkEmergency(c *check) {
	if s.EmergencyEndpoint == "" {
		return
	}
	known := slices.ContainsFunc(s.Trunks, func(t Trunk) bool { return t.Name == s.EmergencyEndpoint && t.Contact != "" })
	c.that(known, "EmergencyEndpoint", "the name of a trunk that has a contact")
	c.form(didForm, s.EmergencyNumber, "EmergencyNumber", "1 to 15 digits")
}

func (s Settings) checkBrowsers(c *check) {
	b := s.Browsers
	if !b.Allowed || b.TLSPort == 0 {
		return
	}
	address, err := netip.ParseAddr(b.TLSAddress)
	c.that(err == nil && address.Is4(), "Browsers.TLSAddress", "an IPv4 address")
	c.between(b.TLSPort, 1, 65535, "Browsers.TLSPort")
	for field, path := range map[string]string{"Browsers.CertificateFile": b.CertificateFile, "Browsers.KeyFile": b.KeyFile} {
		c.that(pathForm.MatchString(path) && filepath.Clean(path) == path, field, "an absolute path without blanks or special characters")
	}
}

func (s Settings) checkEndpoints(c *check) {
	seen := map[string]bool{}
	unique := func(name, field string) {
		c.that(!seen[name] && !reserved[name], field, "a name that no other agent or trunk has and Asterisk does not use itself")
		seen[name] = true
	}
	for i, trunk := range s.Trunks {
		field := "Trunks[" + strconv.Itoa(i) + "]"
		c.form(wordForm, trunk.Name, field+".Name", "lower-case letters, digits and hyphens")
		unique(trunk.Name, field+".Name")
		unique(trunk.Name+"-addresses", field+".Name")
		c.that(len(trunk.MatchIPs) > 0, field+".MatchIPs", "at least one address")
		for j, match := range trunk.MatchIPs {
			c.that(addressOrNetwork(match), field+".MatchIPs["+strconv.Itoa(j)+"]", "an IPv4 address or network, not the whole internet")
		}
		if trunk.Contact != "" {
			c.that(hostPort(trunk.Contact), field+".Contact", "host:port")
		}
		c.between(trunk.QualifySeconds, 0, 300, field+".QualifySeconds")
	}
	for i, agent := range s.Agents {
		field := "Agents[" + strconv.Itoa(i) + "]"
		c.form(agentForm, agent.ID, field+".ID", "a lower-case letter followed by lower-case letters, digits and hyphens")
		unique(agent.ID, field+".ID")
		c.form(md5Form, agent.SecretMD5, field+".SecretMD5", "32 lower-case hexadecimal digits")
		c.that(!(agent.Woman && agent.Officer), field+".Officer", "false for a woman: the officers' queue serves offenders")
	}
}

func addressOrNetwork(text string) bool {
	if address, err := netip.ParseAddr(text); err == nil {
		return address.Is4() && !address.IsUnspecified()
	}
	network, err := netip.ParsePrefix(text)
	return err == nil && network.Addr().Is4() && network.Bits() >= 8
}

func hostPort(text string) bool {
	host, port, err := net.SplitHostPort(text)
	if err != nil || !hostForm.MatchString(host) {
		return false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}
