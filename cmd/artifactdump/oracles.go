package main

import (
	"bytes"
	"fmt"
	"os"
)

// oraclesTail is what docs/oracles.md says beyond the two tables.
const oraclesTail = ``

func writeOraclesFile(name string) error {
	var b bytes.Buffer
	writeOracles(&b)
	if err := os.WriteFile(name, b.Bytes(), 0o666); err != nil {
		return fmt.Errorf("%w: %w", errNoOracles, err)
	}
	return nil
}
