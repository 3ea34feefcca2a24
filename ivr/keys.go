package ivr

import "time"

// Press is a key and when it was pressed. It travels from the greeting to the
// waiting so that two equal keys count as a pair across the two.
type Press struct {
	Key string    `json:"key,omitempty"`
	At  time.Time `json:"at,omitzero"`
}

// pressed tells whether the key repeats the last press within the time, and
// remembers the key. A pair uses both presses up: a third press begins anew.
func (p *Press) pressed(key string, now time.Time, within time.Duration) bool {
	pair := within > 0 && p.Key == key && now.Sub(p.At) <= within
	if pair {
		*p = Press{}
		return true
	}
	*p = Press{Key: key, At: now}
	return false
}

// starWaits is how long a star waits for the key that follows it.
const starWaits = 5 * time.Second

// reader puts keys together: a star waits for the key that follows it.
type reader struct{ star time.Time }

// read gives the whole key ("4", "*2"), or "" when a star began one. A star
// after a star begins again, so "**2" is "*2" and no key is ever stuck.
func (r *reader) read(key string, now time.Time) string {
	if key == "*" {
		r.star = now
		return ""
	}
	if !r.star.IsZero() && now.Sub(r.star) <= starWaits {
		key = "*" + key
	}
	r.star = time.Time{}
	return key
}
