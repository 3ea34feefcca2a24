package config

import (
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"powerline/agent"
	"powerline/ivr"
)

var (
	word     = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	digits   = regexp.MustCompile(`^[0-9]{2,15}$`)
	code     = regexp.MustCompile(`^\*[0-9]{1,6}$`)
	language = regexp.MustCompile(`^[a-z]{2,3}$`)
	host     = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
	account  = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	entity   = regexp.MustCompile(`^[0-9a-f]{2}(:[0-9a-f]{2}){5}$`)
	dialable = regexp.MustCompile(`^[0-9]{2,15}$`)
)

// Validate reports everything that is wrong with the values, as an *Error.
func (c Config) Validate() error {
	v := &verdict{}
	c.Instance.check(v)
	c.Log.check(v)
	v.loopback("http.listen", c.HTTP.Listen)
	c.Asterisk.check(v)
	c.Redis.check(v)
	c.Postgres.check(v)
	v.need("journal.dir", c.Journal.Dir != "", "want a directory")
	v.between("journal.maxBytes", c.Journal.MaxBytes, 1<<20, 1<<40)
	v.need("privacy.fingerprintKeyFile", c.Privacy.FingerprintKeyFile != "", "want a key file: without it repeated callers are strangers")
	c.Prompts.check(v)
	c.checkCategories(v)
	c.checkMenus(v)
	c.checkLines(v)
	c.checkRouting(v)
	v.within("ringing.rejectDelay", c.Ringing.RejectDelay, 0, time.Hour)
	v.within("resume.maxAge", c.Resume.MaxAge, 0, time.Hour)
	v.within("serviceLevel.threshold", c.ServiceLevel.Threshold, time.Second, 10*time.Minute)
	c.Agents.check(v)
	c.checkOverflow(v)
	c.checkOutbound(v)
	c.Recordings.check(v)
	c.checkConsole(v)
	if len(v.problems) > 0 {
		return &Error{v.problems}
	}
	return nil
}

// verdict collects problems.
type verdict struct{ problems []Problem }

func (v *verdict) wrong(path, format string, args ...any) {
	v.problems = append(v.problems, Problem{Path: path, Reason: fmt.Sprintf(format, args...)})
}

func (v *verdict) need(path string, ok bool, reason string) {
	if !ok {
		v.wrong(path, "%s", reason)
	}
}

func (v *verdict) matches(path, value string, pattern *regexp.Regexp, want string) {
	if !pattern.MatchString(value) {
		v.wrong(path, "want %s, got %q", want, shorten(value))
	}
}

func (v *verdict) within(path string, d, least, most time.Duration) {
	if d < least || d > most {
		v.wrong(path, "want a duration from %s to %s, got %s", Duration(least), Duration(most), Duration(d))
	}
}

func (v *verdict) between(path string, n, least, most int64) {
	if n < least || n > most {
		v.wrong(path, "want a number from %d to %d, got %d", least, most, n)
	}
}

// loopback refuses to open a control interface to the network: whoever reaches
// it is in command of every call.
func (v *verdict) loopback(path string, a netip.AddrPort) {
	switch {
	case !a.IsValid() || a.Port() == 0:
		v.wrong(path, "want an address and a port such as 127.0.0.1:8090")
	case !a.Addr().IsLoopback():
		v.wrong(path, "want a loopback address such as 127.0.0.1: this interface is not for the network")
	}
}

const wantWord = "lower-case letters, digits and hyphens, beginning with a letter"

func (i Instance) check(v *verdict) {
	v.matches("instance.name", i.Name, word, wantWord)
	v.matches("instance.site", i.Site, word, wantWord)
	v.need("instance.name", len(i.Name) <= 32, "want at most 32 characters")
	v.need("instance.site", len(i.Site) <= 32, "want at most 32 characters")
}

func (l Log) check(v *verdict) {
	if _, err := l.SlogLevel(); err != nil {
		v.wrong("log.level", "want debug, info, warn or error, got %q", shorten(l.Level))
	}
	v.need("log.format", l.Format == "text" || l.Format == "json", "want text or json")
}

