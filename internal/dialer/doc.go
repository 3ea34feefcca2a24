// Package dialer brings due tasks to agents: it asks PostgreSQL what is due,
// routing who is free for it, the ladder whether it may be done now, and the
// engine to do it.
//
// # Picture
//
//	PostgreSQL ─ due tasks ─▶ Check ─▶ Pace ─▶ attempt written ─▶ engine: agent's phone,
//	     ▲                      ▲        ▲                         Check once more, then
//	     │                      └ floor ─┘                         the other phone
//	     └──── settle ◀─── attempt's end ◀──────────────────────────────┘
//
// The engine is that of package acd: the same mailboxes, the same store, the
// same recovery. So a conversation outlives a dialer that dies, and any acd
// beside it takes the call over.
//
// # Guarantees
//
//   - The attempt's row is written before anybody's phone rings. Its id names the
//     call and the channel; one that was interrupted is ended and never dialled
//     again, so that an attempt has one INVITE at most.
//   - Windows, holds, limits and pauses are asked when a task is due, inside the
//     transaction that writes the attempt, and when the agent's leg is up.
//   - What counts is the floor after the database has answered, with those who wait
//     in the fallback queue. A decision is carried out within a quarter of a second
//     or not at all.
//   - An attempt that nobody answered moves its task by Settle, exactly once; one
//     that somebody answered waits for the outcome that the agent codes. Silence
//     is never an answer.
//   - While PostgreSQL is away nothing is dialled. What ends meanwhile waits in the
//     journal, and settles afterwards.
//
// # Failure handling
//
// A task that cannot be worked on (a number that cannot be opened, a case that
// refuses its own task) is set aside with a reason, told to the supervisors, and
// stands in nobody's way.
package dialer
