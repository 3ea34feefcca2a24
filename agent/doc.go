// Package agent is the pure model of a person at a seat: what she chose (her
// status), what the system sees (her state), who she is (her profile), and the
// one law that is about people: who may speak with whom.
//
// # Model
//
// Status belongs to her: logged out, available, not ready with a reason. State
// belongs to us: idle, reserved, talking, wrap-up, recovery. The two move
// apart on purpose: a pause during an offer changes the status at once and
// leaves the state alone, so the offer ends as it would have and no further
// call comes.
//
//	idle ──reserve──▶ reserved ──connect──▶ talking ──finish──▶ wrap-up ──▶ idle
//	  ▲                  │                                        │  ▲
//	  └────release───────┘                                recovery ◀──┘
//
// # Invariants
//
//   - Call is set exactly in reserved and talking; one agent has one call (law 2).
//   - Leg outlives the call until the channel is known to be gone. Until then she
//     gets no other call, so that her phone never holds two dialogs.
//   - Every state that ends by time carries an Epoch; a timer of another epoch
//     is ignored, so a late timer cannot free somebody for the wrong reason.
//   - Step reads no clock and does no I/O. Times come in with the events.
//
// # Failure handling
//
// An agent is stored as one value with a version. Whoever changes her writes
// the value it computed together with the version it started from; a version
// that moved means: read again, step again.
package agent
