//go:build race

package prefetch_test

// The race detector makes a sync.Pool forget at random, so allocations cannot be counted.
const raceEnabled = true
