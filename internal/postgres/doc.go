// Package postgres keeps what must never be lost: the roster, the records, and
// the cases with all that is done for them. It is the only importer of pgx.
//
// # Model
//
// One .sql file per table in migrations, each constraint stating an invariant.
// Methods are small, take a context, and add their own time limit; errors name
// the operation first.
//
//	roster      Roster, RosterVersion, ImportRoster, SetAgent
//	records     WriteRecords: CallRecord, CallEvent, AgentEvent, AttemptEnd
//	cases       Register, RegisterAll, Apply; Case, Cases, CaseHistory
//	tasks       Due, Task, Tasks, Backlogs; SetAside, TakeBack; PauseKind, ResumeKind, PausedKinds
//	attempts    StartAttempt, NumberToDial; Stale, CalledOff; Unsettled, Settle; Uncoded, RecordOutcome
//	time        DueTimers, FireTimer
//	call-backs  CallBack, CallerRang
//	persons     OpenParty, OpenParties, OpenSafeContact, OpenAccount
//	the API     CheckToken, MintToken; BeginRequest, EndRequest
//	the world   TakeDeliveries, Delivered, PutOff, GiveUp
//	audit       Audit, Deeds, VerifyAudit
//
// A case moves in one way: its row is locked, cases.Rules.Step is asked, and the
// case, its event, its tasks, what others must hear and the audit are written in
// one transaction. Register, Apply, Settle, RecordOutcome and FireTimer all end
// there.
//
//	StartAttempt ─▶ attempts, live_numbers, unsettled_attempts      before the INVITE
//	AttemptEnd   ─▶ attempt_ends; live_numbers goes                 through the journal
//	Settle, RecordOutcome ─▶ attempt_settlements; unsettled_attempts goes; the case moves
//
// # Invariants
//
//   - Every record has a key that its maker minted. Writing it again changes
//     nothing, so at-least-once becomes exactly-once. Events of a case are known
//     by their id for ever, not only as long as the case remembers them.
//   - WriteRecords takes a batch whole or not at all. A record that breaks a
//     constraint is put into refused_records in the same transaction: it is
//     not lost, it is counted, and it does not block those behind it.
//   - An import of the roster is one transaction, and refused if anybody
//     changed a row since it was read. An import of cases is one as well.
//   - No two attempts are live on one number, over all cases; a task has one
//     attempt in hand at a time, until it is known what came of it.
//   - An offender's attempt is never a woman's, a victim's never a man's: the
//     task's row says so, cases.Check says so, and a trigger says so last.
//   - An open case waits for exactly one thing; a closed one has no task but the
//     care of a suicidal person; resolved is a case by her positive final word.
//   - History, attempts, ends, outcomes and audit are append-only; the audit is a
//     chain of hashes.
//   - Names, numbers and words of persons are sealed before they get here, with a
//     key that is not in the database; numbers are found by a keyed fingerprint.
//     Opening any but a number to dial writes a row of audit.
//   - Times come in with the calls. Nothing here reads the clock to decide.
//
// # Failure handling
//
// While the server is away every method fails within its time limit, and the
// journal takes the records (package journal). No attempt can start then, so
// nothing is dialled that is not written down. Which error it was does not
// matter to the caller, except for those of fault.go and ErrRosterChanged,
// ErrNoAgent.
//
// What can never be stored must not come back every second: a task whose
// attempt the ladder does not take is set aside, a case whose timer it does not
// take has its timers put aside until something moves it, and the supervisors
// hear of both through the outbox.
package postgres
