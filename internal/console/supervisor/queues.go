package supervisor

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"powerline/internal/config"
	"powerline/internal/console"
	"powerline/internal/postgres"
	"powerline/routing"
)

// queueRow is a category with its settings.
type queueRow struct {
	Name string
	config.Queue
	// Skills are what each ring asks for, to be read beside its time.
	Skills []string
}

// changeOfQueues is a change as it is listed.
type changeOfQueues struct {
	postgres.QueueChange
	Differences []queueDifference
}

type queueDifference struct {
	Category, Setting string
	Before, After     string
}

type queuesPage struct {
	shown
	Queues  []queueRow
	Version int64
	Changes []changeOfQueues
	Wrong   string
	Why     string
}

func (r *room) queues(q *console.Request) error {
	return r.showQueues(q, r.Config().Queues(), "", "")
}

func (r *room) showQueues(q *console.Request, as config.Queues, why, wrong string) error {
	changes, err := r.Store.QueueChanges(q.Context(), 20)
	if err != nil {
		return err
	}
	page := queuesPage{shown: shown{q}, Why: why, Wrong: wrong}
	c := r.Config()
	for _, k := range c.Routing.Categories {
		row := queueRow{Name: k.Name, Queue: as[k.Name]}
		for _, ring := range k.Rings {
			row.Skills = append(row.Skills, ringWords(ring))
		}
		page.Queues = append(page.Queues, row)
	}
	for i, change := range changes {
		row := changeOfQueues{QueueChange: change}
		after := readQueues(change.Settings)
		if i+1 < len(changes) {
			row.Differences = queueDifferences(readQueues(changes[i+1].Settings), after)
		}
		page.Changes = append(page.Changes, row)
	}
	if len(changes) > 0 {
		page.Version = changes[0].Version
	}
	return q.Render("queues.html", page)
}

// ringWords says what a ring asks of an agent.
func ringWords(ring routing.Ring) string {
	var all []string
	for _, s := range ring.Skills {
		all = append(all, string(s))
	}
	for _, s := range ring.Without {
		all = append(all, "−"+string(s))
	}
	if ring.Language != "" && ring.Language != "any" {
		all = append(all, "("+ring.Language+")")
	}
	return strings.Join(all, " ")
}

func readQueues(settings []byte) config.Queues {
	var out config.Queues
	if json.Unmarshal(settings, &out) != nil {
		return config.Queues{}
	}
	return out
}

func queueDifferences(before, after config.Queues) (all []queueDifference) {
	for _, name := range slices.Sorted(maps.Keys(after)) {
		b, a := before[name], after[name]
		add := func(setting string, x, y time.Duration) {
			if x != y {
				all = append(all, queueDifference{name, setting, x.String(), y.String()})
			}
		}
		add("head-start", b.HeadStart, a.HeadStart)
		add("ring-for", b.RingFor, a.RingFor)
		add("wrap-up", b.WrapUp, a.WrapUp)
		for i := range min(len(b.Rings), len(a.Rings)) {
			add("ring-"+strconv.Itoa(i+1), b.Rings[i], a.Rings[i])
		}
	}
	return all
}

// queuesChange puts other settings in force: checked here as a file is, and again
// by each engine before it takes them.
func (r *room) queuesChange(q *console.Request) error {
	b, err := because(q)
	if err != nil {
		return err
	}
	c := r.Config()
	next := c.Queues()
	for name, one := range next {
		if err := readQueue(q, name, &one); err != nil {
			return r.showQueues(q, next, b.Why, q.T("super.queue-seconds", name))
		}
		next[name] = one
	}
	return r.putQueues(q, next, b)
}

// readQueue reads one category's fields of the form: seconds.
func readQueue(q *console.Request, name string, into *config.Queue) error {
	read := func(field string, into *time.Duration) error {
		text := q.PostForm.Get(name + "." + field)
		seconds, err := strconv.ParseFloat(text, 64)
		if err != nil || seconds < 0 || seconds > 86400 {
			return console.ErrBadInput
		}
		*into = time.Duration(seconds * float64(time.Second)).Round(time.Millisecond)
		return nil
	}
	for i := range into.Rings {
		if err := read("ring"+strconv.Itoa(i), &into.Rings[i]); err != nil {
			return err
		}
	}
	return errors.Join(read("headStart", &into.HeadStart), read("ringFor", &into.RingFor), read("wrapUp", &into.WrapUp))
}

func (r *room) putQueues(q *console.Request, next config.Queues, b postgres.Because) error {
	since, err := countOf(q.PostForm.Get("version"))
	if err != nil {
		return err
	}
	if _, err := r.Config().WithQueues(next); err != nil {
		return r.showQueues(q, next, b.Why, err.Error())
	}
	settings, err := json.Marshal(next)
	if err != nil {
		return err
	}
	if since == 0 {
		if since, err = r.keepFile(q); err != nil {
			return err
		}
	}
	switch err := r.Store.ChangeQueues(q.Context(), since, settings, b); {
	case errors.Is(err, postgres.ErrQueuesChanged):
		return r.showQueues(q, next, b.Why, q.T("super.changed-meanwhile"))
	case err != nil:
		return err
	}
	return q.SeeOther("/queues")
}

// keepFile writes what the configuration says as the first version, so that the
// first change can be undone as any other.
func (r *room) keepFile(q *console.Request) (int64, error) {
	settings, err := json.Marshal(r.Config().Queues())
	if err != nil {
		return 0, err
	}
	err = r.Store.ChangeQueues(q.Context(), 0, settings, postgres.Because{By: "configuration", At: q.Now})
	if errors.Is(err, postgres.ErrQueuesChanged) {
		return 0, nil // somebody was faster: the change itself will say so
	}
	return 1, err
}

// queuesUndo puts the settings in force that were before a version.
func (r *room) queuesUndo(q *console.Request) error {
	version, err := countOf(q.PathValue("version"))
	if err != nil {
		return err
	}
	b, err := because(q)
	if err != nil {
		return err
	}
	changes, err := r.Store.QueueChanges(q.Context(), 1000)
	if err != nil {
		return err
	}
	for i, change := range changes {
		if change.Version != version {
			continue
		}
		if i+1 >= len(changes) {
			break // the first is the file's
		}
		b.Undoes = version
		return r.putQueues(q, readQueues(changes[i+1].Settings), b)
	}
	return console.Refuse(http.StatusConflict, "cannot-undo")
}
