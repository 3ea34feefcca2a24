// Package simulation lives through days of a helpline in milliseconds, with
// everything going wrong that may, and demands that the laws hold all the time.
//
// # Model
//
// A world has callers, contacts whom we call, agents with phones, engines of which
// some are dialers, an Asterisk, a store and a database, one clock and one source
// of chance. What happens next is the earliest thing in a schedule, so a seed gives
// the same day again, to the step. Decisions are those that run in production:
// packages call, agent and routing (Decide, Pace, ToTakeBack), floor.Transact and
// its facts, and the store's fake, which passes the same suite as Redis. Asterisk,
// the database and the shells (packages acd and dialer) are played, with the places
// at which a process can die or freeze in between: around each commit and each
// command, and at each of the seven steps from the agent's answer to the INVITE.
// One day in ten nothing fails, so that the narrow bounds are asked as well.
//
// # What is demanded
//
// At each step, on what really happens in the played world: one call for an agent
// and one agent for a call, in and out together; nobody of the wrong pool; nobody's
// place lost; no ended call alive again. Of calls that we make: nobody is rung
// before the agent is in the bridge, and whoever answers is never without her; an
// attempt is written before any phone rings and has one INVITE; a number rings once
// at a time; no task is given to an agent while a caller of her pool waits, on the
// floor or in the fallback; a caller in crisis gets the agent of a call that only
// rings; each attempt has one end in the books, which is not contradicted by what
// is on the line. And when all that was broken works again: everybody is served or
// has hung up, no agent is held by nothing, every attempt has moved its task, every
// talk with an agent is recorded or a gap says that it is not, no recording holds
// silence that nobody asked for, or for longer than it may, and nothing is left in
// Asterisk, in the store or in a journal.
//
// A violation ends the run and names its seed; run that seed with a Trace. That the
// laws can fail is shown by mistakes planted in the shells.
//
// # Limits
//
// Two faults in one moment may leave what nobody can know: a store that is wiped
// while the only engine that has a call is dead. Then a talk that we began goes on
// and its attempt ends as interrupted, and an agent's leg of before may still be
// there when she is offered another call. The laws let that pass for legs that were
// made before the wipe. The order to set a dead man's switch may be lost when the only
// engine dies in the same moment; that caller waits until an engine is back. Nor
// does anybody take it off in a talk that just began, if the store is wiped as well. Our
// hang-up and a contact's answer may cross on the way.
// Windows, holds and the ladder are not played: package cases has laws of its own. Of
// recordings it is played when they begin, pause and end, not what becomes of the files.
// Orders to ring 112 or a police station are not played.
package simulation
