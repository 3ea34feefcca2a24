package evidence

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"powerline/recordings"
)

// Scope says which recordings are verified: one, those of some time, or all.
type Scope struct {
	ID       recordings.ID
	From, To time.Time // of the beginning: From ≤ t < To; zero = all
}

func (s Scope) has(id recordings.ID, begun time.Time) bool {
	if s.ID != "" {
		return id == s.ID
	}
	return (s.From.IsZero() || !begun.Before(s.From)) && (s.To.IsZero() || begun.Before(s.To))
}

// Finding is one thing that is wrong.
type Finding struct {
	Row       int64  `json:"row,omitempty"` // of the chain
	Recording string `json:"recording,omitempty"`
	Call      string `json:"call,omitempty"`
	Why       string `json:"why"`
	Detail    string `json:"detail"`
}

func (f Finding) String() string {
	what := f.Recording
	if what == "" {
		what = f.Call
	}
	if f.Row > 0 {
		return fmt.Sprintf("row %d of the chain, %s: %s: %s", f.Row, what, f.Why, f.Detail)
	}
	return fmt.Sprintf("%s: %s: %s", what, f.Why, f.Detail)
}

// Report is what a verification found. The first of Bad is the first in the
// chain's order; what was never sealed comes behind.
type Report struct {
	At        time.Time `json:"at"`
	From      time.Time `json:"from,omitzero"`
	To        time.Time `json:"to,omitzero"`
	Opened    bool      `json:"opened"` // the plain audio was compared, not only the sealed file
	Checked   int64     `json:"checked"`
	Removed   int64     `json:"removed"`  // whose time was over: only their rows were checked
	Shredded  int64     `json:"shredded"` // whose key was destroyed: only their sealed files were checked
	Gaps      int64     `json:"gaps"`
	Anchors   int64     `json:"anchors"` // signed heads that the chain agrees with
	ChainRows int64     `json:"chainRows"`
	ChainBad  string    `json:"chainBad,omitempty"`
	Bad       []Finding `json:"bad,omitempty"`
	BadCount  int64     `json:"badCount"`
}

// most is how many findings a report holds; the others are counted.
const most = 1000

func (r *Report) bad(f Finding) {
	if r.BadCount++; len(r.Bad) < most {
		r.Bad = append(r.Bad, f)
	}
}

// Good reports whether nothing is wrong.
func (r Report) Good() bool { return r.ChainBad == "" && r.BadCount == 0 }

// Verify walks the whole chain and looks at each recording of the scope: the
// sealed file against its digest; with an identity also the plain audio; its
// length against how long they talked; its row against the chain. An error
// means that it could not be done; what is wrong is in the report.
func (a *Archive) Verify(ctx context.Context, scope Scope, progress func(checked int64)) (Report, error) {
	r := Report{At: time.Now().UTC(), From: scope.From, To: scope.To, Opened: !a.Identities.None()}
	if err := a.walk(ctx, scope, &r, progress); err != nil {
		return r, err
	}
	if scope.ID != "" {
		if r.Checked+r.Removed == 0 && r.ChainBad == "" {
			r.bad(Finding{Recording: string(scope.ID), Why: recordings.FaultUnsealed, Detail: "the chain does not have it"})
		}
		return r, nil
	}
	return r, a.absent(ctx, scope, &r)
}

func (a *Archive) walk(ctx context.Context, scope Scope, r *Report, progress func(int64)) error {
	anchors, err := a.anchors()
	if err != nil {
		return err
	}
	end, head, err := a.DB.ChainHead(ctx)
	if err != nil {
		return err
	}
	var w recordings.Walk
	for w.Seq < end {
		page, err := a.DB.Links(ctx, w.Seq, int(min(end-w.Seq, 1000)))
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		for _, l := range page {
			broken := w.Take(l)
			if anchor, ok := anchors[l.Seq]; ok && broken == nil {
				broken = anchor.Holds(l)
				r.Anchors++
			}
			if broken != nil {
				r.ChainRows = w.Seq
				return r.chainBroken(broken)
			}
			if err := a.link(ctx, scope, l, r); err != nil {
				return err
			}
			if progress != nil && l.What == recordings.LinkSealed {
				progress(r.Checked)
			}
		}
	}
	r.ChainRows = w.Seq
	if broken := w.End(end, head); broken != nil {
		return r.chainBroken(broken)
	}
	for seq := range anchors {
		if seq > end {
			return r.chainBroken(&recordings.Broken{Seq: end + 1, Why: fmt.Sprintf("it is missing: an anchor knows of row %d", seq)})
		}
	}
	return nil
}

func (r *Report) chainBroken(err error) error {
	f := Finding{Why: "chain", Detail: err.Error()}
	var b *recordings.Broken
	if errors.As(err, &b) {
		f.Row, f.Recording = b.Seq, string(b.Recording)
	}
	r.ChainBad = err.Error()
	r.bad(f)
	return nil
}

