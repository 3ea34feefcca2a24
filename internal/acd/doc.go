// Package acd is the shell around the pure core: it brings events from Asterisk
// to the calls, commits what call.Step decides, and then carries it out.
//
// # Picture
//
//	asterisk.Events ─▶ dispatch ─▶ mailbox of the call ─▶ Step ─▶ commit ─▶ act
//	                                     ▲                          │
//	        router ─▶ Matched ───────────┘      floor ◀─────────────┘
//	          ▲                                   │
//	          └───────────── changed ─────────────┘
//
// One goroutine a call (mailbox) is the only one that steps it and the only one
// that acts for it, so what is done for one call is done in order. Dialogues
// with a caller run beside it and answer with one event. The router looks at
// the floor, which mirrors the store, and proposes; the store disposes.
//
// # Guarantees, and where they are made
//
//   - Nothing is done for a call before its new state is committed (mailbox).
//   - A process that lost its term, its ARI name or its time (SIGSTOP) stops
//     acting before it does harm: the store refuses its commits, Asterisk its
//     claims, and the pulse its timers (pulse.go).
//   - Whatever was missed is found by looking: resync compares Asterisk, the
//     store and the floor after each gap and every few seconds (resync.go).
//     Each difference it mends is counted; the figure should be 0.
//   - A waiting caller whom no process cares for goes to the dialplan's own queue
//     within the dead man's time, and is fetched back from it when one does.
//
// # Failure handling
//
// Redis away: no claims, so that new callers go to the fallback; calls in hand
// go on; ends are acted on at once and committed later. Redis wiped: rebuilt from
// the floor, or from Asterisk's channels after a restart. PostgreSQL away:
// records go to the journal. Asterisk's socket away: everything waits for the
// next Connected and its snapshot.
package acd
