// Package call is the pure life of one call: values in, decisions out.
//
// # Model
//
//	             ┌────────────── no menu ──────────────┐
//	             │                                     ▼
//	arrived ─▶ greeting ──IVR done──▶ waiting ◀──offer failed── offered
//	             │                     │  ▲ ────────matched──────▶ │
//	             │                     │  └── agent's phone lost ─┐│ answered
//	             ▼                     ▼                          │▼
//	            ended ◀───────────── ended ◀─────────────────── talking
//
// Wrap-up is the agent's, not the call's (package agent). A dialogue with the
// caller (package ivr) is begun by one command and ends in one event, so the
// machine knows nothing of prompts and keys.
//
// While they talk, others may be in it: a supervisor who listens, whispers or
// barges in, a colleague whom the agent consults, 112. They are guests (guest.go),
// asked in and let go by orders (order.go). A guest may become the agent of the
// call; the call then stays in its bridge, with its recording.
//
// # Duties of the shell
//
//  1. One goroutine a call: read an event, Step, commit the new value together
//     with what the commands of kind Tell do to agents, and only then carry out
//     the other commands, in order. If the commit is refused, forget the step.
//  2. Commands may be carried out twice (after a crash); they are idempotent
//     because every leg, bridge and timer has an id that is minted here.
//  3. After any gap, look at Asterisk and feed Resumed with what is there. There
//     is no other recovery path.
//
// # Invariants
//
//   - Offer is set exactly in offered and talking, Guests at most in talking.
//   - Who leaves, leaves alone: a guest's end ends nobody's call, and an agent who
//     hangs up while a colleague talks with them leaves the caller to her.
//   - A leg is named by call and offer number, so a late answer to an earlier
//     offer is recognised, even from the same agent.
//   - Queued never changes once set: an offer that fails, a lost phone or a
//     restart costs the caller no place (law 1).
//   - Every conversation is recorded, from the bridge (of an outbound call: from the
//     answer) to its end, under an id that follows from call and offer, through
//     holds and takeovers. The end is told with how long it was; after a gap both may
//     be told again.
//   - Before the bridge the agent's profile is checked again against the pool
//     (law 3); who does not fit is sent away and the caller keeps waiting.
package call
