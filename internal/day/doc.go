// Package day plays whole days of a helpline in virtual time: callers, agents,
// breaks and outbound work from a profile and a seed, over the code that decides
// in production.
//
// # Model
//
// A Profile says what a day is like, a Trace is one such day drawn by chance:
// every caller with her patience and every attempt with what will come of it. A
// run plays a trace against a router. The production router is routing.Decide
// and routing.Pace; calls step by call.Rules.Step through floor.Transact, agents
// by agent.Step, and each attempt is asked of cases.Rules.Check, as in the engine
// and the dialer. One thread, one clock: the same trace gives the same day, byte
// for byte.
//
// Beside the production router stand models of app_queue and mod_callcenter, so
// that "better than what people use" is a test, and bounds that no router can
// pass.
//
// # What is demanded
//
// The laws are checked on the facts of the profile, not by the code under test:
// nobody of the wrong pool, one call for an agent, no attempt outside its hours,
// while a caller waits whom its agent could take, or out of the reserve, nobody
// answers a phone without an agent, and no call is lost or counted twice.
package day
