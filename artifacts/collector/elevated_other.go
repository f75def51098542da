//go:build !windows

package collector

import "os"

// elevated reports whether the program has the rights of an administrator.
func elevated() bool { return os.Geteuid() == 0 }
