// Package config holds everything about this installation that a person may
// decide: one YAML file, one struct, one function with the defaults.
//
// # Model
//
// Default is the whole configuration of a working engine on one machine. A file
// says only what differs from it. A key that is given replaces the default of
// that key; a list that is given replaces the whole list.
//
//	file ──parse──▶ tree ──shape──▶ Default() + tree ──Validate──▶ Config
//	                  │        │                            │
//	                  └────────┴── Error{file:line:column: reason}, nothing else
//
// # Invariants
//
//   - Load returns a complete, valid Config or the zero Config and an error: a
//     file is taken whole or refused whole.
//   - A mistake is named with file, line, column and what to write instead. Up
//     to twenty mistakes are named at once, so that nobody repairs one a day.
//   - The YAML library is lenient in ways that hurt here: it cuts 5.7 to 5,
//     takes true for a text, skips a key without a value and lets an alias carry
//     defaults from one place to another. The shape check refuses all of these
//     before the library decodes.
//   - A secret is never in the file, only the path of its own file, and a
//     secret that any user of the machine can read is refused.
//   - Every field has a sentence in its doc tag; that is the comment which
//     `acd config default` prints, and a test fails on a field without one.
//
// # Reload
//
// A running engine loads the file again and swaps the value. What cannot change
// under running calls (see RestartNeeded) is named and keeps its old value
// until the next start.
package config
