package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	asteriskconfig "powerline/asterisk-config"
	"powerline/internal/asterisk"
	"powerline/internal/config"
)

// oldest Asterisk with StasisBroadcast, on which the way around a hung engine
// rests, and with the repairs of several crashes by malformed packets.
var oldest = [3]int{22, 10, 1}

// rest looks at Asterisk through ARI: does it answer, is it new enough, is
// everything loaded that the rendered files load.
func rest(ctx context.Context, c config.Config) []Finding {
	n := notes{subject: "asterisk"}
	password, err := config.Secret(c.Asterisk.ARI.PasswordFile)
	if err != nil {
		n.add(Fail, "not asked: its ARI password cannot be read")
		return n.list
	}
	get := func(path string, into any) error { return ask(ctx, c.Asterisk.ARI, password, path, into) }
	var info struct {
		System struct {
			Version string `json:"version"`
		} `json:"system"`
	}
	if err := get("/asterisk/info?only=system", &info); err != nil {
		n.add(Fail, err.Error())
		return n.list
	}
	switch version, ok := parseVersion(info.System.Version); {
	case !ok:
		n.add(Warn, fmt.Sprintf("answers, with a version that is not understood: %q", info.System.Version))
	case slices.Compare(version[:], oldest[:]) < 0:
		n.add(Fail, fmt.Sprintf("version %s: want %d.%d.%d or later", info.System.Version, oldest[0], oldest[1], oldest[2]))
	case version[0] != oldest[0]:
		n.add(Warn, fmt.Sprintf("version %s: this program is tested with %d", info.System.Version, oldest[0]))
	default:
		n.add(OK, "version "+info.System.Version+" answers on ARI")
	}
	browserPhones(&n, c.Asterisk.BrowserPhones, info.System.Version)
	var loaded []struct {
		Name   string `json:"name"`
		Status string `json:"status"`
	}
	if err := get("/asterisk/modules", &loaded); err != nil {
		n.add(Fail, err.Error())
		return n.list
	}
	running := map[string]bool{}
	for _, m := range loaded {
		running[m.Name] = m.Status == "Running"
	}
	var missing []string
	wanted, err := wantedModules(c)
	if err != nil {
		n.add(Fail, "the configuration cannot be rendered for it: "+err.Error())
		return n.list
	}
	for _, name := range wanted {
		if !running[name] {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		n.add(Fail, "modules that do not run: "+strings.Join(missing, ", ")+": install them, or render its configuration again")
	} else {
		n.add(OK, fmt.Sprintf("all %d modules run", len(wanted)))
	}
	return n.list
}

// firstForBrowsers are the first Asterisk of each line without the lock inversion
// between RTP and ICE (asterisk#1946), which stops every call for good.
var firstForBrowsers = map[int][3]int{22: {22, 11}, 23: {23, 5}}

// CarriesBrowsers reports whether an Asterisk of this version may be used with
// browsers as telephones.
func CarriesBrowsers(version string) bool {
	v, ok := parseVersion(version)
	if first, known := firstForBrowsers[v[0]]; known {
		return slices.Compare(v[:], first[:]) >= 0
	}
	return ok && v[0] > 23
}

func browserPhones(n *notes, b config.BrowserPhones, version string) {
	switch {
	case !b.Allowed:
	case CarriesBrowsers(version):
		n.add(OK, "browsers may be telephones")
	case b.OlderAsterisk:
		n.add(Warn, fmt.Sprintf("browsers may be telephones by asterisk.browserPhones.olderAsterisk, but version %s may hang with them and stop every call (asterisk#1946): install 22.11 or later", version))
	default:
		n.add(Fail, fmt.Sprintf("no browser becomes a telephone: version %s may hang with them and stop every call (asterisk#1946): install 22.11 or later, or set asterisk.browserPhones.allowed to false; docs/softphone.md says when asterisk.browserPhones.olderAsterisk is a risk worth taking", version))
	}
}

// wantedModules is what the rendered modules.conf loads, whoever is in the
// roster.
func wantedModules(c config.Config) ([]string, error) {
	files, err := asteriskconfig.Render(c.Exchange(nil, "not-rendered-anywhere", "not-rendered-anywhere"))
	if err != nil {
		return nil, err
	}
	var names []string
	for line := range strings.Lines(string(files["modules.conf"])) {
		key, value, _ := strings.Cut(line, "=")
		if key = strings.TrimSpace(key); key == "load" || key == "require" {
			names = append(names, strings.TrimSpace(strings.TrimPrefix(value, ">")))
		}
	}
	return names, nil
}

// ask reads one answer of ARI. The error names the address and never the password.
func ask(ctx context.Context, a config.ARI, password, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(a.URL, "/")+path, nil)
	if err != nil {
		return fmt.Errorf("ARI: the address %s is not understood", a.URL)
	}
	req.SetBasicAuth(a.Username, password)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ARI at %s does not answer: %w", a.URL, errors.Unwrap(err))
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("ARI at %s refuses user %s: compare asterisk.ari with ari.conf", a.URL, a.Username)
	case http.StatusNotFound:
		return fmt.Errorf("ARI at %s is not there: res_ari is not loaded yet, or the path is wrong", a.URL)
	default:
		return fmt.Errorf("ARI at %s answers %s", a.URL, resp.Status)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 4<<20)).Decode(into); err != nil {
		return fmt.Errorf("ARI at %s gives an answer that is not understood", a.URL)
	}
	return nil
}

var versionForm = regexp.MustCompile(`^(?:certified/)?(\d+)\.(\d+)(?:\.(\d+))?`)

func parseVersion(text string) (v [3]int, ok bool) {
	m := versionForm.FindStringSubmatch(text)
	if m == nil {
		return v, false
	}
	for i := range v {
		v[i], _ = strconv.Atoi(m[i+1])
	}
	return v, true
}

// manager looks at AMI and the fallback queues behind it.
func manager(ctx context.Context, c config.Config) []Finding {
	n := notes{subject: "ami"}
	secret, err := config.Secret(c.Asterisk.AMI.PasswordFile)
	if err != nil {
		n.add(Fail, "not asked: its password cannot be read")
		return n.list
	}
	client := asterisk.New(asterisk.Options{
		BaseURL: c.Asterisk.ARI.URL, App: c.Instance.App() + "-check",
		AMIAddress: c.Asterisk.AMI.Address.String(), AMIUser: c.Asterisk.AMI.Username, AMISecret: secret,
	})
	queues, err := client.Queues(ctx)
	if err != nil {
		n.add(Fail, err.Error())
		return n.list
	}
	members := map[string]bool{}
	for _, q := range queues {
		for _, m := range q.Members {
			members[m.Interface] = true
		}
	}
	if len(queues) == 0 || len(members) == 0 {
		n.add(Warn, fmt.Sprintf("answers; %d fallback queues with %d agents: while no engine runs, nobody is rung; render its configuration from the roster", len(queues), len(members)))
		return n.list
	}
	n.add(OK, fmt.Sprintf("answers; %d fallback queues with %d agents", len(queues), len(members)))
	return n.list
}
