package main

import "syscall"

func mountTmpfs(dir, opts string) error {
	var flags uintptr
	if n := len(opts); n > 3 && opts[n-3:] == ",ro" {
		opts, flags = opts[:n-3], syscall.MS_RDONLY
	}
	return syscall.Mount("tmpfs", dir, "tmpfs", flags, opts)
}

func unmount(dir string) error { return syscall.Unmount(dir, syscall.MNT_DETACH) }
