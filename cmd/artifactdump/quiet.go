package main

import (
	"io"
	"os"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
)

// openQuietly opens a file that was named on the command line. Evidence keeps
// its access time; what is no plain file, such as a pipe, is read as it comes.
func openQuietly(path string) (*os.File, error) {
	if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() {
		return collect.OpenFile(path)
	}
	return os.Open(path)
}

// readQuietly is os.ReadFile for evidence.
func readQuietly(path string) ([]byte, error) {
	f, err := openQuietly(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}
