package verify

import "syscall"

// limitMemory makes an allocation beyond the limit fail, which ends the
// process.
func limitMemory(bytes uint64) {
	lim := syscall.Rlimit{Cur: bytes, Max: bytes}
	// RLIMIT_DATA counts what can be written to, not what the runtime reserves.
	// Without it the process is still bounded in time.
	_ = syscall.Setrlimit(syscall.RLIMIT_DATA, &lim)
}
