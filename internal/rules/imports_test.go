package rules

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "powerline/"

// layer is what a package of ours may import: packages of ours, and libraries
// (a library is named by the beginning of its import path).
type layer struct {
	ours []string
	libs []string
}

// layers is the picture of docs/architecture.md as a table. A package that is
// missing here fails the test: whoever adds one decides where it stands.
var layers = map[string]layer{
	// The pure core.
	"agent":   {},
	"call":    {ours: []string{"agent"}},
	"cases":   {ours: []string{"agent"}},
	"routing": {ours: []string{"agent"}},
	"ivr":     {},
	"number":  {libs: []string{"github.com/nyaruka/phonenumbers"}},

	// What is private or known to everybody: types and lists.
	"person":   {},
	"district": {},

	// What the helpline is measured by.
	"figure": {},

	// What is made before a call comes.
	"prompts":         {libs: []string{"github.com/goccy/go-yaml", "golang.org/x/sync"}},
	"asterisk-config": {libs: []string{"github.com/google/renameio"}},
	"grafana":         {libs: []string{"github.com/grafana/grafana-foundation-sdk"}},

	// Adapters: one outside system each, and never one another.
	"queue":             {ours: []string{"agent", "call"}, libs: []string{"github.com/redis/go-redis"}},
	"internal/asterisk": {libs: []string{"github.com/CyCoreSystems/ari", "github.com/coder/websocket"}},
	"internal/postgres": {
		ours: []string{"agent", "cases", "figure", "internal/intake", "internal/roster", "number", "person", "recordings"},
		libs: []string{"github.com/jackc/pgx", "github.com/pressly/goose"},
	},
	"internal/journal": {},

	// Evidence: pure but for the two directories it lies in.
	"recordings/bucket": {ours: []string{"recordings"}, libs: []string{"github.com/minio/minio-go"}},
	"recordings":        {libs: []string{"filippo.io/age", "golang.org/x/sys/unix"}},

	// Between core and shell.
	"internal/roster": {ours: []string{"agent", "asterisk-config"}, libs: []string{"golang.org/x/crypto/argon2"}},
	"internal/intake": {ours: []string{"agent", "cases", "district", "number", "person"}},
	"internal/floor":  {ours: []string{"agent", "call", "queue", "routing"}},
	"internal/config": {
		ours: []string{"agent", "asterisk-config", "cases", "internal/roster", "ivr", "routing"},
		libs: []string{"github.com/goccy/go-yaml"},
	},
	"internal/check": {ours: []string{
		"agent", "asterisk-config", "call", "cases", "internal/asterisk", "internal/config", "internal/evidence", "internal/floor",
		"internal/postgres", "internal/roster", "ivr", "prompts", "queue", "recordings", "recordings/bucket",
	}},

	// The shell and its proof.
	"internal/api": {ours: []string{"agent", "cases", "district", "internal/intake", "internal/postgres", "internal/roster", "number", "person", "recordings"}},
	"internal/acd": {
		ours: []string{
			"agent", "asterisk-config", "call", "cases", "internal/asterisk", "internal/check", "internal/config", "internal/floor",
			"internal/journal", "internal/postgres", "internal/roster", "ivr", "number", "prompts", "queue", "recordings", "routing",
		},
		libs: []string{"github.com/prometheus/client_golang"},
	},
	"internal/dialer": {
		ours: []string{"agent", "call", "cases", "internal/acd", "internal/api", "internal/asterisk", "internal/config", "internal/evidence", "internal/postgres", "number", "recordings", "routing"},
		libs: []string{"github.com/prometheus/client_golang"},
	},
	"internal/console": {
		ours: []string{"agent", "internal/api", "internal/postgres", "internal/roster", "person"},
		libs: []string{
			"github.com/alexedwards/scs", "github.com/coreos/go-oidc", "github.com/pquerna/otp", "github.com/prometheus/client_golang",
			"golang.org/x/oauth2", "golang.org/x/time/rate",
		},
	},
	"internal/console/softphone": {ours: []string{"agent", "internal/acd", "internal/config", "internal/console"}},
	"internal/console/desk": {ours: []string{
		"agent", "call", "cases", "district", "internal/api", "internal/console", "internal/postgres", "person",
	}},
	"internal/console/supervisor": {ours: []string{
		"agent", "call", "cases", "figure", "internal/api", "internal/config", "internal/console", "internal/floor", "internal/postgres", "internal/roster", "routing",
	}},
	"internal/controlroom": {ours: []string{
		"agent", "call", "internal/acd", "internal/config", "internal/console", "internal/console/desk", "internal/console/softphone", "internal/console/supervisor", "internal/dialer", "internal/postgres",
	}},
	"internal/redressal": {ours: []string{"agent", "cases"}},
	"internal/day": {
		ours: []string{"agent", "call", "cases", "internal/floor", "internal/schedule", "routing", "staffing"},
		libs: []string{"github.com/goccy/go-yaml"},
	},
	"internal/schedule":      {},
	"internal/day/report":    {ours: []string{"internal/day", "routing"}, libs: []string{"github.com/go-analyze/charts"}},
	"staffing":               {},
	"recordings/certificate": {ours: []string{"recordings"}, libs: []string{"github.com/go-pdf/fpdf"}},
	"internal/evidence":      {ours: []string{"internal/config", "internal/postgres", "recordings", "recordings/bucket", "recordings/certificate"}},
	"internal/sealer": {
		ours: []string{"internal/config", "internal/evidence", "internal/postgres", "recordings"},
		libs: []string{"github.com/prometheus/client_golang", "golang.org/x/sys/unix"},
	},
	"internal/simulation": {ours: []string{"agent", "call", "internal/floor", "internal/schedule", "queue", "routing"}},

	// Machinery of tests and of the demo.
	"internal/stack":           {ours: []string{"asterisk-config"}},
	"internal/stack/stacktest": {ours: []string{"internal/stack"}},
	"queue/queuetest":          {ours: []string{"agent", "call", "queue"}},
	"test/phone":               {libs: []string{"github.com/emiago/sipgo", "github.com/icholy/digest", "golang.org/x/sys"}},
	"test/helpline": {
		ours: []string{
			"agent", "asterisk-config", "call", "cases", "internal/asterisk", "internal/config", "internal/intake", "internal/postgres",
			"internal/roster", "internal/stack", "number", "person", "prompts", "queue", "recordings", "test/phone",
		},
		libs: []string{"filippo.io/age", "golang.org/x/sync", "golang.org/x/sys/unix"},
	},
	"test/bench":        {libs: []string{"github.com/prometheus/procfs", "gonum.org/v1/plot"}},
	"test/bench/report": {ours: []string{"test/bench"}},
	"test/browser":      {ours: []string{"internal/stack"}, libs: []string{"github.com/chromedp"}},
	"test/desk":         {},
	"test/sipp":         {},
	"internal/rules":    {},
}

