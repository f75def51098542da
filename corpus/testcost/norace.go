//go:build !race

package testcost

// Race says whether the race detector watches.
const Race = false