// SlogLevel is the level in slog's terms.
func (l Log) SlogLevel() (slog.Level, error) {
	switch l.Level {
	case "debug":
		return slog.LevelDebug, nil
	case "info":
		return slog.LevelInfo, nil
	case "warn":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	}
	return 0, fmt.Errorf("config: unknown log level")
}

func (a Asterisk) check(v *verdict) {
	u, err := url.Parse(a.ARI.URL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		v.wrong("asterisk.ari.url", "want an address such as http://127.0.0.1:8088/ari")
	case u.User != nil:
		v.wrong("asterisk.ari.url", "no user or password here: they have keys of their own")
	case !strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), "/ari"):
		v.wrong("asterisk.ari.url", "want a path that ends in /ari")
	}
	if address, port := a.ARI.listen(); err == nil && u.Host != "" && (port == 0 || address == "") {
		v.wrong("asterisk.ari.url", "want an address and a port such as http://127.0.0.1:8088/ari")
	}
	v.matches("asterisk.ari.username", a.ARI.Username, account, "letters, digits, dots and hyphens")
	v.need("asterisk.ari.passwordFile", a.ARI.PasswordFile != "", "want the path of the password's file")
	v.loopback("asterisk.ami.address", a.AMI.Address)
	v.matches("asterisk.ami.username", a.AMI.Username, account, "letters, digits, dots and hyphens")
	v.need("asterisk.ami.passwordFile", a.AMI.PasswordFile != "", "want the path of the password's file")
	v.need("asterisk.sip.bind", a.SIP.Bind.IsValid() && a.SIP.Bind.Port() != 0, "want an address and a port such as 0.0.0.0:5060")
	v.matches("asterisk.sip.realm", a.SIP.Realm, account, "letters, digits, dots and hyphens")
	v.between("asterisk.rtp.first", int64(a.RTP.First), 1024, 65534)
	v.between("asterisk.rtp.last", int64(a.RTP.Last), 1024, 65535)
	v.need("asterisk.rtp.last", a.RTP.Last > a.RTP.First, "want a port above asterisk.rtp.first")
	v.within("asterisk.deadMan", a.DeadMan, 5*time.Second, 10*time.Minute)
	v.within("asterisk.broadcast", a.Broadcast, 50*time.Millisecond, 10*time.Second)
	v.within("asterisk.qualifyEvery", a.QualifyEvery, time.Second, time.Minute)
	v.within("asterisk.qualifyTimeout", a.QualifyTimeout, 100*time.Millisecond, time.Minute)
	v.need("asterisk.qualifyTimeout", a.QualifyTimeout < a.QualifyEvery, "want less than asterisk.qualifyEvery")
	v.within("asterisk.agentRTPTimeout", a.AgentRTPTimeout, time.Second, 5*time.Minute)
	// Asterisk counts both in whole seconds.
	v.need("asterisk.deadMan", a.DeadMan%time.Second == 0, "want whole seconds: Asterisk knows no smaller unit here")
	v.need("asterisk.agentRTPTimeout", a.AgentRTPTimeout%time.Second == 0, "want whole seconds: Asterisk knows no smaller unit here")
	v.need("asterisk.qualifyEvery", a.QualifyEvery%time.Second == 0, "want whole seconds: Asterisk knows no smaller unit here")
	v.matches("asterisk.systemName", a.SystemName, word, wantWord)
	v.matches("asterisk.entityID", a.EntityID, entity, "six octets such as 02:00:00:00:00:01")
	for name, dir := range a.Dirs.byName() {
		v.need("asterisk.dirs."+name, strings.HasPrefix(dir, "/"), "want an absolute path")
	}
	checkTrunks(v, a.Trunks)
	a.BrowserPhones.check(v)
}

// listen is where Asterisk must listen for this URL to reach it.
func (a ARI) listen() (address string, port int) {
	u, err := url.Parse(a.URL)
	if err != nil {
		return "", 0
	}
	port, _ = strconv.Atoi(u.Port())
	address = u.Hostname()
	if address == "localhost" {
		address = "127.0.0.1"
	}
	return address, port
}

