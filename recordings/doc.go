// Package recordings keeps conversations as evidence: complete, unreadable to a
// thief, provable later, and gone when they must be.
//
// # Life of a recording
//
//	Asterisk ──▶ spool (memory)      two raw A-law files, one a side, as long as they talk
//	               │ sealed within a minute of the end
//	               ▼
//	           store (disk)          one stereo WAV, encrypted; its name says nothing
//	               │
//	           chain (database)      digest of the WAV and what it is, each link over the one before
//
// # Keys
//
// A recording is encrypted to the key of its case, or of its call while no case
// is known. That key is an age identity of which the recording host keeps only
// the public half; the other half is wrapped: encrypted to the recipients of
// the configuration, whose own identities are on no host that records. Whoever
// steals disk and database has nothing. When a wrapped key is destroyed all
// audio of its case is gone, wherever copies of it lie; when recipients change,
// only the wrapped keys are made anew.
//
// # Proof
//
// The SHA-256 is that of the plain WAV, taken while it was encrypted. Each row
// of the chain holds the digest of itself and of the row before; Walk finds the
// first that is not what was written. An Anchor is the chain's head, signed, to
// be kept where nobody who can change the database can change it.
//
// What decides is pure; Spool and Disk are the file systems.
package recordings
