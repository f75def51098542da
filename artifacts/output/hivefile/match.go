package hivefile

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/artifactdump/artifactdump/hive"
)

// Matches reports whether the data of a value match: texts, numbers in decimal and
// hexadecimal, and text inside binary data.
func Matches(re *regexp.Regexp, v hive.Value) bool {
	switch v.Type().Base() {
	case hive.String, hive.ExpandString, hive.Link:
		t, err := v.TextDetails()
		return err == nil && (re.MatchString(t.Text) || t.AfterNUL != "" && re.MatchString(t.AfterNUL) || t.Narrow != "" &&
			re.MatchString(t.Narrow))
	case hive.MultiString:
		t, _ := v.Texts()
		return re.MatchString(strings.Join(t, "\n"))
	case hive.DWord, hive.DWordBigEndian, hive.QWord:
		if n, err := v.Uint(); err == nil {
			return re.MatchString(fmt.Sprintf("%#x", n)) || re.MatchString(fmt.Sprint(n))
		}
		// Its data are no number: anything may be stored under this type.
	}
	b, _ := v.Bytes()
	if re.Match(b) {
		return true
	}
	// Text inside binary data may begin at an odd byte.
	return re.MatchString(hive.DecodeText(noNULs(b)).Text) || len(b) > 1 && re.MatchString(hive.DecodeText(noNULs(b[1:])).Text)
}

// noNULs turns NUL units into line feeds, so that a text decoder continues to
// the end of the data.
func noNULs(b []byte) []byte {
	out := make([]byte, len(b)&^1)
	copy(out, b)
	for i := 0; i+1 < len(out); i += 2 {
		if out[i] == 0 && out[i+1] == 0 {
			out[i] = '\n'
		}
	}
	return out
}
