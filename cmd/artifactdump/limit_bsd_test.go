//go:build freebsd || dragonfly

package main

import "syscall"

func setLimit(lim *syscall.Rlimit, n uint64) { lim.Cur = int64(n) }