func (d Dirs) byName() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, one := range [][2]string{
			{"etc", d.Etc}, {"modules", d.Modules}, {"data", d.Data}, {"varLib", d.VarLib}, {"db", d.DB},
			{"key", d.Key}, {"agi", d.AGI}, {"spool", d.Spool}, {"run", d.Run}, {"log", d.Log},
		} {
			if !yield(one[0], one[1]) {
				return
			}
		}
	}
}

func checkTrunks(v *verdict, trunks []Trunk) {
	v.need("asterisk.trunks", len(trunks) > 0, "want at least one trunk: without it nobody can call")
	names, owners := map[string]bool{}, map[netip.Prefix]string{}
	for i, t := range trunks {
		path := fmt.Sprintf("asterisk.trunks[%d]", i)
		v.matches(path+".name", t.Name, word, wantWord)
		v.need(path+".name", !names[t.Name], "this name stands twice")
		names[t.Name] = true
		v.need(path+".contact", t.Contact == "" || hostPort(t.Contact), "want host:port, or nothing")
		asked := t.QualifyEvery == 0 || t.QualifyEvery >= 5*time.Second && t.QualifyEvery <= 5*time.Minute && t.QualifyEvery%time.Second == 0
		v.need(path+".qualifyEvery", asked, "want 0 for never, or whole seconds from 5s to 5m")
		v.need(path+".qualifyEvery", t.QualifyEvery == 0 || t.Contact != "", "want 0 for a trunk without a contact: there is nobody to ask")
		v.need(path+".match", len(t.Match) > 0, "want at least one address: a trunk is known by where it sends from")
		for j, m := range t.Match {
			at := fmt.Sprintf("%s.match[%d]", path, j)
			p, ok := Network(m)
			switch other, taken := owners[p]; {
			case !ok:
				v.wrong(at, "want an address or a network such as 10.1.2.0/29, got %q", shorten(m))
			case p.Bits() == 0:
				v.wrong(at, "this is the whole world: name the carrier's addresses")
			case taken:
				v.wrong(at, "this address already belongs to trunk %q", other)
			default:
				owners[p] = t.Name
			}
		}
	}
}

// Network reads an address or a network.
func Network(text string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err == nil
}

func (r Redis) check(v *verdict) {
	v.need("redis.address", strings.HasPrefix(r.Address, "/") || hostPort(r.Address), "want host:port or the absolute path of a socket")
	v.between("redis.db", int64(r.DB), 0, 15)
	v.within("redis.timeout", r.Timeout, 10*time.Millisecond, 30*time.Second)
}

// Network is what a dialler calls this address: "unix" or "tcp".
func (r Redis) Network() string {
	if strings.HasPrefix(r.Address, "/") {
		return "unix"
	}
	return "tcp"
}

func hostPort(s string) bool {
	h, p, ok := strings.Cut(s, ":")
	if a, err := netip.ParseAddrPort(s); err == nil {
		return a.Port() > 0
	}
	n, err := strconv.ParseUint(p, 10, 16)
	return ok && host.MatchString(h) && err == nil && n > 0
}

func (p Postgres) check(v *verdict) {
	u, err := url.Parse(p.DSN)
	switch {
	case err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql":
		v.wrong("postgres.dsn", "want an address such as postgres://powerline@127.0.0.1:5432/powerline")
	default:
		_, given := u.User.Password()
		if given || u.Query().Has("password") {
			v.wrong("postgres.dsn", "no password here: put it into a file and name it in postgres.passwordFile")
		}
	}
	v.between("postgres.maxConns", int64(p.MaxConns), 2, 1000)
	v.within("postgres.connectTimeout", p.ConnectTimeout, 10*time.Millisecond, time.Minute)
	v.within("postgres.queryTimeout", p.QueryTimeout, 10*time.Millisecond, time.Minute)
	v.within("postgres.writeTimeout", p.WriteTimeout, 10*time.Millisecond, 10*time.Second)
}

