// Package postgres keeps what must never be lost: the roster and the records.
// It is the only importer of pgx.
//
// # Model
//
// One .sql file per table in migrations, each constraint stating an invariant.
// Methods are small, take a context, and add their own time limit; errors name
// the operation first.
//
//	roster    Roster, RosterVersion, ImportRoster, SetAgent
//	records   WriteRecords: CallRecord, CallEvent, AgentEvent
//
// # Invariants
//
//   - Every record has a key that its maker minted. Writing it again changes
//     nothing, so at-least-once becomes exactly-once.
//   - WriteRecords takes a batch whole or not at all. A record that breaks a
//     constraint is put into refused_records in the same transaction: it is
//     not lost, it is counted, and it does not block those behind it.
//   - An import of the roster is one transaction, and refused if anybody
//     changed a row since it was read.
//   - Plain numbers never get here; names come out as a type that masks itself.
//
// # Failure handling
//
// While the server is away every method fails within its time limit, and the
// journal takes the records (package journal). Which error it was does not
// matter to the caller, except ErrRosterChanged and ErrNoAgent.
package postgres
