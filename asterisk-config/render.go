package asteriskconfig

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"text/template"

	"github.com/google/renameio/v2"
)

//go:embed templates
var templateFiles embed.FS

var templates = template.Must(template.New("").
	Funcs(template.FuncMap{"seconds": seconds}).
	Option("missingkey=error").
	ParseFS(templateFiles, "templates/*.conf"))

func seconds(ms int) string { return strconv.FormatFloat(float64(ms)/1000, 'f', -1, 64) }

// view is what the templates see: the settings, and what follows from them.
type view struct {
	Settings
	Modules []string
	Queues  []queue
}

type queue struct {
	Name                string
	Weight, RingSeconds int
	Members             []member
}

type member struct {
	Interface, ID string
	Penalty       int
}

// The names that the dialplan and the acd share.
func (view) VariableCall() string     { return VariableCall }
func (view) VariableArrived() string  { return VariableArrived }
func (view) VariableLine() string     { return VariableLine }
func (view) VariableQueue() string    { return VariableQueue }
func (view) VariableRank() string     { return VariableRank }
func (view) VariableAgain() string    { return VariableAgain }
func (view) VariableSpooled() string  { return VariableSpooled }
func (view) ContextHelpline() string  { return ContextHelpline }
func (view) ContextFallback() string  { return ContextFallback }
func (view) ContextEmergency() string { return ContextEmergency }
func (view) ContextRestore() string   { return "restore-members" }
func (view) ReadyFamily() string      { return readyFamily }

// AnyAddress tells that SIP listens on all addresses, so that media cannot be
// tied to one.
func (v view) AnyAddress() bool {
	address, err := netip.ParseAddr(v.SIPAddress)
	return err != nil || address.IsUnspecified()
}

// Render checks the settings and returns the content of each file by its name.
// The same settings give the same bytes.
func Render(s Settings) (map[string][]byte, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	v := view{Settings: s, Modules: modules(s), Queues: queues(s)}
	files := make(map[string][]byte)
	for _, t := range templates.Templates() {
		if filepath.Ext(t.Name()) != ".conf" {
			continue
		}
		var out bytes.Buffer
		if err := t.Execute(&out, v); err != nil {
			return nil, fmt.Errorf("render %s: %w", t.Name(), err)
		}
		files[t.Name()] = out.Bytes()
	}
	return files, nil
}

// queues lists the fallback queues in a fixed order with their members. A crisis
// goes first, whatever the weights say.
func queues(s Settings) []queue {
	crisis, others := categoriesOf(s, true), categoriesOf(s, false)
	crisis.Weight = max(crisis.Weight, others.Weight+1)
	all := []queue{{Name: OfficersQueue, Weight: 10, RingSeconds: 10}}
	index := map[string]int{OfficersQueue: 0}
	for _, c := range []Category{crisis, others} {
		for _, language := range s.Languages {
			name := QueueName(c.Crisis, language)
			index[name] = len(all)
			all = append(all, queue{Name: name, Weight: c.Weight, RingSeconds: c.RingSeconds})
		}
	}
	for _, a := range s.Agents {
		for _, m := range Memberships(s, a) {
			q := &all[index[m.Queue]]
			q.Members = append(q.Members, member{Interface: Interface(a.ID), ID: a.ID, Penalty: m.Penalty})
		}
	}
	for i := range all {
		slices.SortFunc(all[i].Members, func(a, b member) int {
			return cmp.Or(cmp.Compare(a.Penalty, b.Penalty), cmp.Compare(a.ID, b.ID))
		})
	}
	return all
}

// categoriesOf takes all categories of a queue together: the greatest weight and the
// longest ring, for whoever does not answer in time is paused by it.
func categoriesOf(s Settings, crisis bool) Category {
	all := Category{Crisis: crisis, RingSeconds: shortestRing}
	for _, c := range s.Categories {
		if c.Crisis == crisis {
			all.Weight, all.RingSeconds = max(all.Weight, c.Weight), max(all.RingSeconds, c.RingSeconds)
		}
	}
	return all
}

// Write puts the files into dir, each one whole or not at all, and readable by
// Asterisk's own user alone because they hold secrets.
func Write(ctx context.Context, dir string, files map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("write asterisk's files: %w", err)
	}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("write asterisk's files: stopped before %s: %w", name, err)
		}
		if err := renameio.WriteFile(filepath.Join(dir, name), files[name], 0o600); err != nil {
			return fmt.Errorf("write asterisk's files: %w", err)
		}
	}
	return nil
}
