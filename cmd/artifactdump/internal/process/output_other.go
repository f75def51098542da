//go:build !linux

package process

import (
	"io"
	"os"
)

// Output is where data go that no -o sends elsewhere.
func Output() io.Writer { return os.Stdout }