func (p Prompts) check(v *verdict) {
	v.need("prompts.dir", p.Dir != "", "want a directory")
	v.need("prompts.musicDir", p.MusicDir != "", "want a directory")
	v.need("prompts.languages", len(p.Languages) > 0, "want at least one language")
	seen := map[string]bool{}
	for i, l := range p.Languages {
		path := fmt.Sprintf("prompts.languages[%d]", i)
		v.matches(path, l, language, "a language code such as hi or bho")
		v.need(path, !seen[l], "this language stands twice")
		seen[l] = true
	}
}

func (c Config) checkCategories(v *verdict) {
	v.need("categories", len(c.Categories) > 0, "want at least one category")
	seen := map[string]bool{}
	for i, k := range c.Categories {
		path := fmt.Sprintf("categories[%d]", i)
		v.matches(path+".name", k.Name, word, wantWord)
		v.need(path+".name", !seen[k.Name], "this name stands twice")
		seen[k.Name] = true
		v.within(path+".wrapUp", k.WrapUp, 0, 2*time.Hour)
		v.within(path+".recovery", k.Recovery, 0, 2*time.Hour)
		v.between(path+".weight", int64(k.Weight), 0, 1000)
		v.need(path+".open", !k.Open || k.WrapUp > 0, "an open wrap-up needs a wrapUp after which to warn")
	}
}

// Category finds a category by name.
func (c Config) Category(name string) (Category, bool) {
	for _, k := range c.Categories {
		if k.Name == name {
			return k, true
		}
	}
	return Category{}, false
}

// CategoriesOf are the categories in which calls to lines of this kind begin, and
// to no others.
func (c Config) CategoriesOf(kind LineKind) (names []string) {
	for _, l := range c.Lines {
		others := slices.ContainsFunc(c.Lines, func(o Line) bool { return o.Kind != kind && o.Category == l.Category })
		if l.Kind == kind && l.Category != "" && !others {
			names = append(names, l.Category)
		}
	}
	return names
}

func (c Config) checkLines(v *verdict) {
	v.need("lines", len(c.Lines) > 0, "want at least one line: without it nobody can call")
	seen := map[string]bool{}
	for i, l := range c.Lines {
		path := fmt.Sprintf("lines[%d]", i)
		v.matches(path+".did", l.DID, digits, "2 to 15 digits as the trunk presents them")
		v.need(path+".did", !seen[l.DID], "this number stands twice")
		seen[l.DID] = true
		v.need(path+".kind", l.Kind == Helpline || l.Kind == RingBack, "want helpline or ring-back")
		if _, ok := c.Menus[l.Menu]; l.Menu != "" && !ok {
			v.wrong(path+".menu", "no such menu %q: name one of menus, or leave it empty", shorten(l.Menu))
		}
		if _, ok := c.Category(l.Category); !ok {
			v.wrong(path+".category", "no such category %q: name one of categories", shorten(l.Category))
		}
	}
}

// checkMenus lets each menu check itself against what this file names. Whether
// its prompts exist is for whoever knows the prompts: ivr.Menu.Validate with the manifest's names.
func (c Config) checkMenus(v *verdict) {
	known := ivr.Known{Languages: c.Prompts.Languages}
	for _, k := range c.Categories {
		known.Categories = append(known.Categories, k.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Menus)) {
		v.matches("menus", name, word, "menu names of "+wantWord)
		menu := c.Menus[name]
		known.Prompts = menu.Prompts()
		v.adopt("menus."+name, "menu.", menu.Validate(known))
	}
	known.Prompts = c.Waiting.Prompts()
	v.adopt("waiting", "waiting.", c.Waiting.Validate(known))
}

