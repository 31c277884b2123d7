//go:build invariants || race

// Package invariants says whether checks of what must always hold are compiled in: under the build tag invariants, and
// under the race detector. A check that fails is a bug, not an error, so it panics.
package invariants

// Enabled guards a check: if invariants.Enabled && !holds { panic(...) }.
const Enabled = true
