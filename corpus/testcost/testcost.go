// Package testcost tells tests what they cost, and how much they may.
//
// A clock also counts what other programs do on the machine: a test that bounds
// work asks for the time of the processors instead. And the race detector, which
// makes everything some ten times as slow, can find no race where one goroutine
// works alone: a test that holds very much real evidence to the truth takes a
// sample of it then. Where the machine starts no 32-bit programs, .ci/run emulates a
// processor that is as slow, and tests take the same sample. Other runs take all.
package testcost

import (
	"os"
	"testing"
	"time"
)

// slowdown is how many times as long a program takes under the race detector, or
// on an emulated processor.
const slowdown = 10

// emulated says whether .ci/run runs the tests on an emulated processor.
var emulated = os.Getenv("ARTIFACTDUMP_EMULATED") != ""

// CPU returns the time of all processors that the process has used, as it would be
// without the race detector and the emulator.
func CPU() time.Duration {
	if Race || emulated {
		return used() / slowdown
	}
	return used()
}

// Samples says whether tests take samples: under the race detector or an emulator,
// with -short. A test that wants a number of records wants it of all only.
func Samples() bool { return (Race || emulated) && testing.Short() }

// Sample returns one of each n of a list, the first included, when tests take
// samples, and otherwise all of it. It is for what one goroutine does alone.
func Sample[T any](list []T, n int) []T {
	if !Samples() {
		return list
	}
	return oneOf(list, n)
}

// Rounds returns n, or one of ten of them when tests take samples.
func Rounds(n int) int {
	if !Samples() {
		return n
	}
	return (n + 9) / 10
}

func oneOf[T any](list []T, n int) (part []T) {
	for i := 0; i < len(list); i += n {
		part = append(part, list[i])
	}
	return part
}

// Again skips a test that has passed in this run of .ci/run already, with the same
// program and the same input: the step with the real evidence repeats what the step
// without it has done. It is for tests that take long and read no real evidence.
func Again(t testing.TB) {
	if os.Getenv("ARTIFACTDUMP_AGAIN") != "" {
		t.Skip("has passed in the step before, which reads the same")
	}
}
