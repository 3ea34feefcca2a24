// Package rules holds what must be true of the source itself. It has no code:
// its tests read the repository and fail with file and line.
//
//   - Imports run one way, adapters never import each other, and each outside
//     library has one importer (imports_test.go; docs/architecture.md explains).
//   - One word per thing: names that say nothing and synonyms of the glossary are
//     refused (words_test.go; docs/glossary.md has the words).
//   - Plain numbers, PINs and secrets leave their types in a few named places and
//     never on the way to a log line (privacy_test.go).
//   - A function fits a screen, tests do not sleep, and no tracked file names a
//     package registry or a path of somebody's machine (source_test.go).
//
// Every exception stands in a table with its reason, and an exception that is
// not needed any more fails as well.
package rules
