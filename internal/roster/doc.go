// Package roster is who works here: the persons behind the agents, how they
// are written in a CSV file, and how their secrets are kept.
//
// # Model
//
//	CSV ──Parse──▶ entries ──Merge with what is stored──▶ persons to store
//
// A Person is an agent's profile with her name, what her softphone proves
// itself with, and her PIN. The file of the personnel office need not carry
// secrets: an empty secret or pin keeps the stored one.
//
// # Invariants
//
//   - A file is taken whole or refused whole, and every mistake in it is named
//     with file, line, column and reason.
//   - Plain secrets and PINs exist only between Parse and Merge. Stored are the
//     digest that Asterisk needs (bound to the realm) and an Argon2id hash.
//   - A Name shows itself through Show only; no error, log line or JSON holds
//     one, nor a PIN or secret.
//   - An officer is a male police officer: the two constraints on who may talk
//     with whom are read from gender and officer, so a woman marked as officer is
//     a mistake and refused.
package roster