// commands may import anything of ours but tests' machinery, and cobra.
var commandLibs = []string{"github.com/schollz/progressbar", "github.com/spf13/cobra", "golang.org/x/sync", "golang.org/x/term"}

// forTests may be imported by tests, by each other, and by the demo, which is
// a helpline made of the tests' phones.
var forTests = []string{"internal/stack", "internal/stack/stacktest", "queue/queuetest", "test/phone", "test/helpline", "test/browser", "test/sipp", "test/bench", "test/bench/report", "cmd/operator/operatortest"}

// impure is what the pure core may not touch: it takes times and facts as
// arguments, and gives back values.
var impure = []string{"os", "os/exec", "io/ioutil", "net", "net/http", "database/sql", "syscall", "log", "math/rand", "math/rand/v2", "sync"}

type listed struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = root
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var all []listed
	for decoder := json.NewDecoder(out); ; {
		var p listed
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("read what go list prints: %v", err)
		}
		all = append(all, p)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("go list: %v", err)
	}
	return all
}

func TestImportsRunOneWay(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if command, ok := strings.CutPrefix(name, "cmd/"); ok {
			checkCommand(t, command, p.Imports)
			continue
		}
		may, known := layers[name]
		if !known {
			t.Errorf("%s has no place in the layers: decide what it may import, here and in docs/architecture.md", name)
			continue
		}
		for _, imported := range p.Imports {
			mine, ours := strings.CutPrefix(imported, module)
			switch {
			case ours && !slices.Contains(may.ours, mine):
				t.Errorf("%s may not import %s", name, mine)
			case !ours && isLibrary(imported) && !startsWithAny(imported, may.libs):
				t.Errorf("%s may not import the library %s", name, imported)
			}
		}
	}
}

