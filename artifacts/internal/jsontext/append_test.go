package jsontext

import (
	"encoding/json"
	"testing"
)

// TestAppendHTML: a string is written as encoding/json writes it.
func TestAppendHTML(t *testing.T) {
	parts := []string{"", "plain", `<a href="x">&amp;</a>`, "\x00\x1f\x7f\t\n\\", "\u2028\u2029\ufffd", "\xff<\xc3", "ä&ö", "\U0001f600>"}
	for _, x := range parts {
		for _, y := range parts {
			want, err := json.Marshal(x + y)
			if err != nil {
				t.Fatal(err)
			}
			if got := AppendHTML([]byte("before "), x+y); string(got) != "before "+string(want) {
				t.Errorf("%q: %s, want %s", x+y, got, want)
			}
		}
	}
}

type appender string

func (a appender) AppendJSON(b []byte) ([]byte, error) {
	return append(b, "{\"a\":"+string(a)+"}"...), nil
}

// TestAppender: what appends itself is taken as it is, wherever it is.
func TestAppender(t *testing.T) {
	v := struct {
		A appender
		B []appender
		C any
	}{"1", []appender{"2", "3"}, appender("4")}
	got, err := Append(nil, v)
	if want := `{"A":{"a":1},"B":[{"a":2},{"a":3}],"C":{"a":4}}`; err != nil || string(got) != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}
