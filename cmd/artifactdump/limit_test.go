//go:build unix && !freebsd && !dragonfly

package main

import "syscall"

func setLimit(lim *syscall.Rlimit, n uint64) { lim.Cur = n }
