package hive

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// found lists what can be read of a hive: keys as `\path`, values with all their data as `\path|name`.
func found(h *Hive) []string {
	var list []string
	var path []string
	if _, err := h.Root(); err != nil {
		return nil
	}
	w := h.walk(h.root)
	for {
		k, depth, _, err, ok := w.next()
		if !ok {
			return list
		}
		if err != nil {
			continue
		}
		path = append(path[:max(0, depth-1)], k.Name())
		p := ""
		if depth == 0 {
			path = path[:0]
		} else {
			p = `\` + strings.Join(path, `\`)
			list = append(list, p)
		}
		for v, err := range k.Values() {
			if err != nil {
				continue
			}
			if _, err := v.Bytes(); err == nil {
				list = append(list, p+"|"+v.Name())
			}
		}
	}
}

// TestDamage opens each damaged hive of the corpus: what the damage leaves must be found, and the damage named.
func TestDamage(t *testing.T) {
	// Damage that loses nothing and that the format does not let one see.
	silent := map[string]bool{
		"predefinedHandle": true,
		"logWhole":         true, "logsTwo": true, "logsSwapped": true, "logNumberWraps": true, "logFarAhead": true, "logEntryTorn": true,
		"logStale": true, "logHiveClean": true, "logHeaderBad": true, "logHeaderBadTwo": true, "logHalfWritten": true, "logFirstOlder": true,
		"oldLogWhole": true, "oldLogXP": true, "oldLogHeaderBad": true, "oldLogsTwo": true,
	}
	for _, d := range regf.Damages() {
		t.Run(d.Name, func(t *testing.T) {
			f := d.Build()
			before := bytes.Clone(f.Primary)
			h, err := Open(f.Primary, &Options{Logs: []Log{{"LOG1", f.Log1}, {"LOG2", f.Log2}}})
			if !bytes.Equal(before, f.Primary) {
				t.Fatal("the caller's bytes were changed")
			}
			checkFatal(t, d, h, err)
			if err != nil {
				return
			}
			got := found(h)
			for _, want := range d.Keeps() {
				if !slices.Contains(got, want) {
					t.Errorf("%s: %s is not found", d.About, want)
				}
			}
			if f.Recovered != nil && !bytes.Equal(h.Bytes(), f.Recovered) {
				t.Errorf("%s: the image is not what the logs make of it: %s", d.About, difference(h.Bytes(), f.Recovered))
			}
			if f.Recovered == nil && !h.Recovery().BaseBlockLost && &h.Bytes()[0] != &f.Primary[0] {
				t.Errorf("%s: the image was copied without need", d.About)
			}
			n := 0
			for e := range h.Check() {
				n++
				if e.Offset < 0 || e.Offset > int64(len(h.Bytes())) {
					t.Errorf("offset outside the file: %v", e)
				}
				if testing.Verbose() && n < 4 {
					t.Log(e)
				}
			}
			stopped := slices.ContainsFunc(h.Recovery().Logs, func(l LogReport) bool {
				return strings.HasPrefix(l.Reason, "stopped") || strings.Contains(l.Reason, "follows the log before")
			})
			if n == 0 && !silent[d.Name] && !stopped && d.About[:7] != "Nothing" {
				t.Errorf("%s: not reported", d.About)
			}
		})
	}
}

func checkFatal(t *testing.T, d regf.Damage, h *Hive, err error) {
	t.Helper()
	fe, isFormat := errors.AsType[*FormatError](err)
	ok := err == nil
	switch d.Fatal {
	case "":
	case "not a hive":
		ok = errors.Is(err, ErrNotHive)
	case "log":
		ok = errors.Is(err, ErrIsLog)
	case "truncated":
		ok = isFormat && strings.Contains(fe.Problem, "bytes")
	case "version":
		ok = isFormat && strings.Contains(fe.Problem, "version")
	case "no root":
		ok = err == nil
		if ok {
			_, err := h.Root()
			ok = err != nil
		}
	default:
		t.Fatalf("unknown Fatal %q", d.Fatal)
	}
	if !ok {
		t.Errorf("%s: Open = %v, want %q", d.About, err, d.Fatal)
	}
}

func difference(got, want []byte) string {
	if len(got) != len(want) {
		return "sizes differ"
	}
	for i := range got {
		if got[i] != want[i] {
			return "first at offset " + strings.TrimSpace(string(appendInt(nil, i)))
		}
	}
	return "none"
}

func appendInt(dst []byte, i int) []byte {
	if i >= 10 {
		dst = appendInt(dst, i/10)
	}
	return append(dst, byte('0'+i%10))
}

// TestStrict wants a failure for each damage that is seen.
func TestStrict(t *testing.T) {
	sound := regf.Sound().Build()
	if _, err := Open(sound, &Options{Strict: true}); err != nil {
		t.Errorf("Open(sound, Strict): %v", err)
	}
	for _, d := range regf.Damages() {
		if d.Fatal != "" || d.Name == "predefinedHandle" || strings.Contains(strings.ToLower(d.Name), "log") {
			continue
		}
		if _, err := Open(d.Build().Primary, &Options{Strict: true}); err == nil {
			t.Errorf("Open(%s, Strict): no error", d.Name)
		}
	}
}