func (a *Archive) anchors() (map[int64]recordings.Anchor, error) {
	if a.AnchorDir == "" {
		return nil, nil
	}
	all, err := recordings.ReadAnchors(a.AnchorDir)
	if err != nil {
		return nil, err
	}
	at := map[int64]recordings.Anchor{}
	for _, one := range all {
		at[one.Seq] = one
	}
	return at, nil
}

// link checks the recording that a sealed link is about.
func (a *Archive) link(ctx context.Context, scope Scope, l recordings.Link, r *Report) error {
	if l.What != recordings.LinkSealed {
		return nil
	}
	s, err := l.Sealed()
	if err != nil {
		r.bad(Finding{Row: l.Seq, Recording: string(l.Recording), Why: "chain", Detail: err.Error()})
		return nil
	}
	if !scope.has(l.Recording, s.Begun) {
		return nil
	}
	wrong := func(why, detail string) {
		r.bad(Finding{Row: l.Seq, Recording: string(l.Recording), Call: s.Call, Why: why, Detail: detail})
	}
	state, err := a.State(ctx, l.Recording)
	if err != nil {
		return err
	}
	r.Gaps += int64(len(state.Gaps))
	if err := a.row(ctx, state, wrong); err != nil {
		return err
	}
	length(state, wrong)
	if state.Removed != nil {
		r.Removed++
		return nil
	}
	r.Checked++
	var fault *recordings.Fault
	switch err := a.audio(ctx, state, r); {
	case errors.As(err, &fault):
		wrong(fault.Why, fault.Detail)
	case err != nil:
		return err
	}
	return nil
}

// audio checks the sealed file, and what is in it if that can be opened.
func (a *Archive) audio(ctx context.Context, s State, r *Report) error {
	id := s.Link.Recording
	if a.Identities.None() {
		return recordings.Check(ctx, a.Store, id, s.Sealed.Content, s.Sealed.Object, nil)
	}
	key, err := a.key(ctx, s)
	switch {
	case errors.Is(err, recordings.ErrShredded):
		r.Shredded++
		if s.Shredded == nil {
			return &recordings.Fault{Recording: id, Why: recordings.FaultOpened, Detail: "its key was destroyed, and the chain does not say why"}
		}
		return recordings.Check(ctx, a.Store, id, s.Sealed.Content, s.Sealed.Object, nil)
	case errors.Is(err, recordings.ErrWrongKey):
		return &recordings.Fault{Recording: id, Why: recordings.FaultOpened, Detail: "none of the identities opens its key"}
	case err != nil:
		return err
	}
	return recordings.Check(ctx, a.Store, id, s.Sealed.Content, s.Sealed.Object, &key)
}

// row compares the row of the beginning with what the chain says.
func (a *Archive) row(ctx context.Context, s State, wrong func(why, detail string)) error {
	if s.Sealed.Found {
		return nil
	}
	f, err := a.DB.Recording(ctx, s.Link.Recording)
	if err != nil {
		wrong(recordings.FaultRow, "its row is gone")
		return nil
	}
	c := s.Sealed
	if f.Call != c.Call || f.Offer != c.Offer || f.What != c.Kind || f.Agent != c.Agent || f.Host != c.Host || !f.Begun.Equal(c.Begun.Truncate(time.Microsecond)) {
		wrong(recordings.FaultRow, "its row is not what the chain says")
	}
	if f.End != nil && !c.Ended.IsZero() && (f.End.Bridged.Milliseconds() != c.BridgedMS || f.End.Unseen != c.Unseen) {
		wrong(recordings.FaultRow, "the row of its end is not what the chain says")
	}
	return nil
}

// length compares with how long they talked; a gap explains what is missing.
func length(s State, wrong func(why, detail string)) {
	talked := time.Duration(s.Sealed.BridgedMS) * time.Millisecond
	long := recordings.Length(s.Sealed.Samples)
	explained := slices.ContainsFunc(s.Gaps, func(g recordings.Gap) bool { return !g.OnPurpose() })
	if s.Sealed.Missing() > 0 && !explained {
		wrong(recordings.FaultLength, fmt.Sprintf("it is %v long, they talked %v, and no gap says why", long, talked))
	}
	if s.Sealed.Longer() > 0 {
		wrong(recordings.FaultLength, fmt.Sprintf("it is %v long, and they talked %v", long, talked))
	}
}

// absent looks for what ought to be there: recordings that were begun and are
// not sealed, and conversations of which nothing was begun.
func (a *Archive) absent(ctx context.Context, scope Scope, r *Report) error {
	before := time.Now().Add(-2*a.SealWithin - time.Minute)
	unsealed, err := a.DB.Unsealed(ctx, scope.From, scope.To, before)
	if err != nil {
		return err
	}
	for _, f := range unsealed {
		r.bad(Finding{Recording: string(f.ID), Call: f.Call, Why: recordings.FaultUnsealed, Detail: "it was begun, is not sealed, and no gap says why"})
	}
	calls, err := a.DB.Unrecorded(ctx, scope.From, scope.To)
	if err != nil {
		return err
	}
	for _, id := range calls {
		r.bad(Finding{Call: id, Why: recordings.FaultNoRow, Detail: "they talked, nothing was recorded, and no gap says why"})
	}
	return nil
}
