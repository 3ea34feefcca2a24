// Package intake is what somebody tells us, in the words of people: a case to
// be registered, the persons in it, how the victim may safely be called, and
// what is told later in a conversation; and the directory of police stations.
// All are read from files, CSV or JSON.
//
// # Model
//
//	CSV, JSON ──Parse──▶ registrations ──postgres.RegisterAll──▶ cases
//	the API, an agent's page ──────────▶ Registration, Told
//
// Here are names and numbers; in package cases there are only opaque ids and
// fingerprints. Storing a Registration is where the one becomes the other.
//
// # Invariants
//
//   - A file is taken whole or refused whole. Every mistake is named with line,
//     field and reason, and no message repeats what stands in the file.
//   - Names, numbers and private words are types that mask themselves.
//   - Numbers are in E.164 form and such as may be dialled.
//   - A district is one of the 75, by name.
//   - The id of a case says nothing, and follows from the reference under which
//     it was handed in: the same file read again makes no second case.
package intake
