// Package simulation lives through days of a helpline in milliseconds, with
// everything going wrong that may, and demands that the laws hold all the time.
//
// # Model
//
// A world has callers, agents with phones, engines, an Asterisk and a store, one
// clock and one source of chance. What happens next is the earliest thing in a
// schedule, so a seed gives the same day again, to the step. Decisions are those
// that run in production: packages call, agent and routing, floor.Transact, and
// the store's fake, which passes the same suite as Redis. Asterisk and the shell
// are played, with the places at which a process can die or freeze in between.
//
// # What is demanded
//
// At each step: one call for an agent and one agent for a call, nobody of the
// wrong pool, nobody's place lost, no ended call alive again. And when all that
// was broken works again: everybody is served or has hung up, no agent is held
// by nothing, and nothing is left in Asterisk or in the store.
//
// A violation ends the run and names its seed; run that seed with a Trace.
package simulation
