// Package ivr holds the dialogues that people have with the engine by ear and
// by key: a caller who arrives (Greet), a caller who waits (KeepCompany), and
// an agent who dials a code (Desk). Each is straight-line code over a Line,
// the small thing that can play, hear keys, and hear that somebody speaks.
//
// # Model
//
//	        Greet ≤ 8 s                     KeepCompany, until an agent answers
//	┌───────────────────────┐   ┌──────────────────────────────────────────────────┐
//	greeting · menu ─ key? ──▶──  connecting ♪ silent prompt ♪ place ♪ place ♪ …
//	                  │               │             │
//	               Answer           Sign          Sign (plea, danger, 112, a late key)
//
// A dialogue never decides what becomes of a call. Greet ends with one Answer,
// KeepCompany tells Signs while it runs and never ends by itself, Desk hands
// finished Orders to the actions it was given. The shell turns all of them
// into events of the call.
//
// Menus, waiting times and codes are configuration: plain structs with a
// Validate that names the field, and a Prompts that lists the recordings they
// need, so that a missing one is refused when the engine starts.
//
// # Invariants
//
//   - Greet ends within the menu's limit, which may not exceed MaxGreeting, with
//     a category that the menu knows, whatever she does or does not do. There is
//     no loop in it, and a wrong key costs her nothing.
//   - Nothing she hears delays an answer: when the context ends, every dialogue
//     returns within ten milliseconds, even over a Line that hangs.
//   - No single announcement is longer than MaxAnnouncement, and two of them are
//     kept apart, so that commands which wait behind a sound (such as renewing
//     the dead man's switch) find a gap.
//   - The place and the wait that she is told never rise. When the true figure
//     rose, she hears that we are with her, and no figure at all: a number that
//     went up would be bad news without a cause, and an old one would be a lie.
//   - Silence is a plea. A caller who neither speaks nor presses a useful key is
//     asked to let a key speak for her; two equal keys mean danger. Nobody is
//     ever dropped here.
//   - She never hears nothing: music plays under the prompts from the first
//     moment of waiting, and starts again if it fails.
//   - Keys and PINs reach no log: Answer, Sign and PIN mask themselves.
//
// # Failure handling
//
// A prompt that cannot be played is passed over; the dialogue goes on, because
// a missing sentence is no reason to lose a caller. Counting the failures is the
// Line's part. A hung Line costs at most the ten milliseconds named above.
//
// # Time
//
// Only context deadlines and timers of package time are used, so the tests run
// every dialogue under testing/synctest on a clock that costs nothing.
package ivr
