package output

import (
	"fmt"
	"strings"
)

// HexDump writes bytes as hex editors show them, with offsets that count from
// base.
func HexDump(b []byte, base int64) string {
	var s strings.Builder
	for i := 0; i < len(b); i += 16 {
		row := b[i:min(i+16, len(b))]
		fmt.Fprintf(&s, "          %08x  %-48s ", base+int64(i), fmt.Sprintf("% x", row))
		for _, c := range row {
			if c < 0x20 || c > 0x7E {
				c = '.'
			}
			s.WriteByte(c)
		}
		s.WriteByte('\n')
	}
	return s.String()
}
