//go:build !unix

package testcost

import "time"

var started = time.Now()

// used is how long the process runs: the most that its work can have taken.
func used() time.Duration { return time.Since(started) }
