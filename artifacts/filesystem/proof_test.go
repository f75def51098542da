package filesystem_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
)

// TestLastChangeByUSN: the record of the journal that a program in doubt names gives the
// moment at which its times were set. Without the journal it is not known.
func TestLastChangeByUSN(t *testing.T) {
	v := corpus.Metadata()
	for name, c := range map[string]struct {
		files map[string][]byte
		want  string
	}{
		"with a journal":    {map[string][]byte{"$MFT": v.MFT(), "$J": v.J()}, "2026-03-06T18:11:09.6007711Z"},
		"without a journal": {map[string][]byte{"$MFT": v.MFT()}, "0001-01-01T00:00:00Z"},
	} {
		var got []string
		for _, f := range of[filesystem.File](decode(t, c.files, nil)) {
			if f.Forged != nil && f.Forged.Strong {
				got = append(got, f.Forged.LastChange.Format(time.RFC3339Nano))
			}
		}
		if !slices.Equal(got, []string{c.want}) {
			t.Errorf("%s: %q, want %s", name, got, c.want)
		}
	}
}

// TestClockBack: where time goes back in the journal, the clock was set.
func TestClockBack(t *testing.T) {
	made := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	v := ntfsmeta.New(ntfsmeta.Spec{Made: made})
	for i, hour := range []int{5, 6, 2, 3, 7} {
		v.Create(ntfsmeta.Root, fmt.Sprint(i, ".txt"), nil, made.Add(time.Duration(hour)*time.Hour))
	}
	var got []string
	for _, r := range decode(t, map[string][]byte{"$J": v.J()}, nil) {
		if c, ok := artifacts.As[filesystem.Change](&r); ok && c.Kind == filesystem.KindClock {
			for _, e := range r.Events() {
				got = append(got, e.Time.Format(time.TimeOnly)+" "+e.Kind+": "+e.Message)
			}
		}
	}
	want := []string{"02:00:00 Clock Set Back Time: Change journal goes back from 2025-01-01 06:00:00.0000000 to 2025-01-01 02:00:00.0000000: the clock was set"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestOddStream: a named stream on a folder or on a file of System32 is shown, one on
// another file or with a name that is known is not.
func TestOddStream(t *testing.T) {
	made := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	v := ntfsmeta.New(ntfsmeta.Spec{Made: made})
	windows := v.Mkdir(ntfsmeta.Root, "Windows", made)
	system := v.Mkdir(windows, "System32", made)
	for _, x := range []struct {
		file   ntfsmeta.Ref
		stream string
	}{
		{v.Mkdir(ntfsmeta.Root, "odd folder", made), "notes"},
		{v.Mkdir(ntfsmeta.Root, "usual folder", made), "Win32App_1"},
		{v.Create(system, "odd.txt", nil, made), "notes"},
		{v.Create(windows, "usual.txt", nil, made), "notes"},
		{system, "x"},
	} {
		v.Stream(x.file, x.stream, []byte("text"), made)
	}
	var got []string
	for _, f := range of[filesystem.File](decode(t, map[string][]byte{"$MFT": v.MFT()}, nil)) {
		got = append(got, f.Path+" "+f.OddStream)
		if f.Shown != string(filesystem.StreamOnSystem) {
			t.Errorf("%s is shown because: %s", f.Path, f.Shown)
		}
	}
	slices.Sort(got)
	if want := []string{`C:\Windows\System32 x`, `C:\Windows\System32\odd.txt notes`, `C:\odd folder notes`}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
