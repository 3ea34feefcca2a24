// Package journal keeps records on disk while the database is away, and puts
// the two together: Writer writes to the database, and to the journal when
// that fails.
//
// # Model
//
//	         ┌──────────── Writer ─────────────┐
//	calls ──▶│ bounded queue ─▶ one goroutine  │──── PostgreSQL is there and the
//	         │                     │           │     journal is empty ──▶ Store
//	         └─────────────────────┼───────────┘
//	                               ▼ otherwise
//	                       Journal: segments of records, fsynced in groups
//	                               │
//	                               └─ replay, in order, once the Store answers ──▶ Store
//
// A segment is a file of records, each with its length and checksum. Records
// are appended to the newest segment; replay reads the older ones from the
// beginning, and removes each when the Store has taken all of it.
//
// # Invariants
//
//   - Append returns nil only after fsync. What it accepted survives kill -9 and
//     a power cut, as far as the disk keeps its word.
//   - A record that was accepted reaches the Store at least once and in order;
//     the Store's keys make that exactly once. So a crash between the Store's
//     commit and the removal of a segment doubles nothing.
//   - As long as the journal holds anything, new records go behind it. Nothing
//     overtakes.
//   - A write never waits longer than the Store's short time limit, and after
//     one such failure not at all until the Store answers again.
//   - Memory is bounded: the Writer's queue and one batch of a replay.
//   - File names are numbers, files are 0600, and a folder belongs to one
//     process (flock).
//
// # Failure handling
//
// A torn last record (kill -9 in the middle of a write) was never accepted: it
// is cut off at Open. A record whose bytes are all there but whose checksum is
// wrong means a bad disk: the rest of that segment is kept beside it under
// .damaged, counted, and the replay goes on behind it. A failed write or fsync
// is answered by giving up the segment at its last good record and beginning a
// new one, since a second fsync on the same file may lie. When the quota is
// reached, Append refuses: a full disk would stop more than us.
//
// Records that can never be stored (they do not decode) are moved to
// refused.jsonl in the same folder and counted; they must not hold up the rest.
package journal
