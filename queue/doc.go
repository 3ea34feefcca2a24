// Package queue holds what is live and shared: calls, agents, who owns which
// call, and the places of callers who have just dropped out. It lives in Redis,
// can be rebuilt from Asterisk and PostgreSQL at any moment, and is written by
// several processes at once.
//
// # Model
//
// Each call and each agent is one JSON document with a version in it. Whoever
// changes one sends the value that the pure packages computed, together with the
// version from which it started; several documents change in one script, all or
// none. There is no lock, nothing expires, and Redis is never asked the time: a
// clock that jumps moves nothing.
//
//	{site}:era     the random id of this data set; absent: it was wiped
//	{site}:calls   hash, call id → document
//	{site}:agents  hash, agent id → document
//	{site}:owners  hash, process name → {term, beat}
//	{site}:term    the highest term given so far
//	{site}:places  hash, fingerprint → "queued dropped" in ms, bounded
//	{site}:changes channel: every change, published by the script that made it
//	{site}:post    channel: what processes say to each other; nothing rests on it
//
// # Who may write
//
// A process joins under its name and is given a term above all others; an older
// process of that name is refused from that moment (ErrFenced). A call is written
// by its owner alone, named in its document by name and term. Ownership moves by
// Adopt, which raises the version, so that whatever the old owner still wants is
// refused (NotOwnerError), be it dead, hung or only slow. Processes see each
// other through a counter (Beat); whether it stands still is for each to judge by
// its own monotonic clock. Agents belong to nobody, but whoever is in a call can
// be taken out of it only together with that call, which means by its owner.
//
// # Laws
//
// commit.lua checks them once more, on the documents as they are stored and as
// they would be, whatever the Go side believes:
//
//	0  An ended call stays ended. Id, version, owner and term fit the write.
//	1  Queued never changes once set: nothing costs a caller her place.
//	2  An agent becomes reserved only from idle, or from wrap-up that may be
//	   interrupted; available, online, not elsewhere; and only together with a
//	   call that goes from waiting to offered, to her, or with a talk that she is
//	   a guest of from now on (a supervisor also if she is not available). Talking
//	   follows only from that offer, or from being a guest. A call offered or
//	   talking and its agents say the same of each other: none can leave alone.
//	3  Whoever is offered a call, comes into it or begins to talk in it fits its
//	   pool, and be it only to listen.
//
// Law 3 is not asked of a change that leaves offer and pool as they are: if the
// roster makes an agent unfit while her phone rings, that must be stored, for it
// is what stops the bridge.
//
// # Failure handling
//
// A lost reply: repeat the same change. Its documents are recognised byte for
// byte; a call is written by its owner alone, so an identical call proves that
// the whole change was stored.
//
// A document that moved on: Conflict carries the current ones; step again.
//
// Wiped: the era is gone or another (ErrWiped). Each process brings its calls
// and the agents it knows (Rebuild); the first mints the new era, the higher
// version of a document stays, and a conversation keeps its agent even against a
// newer offer that was made in ignorance of it. Until the others have rebuilt,
// an agent who looks idle may be theirs: wait one beat before the next offer.
//
// Lost writes: after a failover to a late replica the era is the same but
// documents are older than what was acknowledged. A version below the one a
// change started from cannot be anything else, so the script ends the era: from
// then on everybody is told ErrWiped and brings what it knows. A call that
// is missing altogether is reported as not ours: its caller is still in
// Asterisk, where the next look finds her.
//
// Redis down, hung, read-only or full on disk: ErrUnavailable within the limit,
// reads as long as there is anybody to read from. A full memory does not stop
// us: our documents are as many as people, and every script says allow-oom.
//
// Watch never blocks a writer and never drops silently: after every new
// subscription, and when a reader falls too far behind, comes a Gap. A
// subscription that is silent for too long is asked whether it lives.
//
// # The fake
//
// Memory has the same methods and the same semantics without Redis, and hooks
// that fail a method before or after it is applied. queuetest.Exercise is run
// against both, and random stories must end alike in both.
package queue
