//go:build !linux

package main

import (
	"io"
	"os"
)

// standardOutput is where data go that no -o sends elsewhere.
func standardOutput() io.Writer { return os.Stdout }