// checkRouting lets the policy check itself, and holds it against the
// categories: a call must be routed by the rules of its own category.
func (c Config) checkRouting(v *verdict) {
	v.adopt("routing", "routing policy: ", c.Routing.Validate())
	routed := map[string]agent.Pool{}
	for i, r := range c.Routing.Categories {
		routed[r.Name] = r.Pool
		if _, ok := c.Category(r.Name); !ok {
			v.wrong(fmt.Sprintf("routing.categories[%d].name", i), "no such category %q: name one of categories", shorten(r.Name))
		}
	}
	for i, k := range c.Categories {
		if _, ok := routed[k.Name]; !ok {
			v.wrong(fmt.Sprintf("categories[%d].name", i), "%q has no rules in routing.categories", shorten(k.Name))
		}
		v.need(fmt.Sprintf("categories[%d].crisis", i), k.Crisis == (k.Name == c.Routing.Crisis), "want true for the category of routing.crisis and for no other")
	}
	for i, l := range c.Lines {
		if pool, ok := routed[l.Category]; ok && pool != l.Kind.Pool() {
			v.wrong(fmt.Sprintf("lines[%d].category", i), "%q is routed to %s, and a %s line is answered by %s", l.Category, pool, l.Kind, l.Kind.Pool())
		}
	}
}

// adopt takes over what a package found in its own part of the configuration.
func (v *verdict) adopt(path, prefix string, err error) {
	for _, finding := range split(err) {
		field, reason, _ := strings.Cut(strings.TrimPrefix(finding.Error(), prefix), ": ")
		v.wrong(path+"."+camel(field), "%s", reason)
	}
}

// split undoes errors.Join.
func split(err error) []error {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		return all.Unwrap()
	}
	if err != nil {
		return []error{err}
	}
	return nil
}

// Line finds a line by the number that was dialled.
func (c Config) Line(did string) (Line, bool) {
	for _, l := range c.Lines {
		if l.DID == did {
			return l, true
		}
	}
	return Line{}, false
}

func (a Agents) check(v *verdict) {
	checkCodes(v, "agents.codes.", []named{
		{"login", a.Codes.Login}, {"logout", a.Codes.Logout}, {"ready", a.Codes.Ready},
		{"pause", a.Codes.Pause}, {"done", a.Codes.Done}, {"extend", a.Codes.Extend}, {"outcome", a.Codes.Outcome},
	})
	k := a.InCall
	checkCodes(v, "agents.inCall.", slices.DeleteFunc([]named{
		{"counsellor", k.Counsellor}, {"recording", k.Recording}, {"hold", k.Hold}, {"together", k.Together},
		{"back", k.Back}, {"panic", k.Panic}, {"quickEnd", k.QuickEnd}, {"emergency", k.Emergency},
	}, func(one named) bool { return one.code == "" }))
	digitSeen, nameSeen := map[string]bool{}, map[string]bool{}
	for i, r := range a.PauseReasons {
		path := fmt.Sprintf("agents.pauseReasons[%d]", i)
		v.need(path+".digit", len(r.Digit) == 1 && r.Digit >= "0" && r.Digit <= "9", "want one digit")
		v.matches(path+".name", r.Name, word, wantWord)
		v.need(path+".digit", !digitSeen[r.Digit], "this digit stands twice")
		v.need(path+".name", !nameSeen[r.Name], "this name stands twice")
		v.need(path+".name", !systemReason(r.Name), "this reason is given by the system only")
		digitSeen[r.Digit], nameSeen[r.Name] = true, true
	}
	v.within("agents.extendBy", a.ExtendBy, time.Second, time.Hour)
	v.within("agents.restFor", a.RestFor, time.Second, 4*time.Hour)
	v.within("agents.afterQuickEnd", a.AfterQuickEnd, 0, 4*time.Hour)
}

// named is a code and what it is called in the configuration.
type named struct{ path, code string }

// checkCodes looks whether codes can be told apart. Some are followed by digits,
// and none waits for a next key: none may begin with another.
func checkCodes(v *verdict, section string, codes []named) {
	for i, one := range codes {
		v.matches(section+one.path, one.code, code, "a star and one to six digits")
		for _, other := range codes[:i] {
			if strings.HasPrefix(one.code, other.code) || strings.HasPrefix(other.code, one.code) {
				v.wrong(section+one.path, "cannot be told apart from %s%s", section, other.path)
			}
		}
	}
}

