package desk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"powerline/agent"
	"powerline/internal/postgres"
	"powerline/person"
)

// Writer brings records to safety: nil means in PostgreSQL or fsynced in the journal.
type Writer interface {
	Write(ctx context.Context, records ...postgres.Record) error
}

// Shelf is where drafts and dispositions lie.
type Shelf interface {
	Drafts(ctx context.Context, id agent.ID, since time.Time) ([]postgres.Draft, error)
	Dispositions(ctx context.Context, id agent.ID, since time.Time) ([]postgres.Said, error)
}

// Errors of a Book.
var (
	// ErrFinished: the draft is done with, so that nothing is written into it any more.
	ErrFinished = errors.New("desk: this draft is done with")
	// ErrNotKept: neither PostgreSQL nor the journal has taken it. It is held in
	// memory; the page keeps it too, and sends it again.
	ErrNotKept = errors.New("desk: the draft is not safe yet: send it again")
	// ErrTooMany: she has more unfinished drafts than anybody looks through.
	ErrTooMany = errors.New("desk: too many unfinished drafts")
)

// remembered is how long what is done with stays in mind: longer than a shift.
const remembered = 12 * time.Hour

// mostOpen is how many unfinished drafts one agent may have.
const mostOpen = 40

// Book holds what agents write down in calls. The newest of each draft is in
// memory, sealed, so that a page can be loaded anew while PostgreSQL is away.
type Book struct {
	key    []byte
	writer Writer
	shelf  Shelf
	log    *slog.Logger
	tell   func(agent.ID)

	mu    sync.Mutex
	pages map[agent.ID]map[string]page // by call: every look of an open desk asks for hers
	said  map[slot]postgres.Said
}

// slot is whose draft of which call it is.
type slot struct {
	call  string
	agent agent.ID
}

func (s slot) String() string { return s.call + " " + string(s.agent) }

// page is the newest draft of a slot. A nil Form is one that is done with.
type page struct {
	postgres.Draft
	tab   string
	waits bool // she wants it registered
}

// NewBook makes an empty book. Tell is called with the agent whose drafts have
// changed; it must not block.
func NewBook(key []byte, w Writer, s Shelf, log *slog.Logger, tell func(agent.ID)) *Book {
	return &Book{key: key, writer: w, shelf: s, log: log, tell: tell, pages: map[agent.ID]map[string]page{}, said: map[slot]postgres.Said{}}
}

// Recover takes in drafts that wait in the journal of an earlier process.
func (b *Book) Recover(drafts ...postgres.Draft) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, d := range drafts {
		b.learn(d)
	}
}

// learn takes in a draft unless a newer one is known.
func (b *Book) learn(d postgres.Draft) {
	if b.pages[d.Agent][d.Call].Version < d.Version {
		s := slot{d.Call, d.Agent}
		p := page{Draft: d}
		if d.Form != nil {
			f, err := b.read(s, p)
			p.waits = err == nil && f.yes(registers)
		}
		b.set(s, p)
	}
}

func (b *Book) page(s slot) (page, bool) {
	p, known := b.pages[s.agent][s.call]
	return p, known
}

func (b *Book) set(s slot, p page) {
	if b.pages[s.agent] == nil {
		b.pages[s.agent] = map[string]page{}
	}
	b.pages[s.agent][s.call] = p
}

