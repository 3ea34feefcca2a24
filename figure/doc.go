// Package figure computes what the helpline is measured by, from sums over
// calls and over the time of agents: service level, ASA, AHT, occupancy,
// abandonment. docs/glossary.md has the formulas; they are those of the metrics.
//
// Everything here is a value. A figure that cannot be known, because nothing was
// there to divide by, says so instead of being 0 or 100 %.
package figure