func (c Config) checkOverflow(v *verdict) {
	o := c.Overflow
	if o.Endpoint != "" {
		reached := slices.ContainsFunc(c.Asterisk.Trunks, func(t Trunk) bool { return t.Name == o.Endpoint && t.Contact != "" })
		v.need("overflow.endpoint", reached, "want the name of one of asterisk.trunks that has a contact")
	}
	v.matches("overflow.number", o.Number, dialable, "2 to 15 digits")
}

// checkOutbound holds the numbers that we show against the lines that they are:
// who rings back must reach whom law 3 lets him reach.
func (c Config) checkOutbound(v *verdict) {
	o := c.Outbound
	if o.Trunk != "" {
		reached := slices.ContainsFunc(c.Asterisk.Trunks, func(t Trunk) bool { return t.Name == o.Trunk && t.Contact != "" })
		v.need("outbound.trunk", reached, "want the name of one of asterisk.trunks that has a contact")
		c.checkShown(v, "outbound.victimLine", o.VictimLine, Helpline)
		c.checkShown(v, "outbound.offenderLine", o.OffenderLine, RingBack)
	}
	v.within("outbound.ringAgentFor", o.RingAgentFor, 2*time.Second, time.Minute)
	v.within("outbound.dialFor", o.DialFor, 25*time.Second, 2*time.Minute)
	v.need("outbound.dialFor", o.DialFor <= o.Ladder.Limits.Ring, "want at most outbound.ladder.limits.ring: a phone must not ring past her window")
	v.within("outbound.unreached", o.Unreached, 0, 10*time.Minute)
	v.within("outbound.every", o.Every, 50*time.Millisecond, 10*time.Second)
	v.between("outbound.reserve.women", int64(o.Reserve.Women), 0, 1000)
	v.between("outbound.reserve.crisis", int64(o.Reserve.Crisis), 0, 1000)
	v.between("outbound.reserve.officers", int64(o.Reserve.Officers), 0, 1000)
	v.between("outbound.reserve.resume", int64(o.Reserve.Resume), 0, 1000)
	v.need("outbound.otherLanguage.code", o.OtherLanguage.Code == "" || language.MatchString(o.OtherLanguage.Code), "want a language code such as hi, or nothing")
	v.within("outbound.otherLanguage.after", o.OtherLanguage.After, 0, 30*24*time.Hour)
	for i, h := range o.Webhooks {
		path := fmt.Sprintf("outbound.webhooks[%d]", i)
		v.matches(path+".name", h.Name, word, wantWord)
		u, err := url.Parse(h.URL)
		v.need(path+".url", err == nil && u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http"), "want an https address without user and password")
		v.need(path+".secretFile", h.SecretFile != "", "want a key file: an unsigned delivery could be anybody's")
	}
	v.between("outbound.clock.speed", int64(o.Clock.Speed), 1, 1_000_000)
	v.need("outbound.clock.from", o.Clock.Speed == 1 || !o.Clock.From.IsZero(), "want the moment from which time runs faster")
	v.adopt("outbound.ladder", "", o.Ladder.Validate())
	seen := map[string]bool{}
	for i, k := range o.Kinds {
		path := fmt.Sprintf("outbound.kinds[%d]", i)
		v.matches(path+".name", k.Name, word, wantWord)
		v.need(path+".name", !seen[k.Name], "this name stands twice")
		seen[k.Name] = true
		if _, taken := c.Category(k.Name); taken {
			v.wrong(path+".name", "%q is a category of callers", k.Name)
		}
		v.within(path+".wrapUp", k.WrapUp, 0, 2*time.Hour)
		v.need(path+".open", !k.Open || k.WrapUp > 0, "an open wrap-up needs a wrapUp after which to warn")
	}
}

func (c Config) checkShown(v *verdict, path, did string, kind LineKind) {
	l, ok := c.Line(did)
	v.need(path, ok && l.Kind == kind, "want one of lines that is a "+string(kind)+" line: it is where who rings back arrives")
}

func systemReason(name string) bool {
	return name == agent.ReasonNoAnswer || name == agent.ReasonPhoneLost
}