// Refresh takes in what PostgreSQL has of an agent: another engine may have been
// told more. An error means that it is away, and what is in memory stands.
func (b *Book) Refresh(ctx context.Context, id agent.ID) error {
	since := time.Now().Add(-remembered)
	drafts, err := b.shelf.Drafts(ctx, id, since)
	if err != nil {
		return fmt.Errorf("desk: read drafts: %w", err)
	}
	said, err := b.shelf.Dispositions(ctx, id, since)
	if err != nil {
		return fmt.Errorf("desk: read dispositions: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forget(since)
	for _, d := range drafts {
		b.learn(d)
	}
	for _, one := range said {
		b.said[slot{one.Call, one.Agent}] = one
	}
	return nil
}

// forget drops what was done with long ago.
func (b *Book) forget(before time.Time) {
	for _, hers := range b.pages {
		for call, p := range hers {
			if p.Form == nil && p.At.Before(before) {
				delete(hers, call)
			}
		}
	}
	for s, one := range b.said {
		if one.At.Before(before) {
			delete(b.said, s)
		}
	}
}

// Entry is what a page sends to be kept.
type Entry struct {
	Tab  string `json:"tab"`
	Base int64  `json:"base"` // the version that it was written on
	Form Form   `json:"form"`
	// Touched are the fields that were changed since Base: if another page has
	// written meanwhile, these replace the others' and the rest stays.
	Touched []string `json:"touched"`
}

// Kept is what a page is told of it.
type Kept struct {
	Version int64 `json:"version"`
	// Form is there if it is not what the page has sent: another one wrote too.
	Form Form `json:"form,omitempty"`
}

// Keep brings an entry to safety. With any error but ErrNotKept nothing was done.
func (b *Book) Keep(ctx context.Context, id agent.ID, callID string, e Entry) (Kept, error) {
	if err := e.Form.check(); err != nil {
		return Kept{}, err
	}
	d, kept, err := b.put(slot{callID, id}, e)
	if err != nil {
		return Kept{}, err
	}
	b.tell(id)
	if err := b.writer.Write(ctx, d); err != nil {
		b.log.Warn("draft is held in memory alone", "agent", id, "call", callID, "error", err)
		return kept, ErrNotKept
	}
	return kept, nil
}

// put makes the entry the newest of its slot.
func (b *Book) put(s slot, e Entry) (postgres.Draft, Kept, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old, known := b.page(s)
	switch {
	case known && old.Form == nil:
		return postgres.Draft{}, Kept{}, ErrFinished
	case !known && b.open(s.agent) >= mostOpen:
		return postgres.Draft{}, Kept{}, ErrTooMany
	}
	form, merged := e.Form, false
	if known && old.Version > e.Base && old.tab != e.Tab {
		before, err := b.read(s, old)
		if err != nil {
			return postgres.Draft{}, Kept{}, err
		}
		form, merged = before.merge(e.Form, e.Touched), true
	}
	d, err := b.seal(s, form, max(old.Version, e.Base)+1)
	if err != nil {
		return postgres.Draft{}, Kept{}, err
	}
	b.set(s, page{Draft: d, tab: e.Tab, waits: form.yes(registers)})
	kept := Kept{Version: d.Version}
	if merged {
		kept.Form = form
	}
	return d, kept, nil
}

func (b *Book) seal(s slot, f Form, version int64) (postgres.Draft, error) {
	text, err := person.NewForm(f.text())
	if err != nil {
		return postgres.Draft{}, ErrForm
	}
	sealed, err := text.Seal(b.key, s.String())
	if err != nil {
		return postgres.Draft{}, fmt.Errorf("desk: seal draft: %w", err)
	}
	return postgres.Draft{Call: s.call, Agent: s.agent, Version: version, At: time.Now().UTC(), Form: sealed}, nil
}

// read opens a draft for who writes it.
func (b *Book) read(s slot, p page) (Form, error) {
	text, err := person.OpenForm(b.key, p.Form, s.String())
	if err != nil {
		return nil, fmt.Errorf("desk: open draft: %w", err)
	}
	return parseForm(text.Show())
}

func (b *Book) open(id agent.ID) (n int) {
	for _, p := range b.pages[id] {
		if p.Form != nil {
			n++
		}
	}
	return n
}

// Draft is what an agent has written in a call, with its version; empty and 0 when
// nothing. ErrFinished when it is done with.
func (b *Book) Draft(id agent.ID, callID string) (Form, int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := slot{callID, id}
	p, known := b.page(s)
	switch {
	case !known:
		return Form{}, 0, nil
	case p.Form == nil:
		return nil, p.Version, ErrFinished
	}
	f, err := b.read(s, p)
	return f, p.Version, err
}

// Want keeps in a draft whether it is to be registered, with all that she has
// written, so that the wish outlives page, engine and PostgreSQL's absence.
func (b *Book) Want(ctx context.Context, id agent.ID, callID string, f Form, wanted bool) error {
	f = maps.Clone(f)
	delete(f, registers)
	if wanted {
		f[registers] = "yes"
	}
	_, version, err := b.Draft(id, callID)
	if err != nil {
		return err
	}
	_, err = b.Keep(ctx, id, callID, Entry{Base: version, Form: f, Touched: slices.Collect(maps.Keys(fields))})
	return err
}

// Wanted are the calls of an agent whose drafts she wants registered.
func (b *Book) Wanted(id agent.ID) (calls []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for call, p := range b.pages[id] {
		if p.Form != nil && p.waits {
			calls = append(calls, call)
		}
	}
	return calls
}

// Finish ends a draft: its words are gone, in PostgreSQL too. What she said that
// the call was stays.
func (b *Book) Finish(ctx context.Context, said postgres.Said) error {
	s := slot{said.Call, said.Agent}
	b.mu.Lock()
	before, known := b.page(s)
	d := postgres.Draft{Call: s.call, Agent: s.agent, Version: before.Version + 1, At: time.Now().UTC()}
	b.set(s, page{Draft: d}) // at once: nothing may be written behind the end
	b.mu.Unlock()
	err := b.writer.Write(ctx, said.Disposition, d)
	b.mu.Lock()
	switch {
	case err == nil:
		b.said[s] = said
	case known:
		b.set(s, before)
	default:
		delete(b.pages[s.agent], s.call)
	}
	b.mu.Unlock()
	b.tell(s.agent)
	if err != nil {
		b.log.Warn("call is not closed: what it was could not be written down", "agent", s.agent, "call", s.call, "error", err)
		return ErrNotKept
	}
	return nil
}

// Said is what an agent said that a call was.
func (b *Book) Said(id agent.ID, callID string) (postgres.Said, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	said, ok := b.said[slot{callID, id}]
	return said, ok
}

// Slips are the drafts that an agent has not finished, that of the call first and
// then the newest first.
func (b *Book) Slips(id agent.ID, callID string) []Slip {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := []Slip{}
	for call, p := range b.pages[id] {
		if p.Form != nil {
			all = append(all, Slip{Call: call, Version: p.Version, At: p.At, Tab: p.tab, Waits: p.waits})
		}
	}
	slices.SortFunc(all, func(x, y Slip) int {
		switch {
		case x.Call == callID:
			return -1
		case y.Call == callID:
			return 1
		}
		return y.At.Compare(x.At)
	})
	return all
}
