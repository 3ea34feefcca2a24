// Package operator is what the operator's programs have in common: exit codes,
// streams, the configuration that a command was given, and what a command opens.
package operator
