// Package supervisor is the supervisors' room of the console: the wallboard, the
// floor with what may be done on it, skills and queues, cases and their ladder,
// tasks, recordings, the audit, and reports.
//
// # Model
//
//	floor, settings ─▶ board, seats ─▶ streams (memory alone, at each change)
//	records, histories ─▶ Watch ─▶ figures of today (PostgreSQL, at most every few seconds)
//	a wish ─▶ Orders ─▶ the engine that owns the call, or a refusal in words
//	cases, tasks, recordings, audit ─▶ package api, asked in this process as whoever is signed in
//
// # Invariants
//
//   - Nothing here decides about calls, agents or cases: wishes go to the engine
//     and to the ladder, and their refusals are shown.
//   - The floor is in order of the agents' ids. There is no order by handling
//     time, and no average of a single agent anywhere.
//   - What stands on the wall is about nobody: no agent, no case, no number.
//   - Service level and the like are computed by package figure, from the same
//     records as the reports.
//   - A change of skills or queues is checked by the code that checks a roster
//     file or a configuration, kept with who and why, and can be taken back.
package supervisor
