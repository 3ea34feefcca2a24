// Package redressal lives the ladder of package cases on a fake clock: a whole
// population of cases for a year (Run), or one case's life as a timeline (Life).
// It decides nothing itself; it plays the people, the police and the clock.
//
// # What it is for
//
// It holds the laws of the ladder against many lives that nobody wrote down:
// at every step each open case has exactly one next thing, each final feedback
// comes once and not early. And it counts: how many dials a day do so many
// new complaints make.
//
// # What it is not
//
// There are no agents, no queue and no pacing: a task that may be dialled is
// dialled within two hours. The odds (odds.go) are assumptions of the
// helpline's domain, most of them not measured at 1090; a figure that comes out
// of here is worth what they are worth.
//
// The same seed and options give the same lives.
package redressal
