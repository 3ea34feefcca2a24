// Package prompts makes the recordings that the engine plays: from a text
// manifest with a speech synthesizer, or from files that somebody recorded.
//
// # Model
//
//	manifest.yaml ── text ──▶ espeak-ng ─┐
//	                                     ├─▶ sox (8 kHz, one channel) ─▶ trim, level ─▶ <dir>/<language>/powerline/<id>.alaw
//	recordings/<language>/<id>.wav ──────┘                                                                            .wav
//
// <dir> is a sounds directory of Asterisk, so "sound:powerline/<id>" played in
// language "hi" finds <dir>/hi/powerline/<id>.alaw.
//
// A recording wins over the text. Whatever the source, silence at both ends is
// cut off and speech is brought to the same level, so that a replaced prompt
// fits among the others.
//
// # Invariants
//
//   - Made once: a prompt is made again only when its text, voice or recording
//     changed. A run that finds nothing to do starts no process.
//   - Whole or not at all: each file appears by renaming, so that a running
//     Asterisk never plays half a prompt.
//   - Asterisk plays nothing and reports success early when a file is missing,
//     and English when a language is. So Check is asked at start for every
//     prompt in every language, and names what is missing.
//
// # Failure handling
//
// Generate stops at the first prompt that fails and names it; what was made
// until then is kept and not made again. The index of what was made is a cache:
// without it, everything is made anew.
package prompts
