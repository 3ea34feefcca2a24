// Package sealer is the process that seals recordings: it takes plain files out
// of the spool, encrypts them into the store, and enters them into the chain.
//
// It is a process of its own, beside Asterisk, and not a part of an engine: what
// it reads, a slow disk that it waits for, or a crash of its own touch no call;
// several engines on a host write into one spool; and it can run with another
// user, a lower priority and no password of Asterisk.
//
// # One recording, step by step
//
//	closed     nobody writes to the plain files any more
//	key        of the case or call; one of its own while PostgreSQL is away
//	stored     the sealed object is in the store: written beside, synced, renamed
//	noted      a manifest is on disk: from here on the plain files are not needed
//	plain-gone
//	entered    the chain has its link
//	forgotten  the manifest is gone
//
// After a kill between any two of these the next round goes on where the files
// show that it stopped. A recording can be encrypted twice; it is entered once.
package sealer
