package queue

import (
	"encoding/json"
	"fmt"
	"strconv"

	"powerline/agent"
	"powerline/call"
)

// stamped is the change as it will be stored: versions raised, calls signed by
// their owner. A document that is named twice is a bug of the caller.
func stamped(owner Owner, change Change) (Change, error) {
	out := Change{Calls: make([]CallWrite, len(change.Calls)), Agents: make([]AgentWrite, len(change.Agents))}
	seen := make(map[string]bool, len(change.Calls)+len(change.Agents))
	claim := func(kind, id string) error {
		if id == "" || seen[kind+id] {
			return fmt.Errorf("commit: %s %q is nameless or named twice in one change", kind, id)
		}
		seen[kind+id] = true
		return nil
	}
	for i, w := range change.Calls {
		if err := claim("call", w.Call.ID); err != nil {
			return Change{}, err
		}
		w.Call.Version, w.Call.Owner, w.Call.Term = w.From+1, owner.Name, owner.Term
		w.Call.Queued = w.Call.Queued.UTC() // one moment has one spelling: the script compares text
		out.Calls[i] = w
	}
	for i, w := range change.Agents {
		if err := claim("agent", string(w.Agent.Profile.ID)); err != nil {
			return Change{}, err
		}
		w.Agent.Version = w.From + 1
		out.Agents[i] = w
	}
	return out, nil
}

// documents are the values of a change.
func (c Change) documents() Documents {
	d := Documents{Calls: make([]call.Call, len(c.Calls)), Agents: make([]agent.Agent, len(c.Agents))}
	for i, w := range c.Calls {
		d.Calls[i] = w.Call
	}
	for i, w := range c.Agents {
		d.Agents[i] = w.Agent
	}
	return d
}

// encode is one document as it is stored.
func encode(op string, document any) (string, error) {
	raw, err := json.Marshal(document)
	if err != nil {
		return "", fmt.Errorf("%s: encode a document: %w", op, err)
	}
	return string(raw), nil
}

// decodeAll reads raw documents of calls and then agents. What is absent or
// cannot be read is left out of the result and reported by its index.
func decodeAll(raws []string, calls int) (d Documents, absent []int) {
	for i, raw := range raws {
		var c call.Call
		var a agent.Agent
		switch {
		case i < calls && json.Unmarshal([]byte(raw), &c) == nil:
			d.Calls = append(d.Calls, c)
		case i >= calls && json.Unmarshal([]byte(raw), &a) == nil:
			d.Agents = append(d.Agents, a)
		default:
			absent = append(absent, i)
		}
	}
	return d, absent
}

// lawError reads {'law', law, rule, call, agent}.
func lawError(words reply) error {
	if len(words) < 5 {
		return fmt.Errorf("%w: a refusal of %d words", ErrUnavailable, len(words))
	}
	law, err := strconv.Atoi(words[1])
	if err != nil {
		return fmt.Errorf("%w: law %q", ErrUnavailable, words[1])
	}
	return &LawError{Law: law, Rule: Rule(words[2]), Call: words[3], Agent: agent.ID(words[4])}
}
