package queue

import (
	"errors"
	"fmt"

	"powerline/agent"
	"powerline/call"
)

// The refusals that carry nothing.
var (
	// ErrFenced: a newer process of our own name exists. Stop acting at once.
	ErrFenced = errors.New("queue: a newer process has taken this name; stop acting and exit")
	// ErrWiped: the data set is not the one we knew, or has lost writes that were
	// acknowledged to us. Rebuild.
	ErrWiped = errors.New("queue: the data set is gone or has lost writes; rebuild it")
	// ErrUnavailable: Redis gave no answer, or refused for a reason of its own
	// (read-only replica, loading, disk full). Whether the write was applied is
	// unknown; repeating the very same call is safe and finds out.
	ErrUnavailable = errors.New("queue: redis gave no usable answer; repeat the same call")
)

// NotOwnerError: the call belongs to another process now, or has been forgotten.
// Whatever we wanted to do with it is not ours to do any more.
type NotOwnerError struct{ Call string }

func (e *NotOwnerError) Error() string {
	return fmt.Sprintf("queue: call %s belongs to another process; let go of it", e.Call)
}

// Conflict: some document moved on since it was read. Nothing was stored.
type Conflict struct {
	// Calls and Agents are the current documents of all that the change named,
	// so that the caller can step again without reading.
	Calls  []call.Call
	Agents []agent.Agent
	// Missing are agents that do not exist although the change started from a
	// version of them.
	Missing []agent.ID
}

func (e *Conflict) Error() string {
	return fmt.Sprintf("queue: %d calls and %d agents have moved on; step again from the current documents", len(e.Calls), len(e.Agents))
}

// Rule names the rule that a refused change would have broken.
type Rule string

// The rules, each with the law it belongs to; doc.go says them in full.
const (
	RuleForm         Rule = "form"           // 0: id, version, owner or term do not fit the write
	RuleEnded        Rule = "ended-is-final" // 0
	RulePlace        Rule = "place"          // 1: Queued never changes once set
	RuleFree         Rule = "free"           // 2: reserved only when free
	RuleWaited       Rule = "waited"         // 2: offered only from waiting, with a reservation
	RuleConnected    Rule = "connected"      // 2: talking only from the same offer
	RuleNamed        Rule = "named"          // 2: her document names the call
	RuleGuest        Rule = "guest"          // 2: guests are in talks, and are not the call's agent
	RuleStillNamed   Rule = "still-named"    // 2: she cannot leave a call that names her
	RuleStillHolding Rule = "still-holding"  // 2: a call cannot leave an agent it holds
	RulePool         Rule = "pool"           // 3
)

// LawError: the change would break a law. Nothing was stored. It is a bug in
// whoever made the change, or a sign that two histories met after a failover.
type LawError struct {
	Law   int
	Rule  Rule
	Call  string
	Agent agent.ID
}

func (e *LawError) Error() string {
	return fmt.Sprintf("queue: law %d (%s) forbids this change of call %q and agent %q; load and step again", e.Law, e.Rule, e.Call, e.Agent)
}
