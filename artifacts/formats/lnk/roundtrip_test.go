package lnk

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/shelllink"
)

// someLink is a shortcut of which each part is there or not, with texts of several
// scripts where its strings are wide.
func someLink(r *rand.Rand) shelllink.Link {
	l := shelllink.Link{Wide: true, Narrow: r.IntN(4) == 0}
	words := []string{"tool", "größe", "бэд", "日本", "a b", "\U0001F600", strings.Repeat("long", 50)}
	if l.Narrow {
		words = []string{"tool", "a b", "x.y", strings.Repeat("long", 50)}
	}
	word := func() string { return words[r.IntN(len(words))] }
	maybe := func(s string) string {
		if r.IntN(3) == 0 {
			return ""
		}
		return s
	}
	moment := func() time.Time { return time.Unix(r.Int64N(4e9), r.Int64N(1e7)*100).UTC() }
	l.Target = maybe(`C:\` + word() + `\` + word() + ".exe")
	l.Serial, l.Size, l.Show = r.Uint32(), r.Uint32(), 1+2*r.Uint32N(2)
	l.Label = maybe("Disk")
	l.Name, l.Relative, l.WorkingDir = maybe(word()), maybe(`..\`+word()), maybe(`C:\`+word())
	l.Arguments, l.Icon = maybe("-x "+word()), maybe(`%SystemRoot%\`+word()+".ico")
	l.Created, l.Accessed, l.Written = moment(), moment(), moment()
	if l.Machine = maybe("kestrel-pc"); l.Machine != "" {
		for i := range l.Droids {
			for j := range l.Droids[i] {
				l.Droids[i][j] = byte(r.UintN(256))
			}
		}
	}
	return l
}

// TestRoundTrip reads what the writer of the corpus, which shares no code with the
// reader, was told to write.
func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 11))
	for i := range 400 {
		want := someLink(r)
		b := want.Build()
		got, err := Parse(b)
		if err != nil || len(got.Damage) > 0 {
			t.Fatalf("shortcut %d: %v %v\n%+v", i, err, got.Damage, want)
		}
		for _, c := range []struct{ what, got, want string }{
			{"base path", got.LocalBasePath, want.Target}, {"name", got.Name, want.Name}, {"relative path", got.RelativePath, want.Relative},
			{"working folder", got.WorkingDir, want.WorkingDir}, {"arguments", got.Arguments, want.Arguments}, {"icon", got.IconLocation, want.Icon},
			{"created", got.Created.String(), want.Created.String()}, {"accessed", got.Accessed.String(), want.Accessed.String()},
			{"written", got.Written.String(), want.Written.String()}, {"size", fmt.Sprint(got.Size), fmt.Sprint(want.Size)},
			{"show", fmt.Sprint(got.ShowCommand), fmt.Sprint(want.Show)},
		} {
			if c.got != c.want {
				t.Errorf("shortcut %d: %s is %q, want %q", i, c.what, c.got, c.want)
			}
		}
		if (got.Volume != nil) != (want.Target != "") || got.Volume != nil && (got.Volume.Serial != want.Serial || got.Volume.Label != want.Label) {
			t.Errorf("shortcut %d: volume %+v, want %08X %q", i, got.Volume, want.Serial, want.Label)
		}
		if (got.Tracker != nil) != (want.Machine != "") || got.Tracker != nil && got.Tracker.Machine != want.Machine {
			t.Errorf("shortcut %d: tracker %+v, want %q", i, got.Tracker, want.Machine)
		}
		if got.End != len(b) || got.Trailing != 0 {
			t.Errorf("shortcut %d: ends at %d, %d bytes follow, of %d", i, got.End, got.Trailing, len(b))
		}
		if t.Failed() {
			return
		}
	}
}

// TestCutAnywhere cuts a shortcut at every byte. What stands before the cut is read,
// and each flaw lies inside of what is left.
func TestCutAnywhere(t *testing.T) {
	l := shelllink.Link{Target: `C:\Tools\größe.exe`, Wide: true, Serial: 7, Label: "Windows", Name: "a name", WorkingDir: `C:\Tools`, Arguments: "-x",
		Machine: "kestrel-pc", Written: time.Date(2025, 1, 9, 2, 14, 33, 340881200, time.UTC), Size: 4096}
	b := l.Build()
	best, blocks := 0, len(b)-4-0x60 // the tracker is the only extra block
	for n := range len(b) {
		got, err := Parse(b[:n:n])
		if got == nil {
			if n >= 76 || err == nil { // the size of the header
				t.Errorf("cut at %d: nothing, and %v", n, err)
			}
			continue
		}
		if (err == nil) != (len(got.Damage) == 0) || err == nil && n != blocks && n < len(b)-4 { // the end mark of the blocks may be missing
			t.Errorf("cut at %d of %d: %v, %v", n, len(b), err, got.Damage)
		}
		for _, d := range got.Damage {
			if d.Offset < 0 || d.Offset > int64(n) {
				t.Errorf("cut at %d: damage at %d", n, d.Offset)
			}
		}
		parts := 0
		for _, s := range []string{got.LocalBasePath, got.Name, got.WorkingDir, got.Arguments} {
			if s != "" {
				parts++
			}
		}
		if got.Tracker != nil {
			parts++
		}
		if parts < best {
			t.Errorf("cut at %d: %d parts, %d with fewer bytes", n, parts, best)
		}
		best = max(best, parts)
	}
	if best < 4 {
		t.Errorf("%d parts before the end", best)
	}
}

// TestFollowed: bytes after a shortcut are counted, not read.
func TestFollowed(t *testing.T) {
	b := shelllink.Link{Target: `C:\a.exe`, Name: "x"}.Build()
	for _, n := range []int{1, 3, 4, 100} {
		got, err := Parse(append(bytes.Clone(b), bytes.Repeat([]byte{0xAA}, n)...))
		if err != nil || got.End != len(b) || got.Trailing != n || got.LocalBasePath != `C:\a.exe` {
			t.Errorf("%d bytes after it: ends at %d, %d follow, %v", n, got.End, got.Trailing, err)
		}
	}
}
