package hivefile

import (
	"bufio"
	"bytes"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/hive"
)

// TestReg writes a whole hive as text for the registry editor: every key once, every
// line short, every value with a name and data.
func TestReg(t *testing.T) {
	h, err := hive.Open(corpus.Incident().Files()["Windows/System32/config/SYSTEM"], nil)
	if h == nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	damaged := 0
	reg := NewRegWriter(w, `HKEY_LOCAL_MACHINE\SYSTEM\`, func(error) { damaged++ })
	keys, values := 0, 0
	for k, err := range h.Keys() {
		if err != nil {
			continue
		}
		keys++
		for _, err := range k.Values() {
			if err == nil {
				values++
			}
		}
		if err := reg.Key(k); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	heads, lines := 0, 0
	for line := range strings.SplitSeq(b.String(), "\r\n") {
		switch {
		case strings.HasPrefix(line, `[HKEY_LOCAL_MACHINE\SYSTEM`) && strings.HasSuffix(line, "]"):
			heads++
		case strings.HasPrefix(line, "@=") || strings.HasPrefix(line, `"`):
			lines++
		}
	}
	if keys == 0 || heads != keys || lines != values {
		t.Errorf("%d keys and %d values, want %d and %d (%d damaged)", heads, lines, keys, values, damaged)
	}
}

// TestInfo names what the base block says.
func TestInfo(t *testing.T) {
	h, err := hive.Open(corpus.Incident().Files()["Windows/System32/config/SYSTEM"], nil)
	if h == nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	Info(&b, h)
	for _, want := range []string{"kind               SYSTEM", "checksum           good", "keys "} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}