func checkCommand(t *testing.T, command string, imports []string) {
	for _, imported := range imports {
		mine, ours := strings.CutPrefix(imported, module)
		switch {
		case ours && slices.Contains(forTests, mine) && command != "demo" && command != "operator/operatortest":
			t.Errorf("cmd/%s may not import %s, which is for tests", command, mine)
		case !ours && isLibrary(imported) && !startsWithAny(imported, commandLibs):
			t.Errorf("cmd/%s may not import the library %s", command, imported)
		}
	}
}

func TestOnlyTestsAndTheDemoImportWhatIsForTests(t *testing.T) {
	for name, may := range layers {
		for _, imported := range may.ours {
			if slices.Contains(forTests, imported) && !slices.Contains(forTests, name) {
				t.Errorf("the layers let %s import %s, which is for tests", name, imported)
			}
		}
	}
}

func TestAdaptersDoNotImportEachOther(t *testing.T) {
	adapters := []string{"queue", "internal/asterisk", "internal/postgres", "internal/journal"}
	for _, one := range adapters {
		for _, imported := range layers[one].ours {
			if slices.Contains(adapters, imported) {
				t.Errorf("the layers let the adapter %s import the adapter %s", one, imported)
			}
		}
	}
}

// TestEachOutsideLibraryHasOneImporter: what speaks with an outside system does
// so in one place, where it is limited in time, counted and masked.
func TestEachOutsideLibraryHasOneImporter(t *testing.T) {
	only := map[string][]string{
		"github.com/CyCoreSystems/ari":        {"internal/asterisk"},
		"github.com/coder/websocket":          {"internal/asterisk"},
		"github.com/redis/go-redis":           {"queue"},
		"github.com/jackc/pgx":                {"internal/postgres"},
		"github.com/prometheus/client_golang": {"internal/acd", "internal/console", "internal/dialer", "internal/sealer"},
		"filippo.io/age":                      {"recordings", "test/helpline"},
		"github.com/minio/minio-go":           {"recordings/bucket"},
		"github.com/spf13/cobra":              {"cmd"},
		"github.com/grafana":                  {"grafana"},
		"github.com/emiago/sipgo":             {"test/phone"},
		"github.com/alexedwards/scs":          {"internal/console"},
		"github.com/coreos/go-oidc":           {"internal/console"},
		"golang.org/x/oauth2":                 {"internal/console"},
		"github.com/pquerna/otp":              {"internal/console"},
	}
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		for _, imported := range p.Imports {
			for library, owners := range only {
				if startsWithAny(imported, []string{library}) && !startsWithAny(name, owners) {
					t.Errorf("%s imports %s, which belongs to %s alone", name, imported, strings.Join(owners, " and "))
				}
			}
		}
	}
}

func TestThePureCoreTouchesNothing(t *testing.T) {
	pure := []string{"agent", "call", "cases", "figure", "routing", "ivr", "number"}
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		for _, imported := range p.Imports {
			if slices.Contains(pure, name) && slices.Contains(impure, imported) {
				t.Errorf("%s is pure and imports %s", name, imported)
			}
		}
	}
}

func isLibrary(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return strings.Contains(first, ".")
}

func startsWithAny(path string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return path == p || strings.HasPrefix(path, p+"/") })
}
