package recordings

import "time"

// Keep is how long recordings are kept.
type Keep struct {
	NoCase time.Duration            // of no case, from their beginning
	Case   time.Duration            // of a case, from its closure
	Kinds  map[string]time.Duration // of no case, of one kind, from their beginning
}

// Kept is what retention must know of a recording.
type Kept struct {
	ID     ID
	Kind   string
	Begun  time.Time
	Case   string    // empty: of none
	Closed time.Time // when its case was closed; zero while it is open
	Held   bool      // a legal hold is on it or on its case
}

// Due is when a recording may go, and false if nothing says that it ever may:
// while its case is open, or somebody holds it. A case that is closed and opened
// again keeps its recordings as any open case does.
func (k Keep) Due(r Kept) (time.Time, bool) {
	switch {
	case r.Held, r.Case != "" && r.Closed.IsZero():
		return time.Time{}, false
	case r.Case != "":
		// A recording may be younger than the closure of its case.
		from := r.Closed
		if r.Begun.After(from) {
			from = r.Begun
		}
		return from.Add(k.Case), true
	}
	for kind, keep := range k.Kinds {
		if kind == r.Kind {
			return r.Begun.Add(keep), true
		}
	}
	return r.Begun.Add(k.NoCase), true
}

// Shortest is the shortest time that anything is kept: what is younger need not
// be looked at.
func (k Keep) Shortest() time.Duration {
	shortest := min(k.NoCase, k.Case)
	for _, keep := range k.Kinds {
		shortest = min(shortest, keep)
	}
	return shortest
}
