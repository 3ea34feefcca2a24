package config

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Queue are the settings of one category that a supervisor may change while the
// engines run. The rest of a category is the file's.
type Queue struct {
	HeadStart time.Duration // added to the time waited, when calls are put in order
	RingFor   time.Duration // how long an offer rings
	WrapUp    time.Duration // soft limit of after-call work
	Rings     []time.Duration
}

// Queues are those of all categories, by name.
type Queues map[string]Queue

// queueJSON is its form in the books: milliseconds.
type queueJSON struct {
	HeadStart int64   `json:"headStartMs"`
	RingFor   int64   `json:"ringForMs"`
	WrapUp    int64   `json:"wrapUpMs"`
	Rings     []int64 `json:"ringsMs"`
}

// MarshalJSON writes milliseconds.
func (q Queue) MarshalJSON() ([]byte, error) {
	out := queueJSON{q.HeadStart.Milliseconds(), q.RingFor.Milliseconds(), q.WrapUp.Milliseconds(), []int64{}}
	for _, after := range q.Rings {
		out.Rings = append(out.Rings, after.Milliseconds())
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads them.
func (q *Queue) UnmarshalJSON(text []byte) error {
	var in queueJSON
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	ms := func(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
	*q = Queue{HeadStart: ms(in.HeadStart), RingFor: ms(in.RingFor), WrapUp: ms(in.WrapUp)}
	for _, after := range in.Rings {
		q.Rings = append(q.Rings, ms(after))
	}
	return nil
}

// Queues are the settings as this configuration has them.
func (c Config) Queues() Queues {
	out := Queues{}
	for _, k := range c.Routing.Categories {
		q := Queue{HeadStart: k.HeadStart, RingFor: k.RingFor}
		for _, ring := range k.Rings {
			q.Rings = append(q.Rings, ring.After)
		}
		for _, own := range c.Categories {
			if own.Name == k.Name {
				q.WrapUp = own.WrapUp
			}
		}
		out[k.Name] = q
	}
	return out
}

// WithQueues is this configuration with other settings of its queues, checked as
// a file is. A category that it does not know is left out: the file may have
// dropped it since. One with another number of rings keeps those of the file.
func (c Config) WithQueues(q Queues) (Config, error) {
	c.Categories = slices.Clone(c.Categories)
	c.Routing.Categories = slices.Clone(c.Routing.Categories)
	for i := range c.Routing.Categories {
		k := &c.Routing.Categories[i]
		next, named := q[k.Name]
		if !named {
			continue
		}
		k.HeadStart, k.RingFor = next.HeadStart, next.RingFor
		if len(next.Rings) == len(k.Rings) {
			k.Rings = slices.Clone(k.Rings)
			for n := range k.Rings {
				k.Rings[n].After = next.Rings[n]
			}
		}
		for n := range c.Categories {
			if c.Categories[n].Name == k.Name {
				c.Categories[n].WrapUp = next.WrapUp
			}
		}
	}
	if err := c.Validate(); err != nil {
		return Config{}, fmt.Errorf("config: settings of queues: %w", err)
	}
	return c, nil
}
