// Package hivefile writes keys and values of single hives, for reading and for the
// registry editor.
package hivefile

import (
	"fmt"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/hive"
)

// ValueName is the name of a value for reading.
func ValueName(v hive.Value) string {
	if n := v.Name(); n != "" {
		return n
	}
	return "(Default)"
}

// Show spells a value's data for reading, cut to about max characters; 0 means
// whole.
func Show(v hive.Value, max int) (string, error) {
	b, err := v.Bytes()
	var s string
	switch v.Type().Base() {
	case hive.String, hive.ExpandString, hive.Link:
		s, _ = v.Text()
	case hive.MultiString:
		t, _ := v.Texts()
		s = strings.Join(t, " | ")
	case hive.DWord, hive.DWordBigEndian, hive.QWord:
		if n, err := v.Uint(); err == nil {
			s = fmt.Sprintf("%#x (%d)", n, n)
			break
		}
		fallthrough
	default:
		cut := b
		if max > 0 && len(cut) > max/2 {
			cut = cut[:max/2]
		}
		s = fmt.Sprintf("%x", cut)
		if len(cut) < len(b) {
			s += fmt.Sprintf("… (%d bytes)", len(b))
		}
		return s, err
	}
	s = strings.NewReplacer("\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(s)
	if r := []rune(s); max > 0 && len(r) > max {
		s = string(r[:max]) + fmt.Sprintf("… (%d characters)", len(r))
	}
	return output.Clean(s), err
}
