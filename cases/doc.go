// Package cases is the pure redressal ladder: whom to call next for a case,
// why, when, by whom, and what the outcome of the call makes of the case.
//
// # Model
//
// Three layers. A Case is where a complaint stands. A Task is one person to be
// called for one reason. An Attempt is one dial. Only conversations move a
// case; attempts can only use a task up. The diagram of docs/redressal.md is
// generated from the table in transition.go.
//
//	registered ─▶ counsel-due ─▶ counsel-feedback ─▶ ffr-due ─▶ ffr-feedback ─▶ station-open ─▶ station-feedback
//	                                    └── satisfied ──┴─▶ watch ─30 days─▶ final-feedback ─▶ closed
//	                     ▲                                                          │ negative
//	                     └──────────────────────────────────────────────────────────┘
//
// Overlays lie over any state: emergency, care of a suicidal person, minor,
// hold (she wants to withdraw), no contact with the offender, sealed, and
// waiting for a supervisor.
//
// # Duties of the shell
//
//  1. Read the case, make an Event with its version, Step, and store the new
//     case together with the effects in one commit that refuses when the stored
//     version has moved. Stale: read again, decide again. Twice: it is done.
//  2. Send TimeUp when a timer of the case is due and Expired when a task's
//     NotAfter has passed; late is no harm, early is ignored.
//  3. Ask Check before dialling, and again when the agent is reserved.
//  4. When a task is Shut while it rings, end the ring.
//
// # Invariants
//
//   - I1: no call to the offender or his contacts outside of counsel-due and
//     ffr-due, nor under hold, emergency, supervisor or her veto.
//   - I2: each stage that ends asks her exactly once.
//   - I3: the final feedback is due 30 days after the last feedback, never earlier.
//   - I4: resolved only by her positive final feedback.
//   - I5: an unanswered call is never an answer.
//   - I6: offenders by male officers, victims by women. I7: no verdict is taken
//     by somebody who counselled in the case.
//   - I9: every open case has exactly one next thing of the ladder: a task, a
//     timer, or a supervisor. Care, reminders and the report on a child run beside.
//   - I10: a task of an offender or contact holds nothing of victim or case.
//   - I11: events are idempotent, stale ones are told so.
//   - I12: times are in UTC, windows in Local.
//
// Step reads no clock and does no I/O.
package cases
