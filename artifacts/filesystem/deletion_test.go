package filesystem_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
)

// TestDeletionBounds: the journal gives the moment of a deletion. A file whose deletion
// it does not have was deleted before it begins; without a journal, before the newest
// change of the volume, in which one file from the future does not count.
func TestDeletionBounds(t *testing.T) {
	made := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(hours int) time.Time { return made.Add(time.Duration(hours) * time.Hour) }
	v := ntfsmeta.New(ntfsmeta.Spec{Made: made})
	early := v.Create(ntfsmeta.Root, "early.exe", nil, at(1))
	late := v.Create(ntfsmeta.Root, "late.exe", nil, at(2))
	other := v.Mkdir(ntfsmeta.Root, "other", at(2))
	future, last := v.Create(other, "future.txt", nil, at(2)), v.Create(other, "last.txt", nil, at(2))
	for i := range 20 {
		v.Create(other, fmt.Sprint(i, ".txt"), nil, at(2))
	}
	v.Delete(early, at(3))
	filler := func(hour int) {
		for range 60 { // fills pages of the journal and takes no free record
			v.Write(last, nil, at(hour))
		}
	}
	filler(4)
	begin := len(v.J()) &^ 4095
	filler(5)
	v.Delete(late, at(6))
	v.SetTimes(future, at(7), at(7), time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC), at(7), at(7))
	v.Write(last, nil, at(8))
	mft, journal := v.MFT(), v.J()

	lines := func(files map[string][]byte) (out []string) {
		for _, f := range of[filesystem.File](decode(t, files, nil)) {
			if f.Exists {
				continue
			}
			hour := func(x time.Time) string {
				if x.IsZero() {
					return "-"
				}
				return fmt.Sprintf("%.0f", x.Sub(made).Hours())
			}
			var line strings.Builder
			line.WriteString(f.Path[3:] + " " + hour(f.Deleted) + " " + hour(f.DeletedAfter) + " " + hour(f.DeletedBefore))
			for _, e := range f.Events() {
				if e.Kind == "File Deletion Time" {
					_, says, _ := strings.Cut(e.Message, " was deleted")
					line.WriteString(fmt.Sprint(" ", hour(e.Time), " ", e.Estimate, says))
				}
			}
			out = append(out, line.String())
		}
		slices.Sort(out)
		return out
	}
	const hour = "2025-01-01 %02d:00:00"
	between := func(a, b int, why string) string {
		return fmt.Sprintf(" between "+hour+" (last change of its record) and "+hour+" (%s)", a, b, why)
	}
	for name, c := range map[string]struct {
		files map[string][]byte
		want  []string
	}{
		"no journal": {map[string][]byte{"$MFT": mft}, []string{
			"early.exe - 1 8 1 true" + between(1, 8, "the newest change of the volume"),
			"late.exe - 2 8 2 true" + between(2, 8, "the newest change of the volume"),
		}},
		"whole journal": {map[string][]byte{"$MFT": mft, "$J": journal}, []string{
			"early.exe 3 - - 3 false, by the change journal", "late.exe 6 - - 6 false, by the change journal",
		}},
		"later journal": {map[string][]byte{"C/$MFT": mft, "C/$Extend/$J": journal[begin:]}, []string{
			"early.exe - 1 5 1 true" + between(1, 5, "the change journal, which begins then, has no deletion of it"),
			"late.exe 6 - - 6 false, by the change journal",
		}},
	} {
		if got := lines(c.files); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %s\nwant %s", name, strings.Join(got, "\n     "), strings.Join(c.want, "\n     "))
		}
	}
}

// TestTimesMoved joins the change that dated the intruder's DLL back with the record of
// its creation and with what $MFT says now. Where times were set twice, either may
// have done it; a program whose creation is not in the journal is not judged.
func TestTimesMoved(t *testing.T) {
	v := corpus.Metadata()
	moved := func(files map[string][]byte, opts *artifacts.Options) (out []string) {
		for _, r := range decode(t, files, opts) {
			c, ok := artifacts.As[filesystem.Change](&r)
			if !ok || c.CreatedTo.IsZero() {
				continue
			}
			for _, e := range r.Events() {
				if e.Kind == "Times Set Time" {
					out = append(out, e.Message)
				}
			}
		}
		return out
	}
	got := moved(map[string][]byte{"$MFT": v.MFT(), "$J": v.J()}, nil)
	want := []string{"Change journal times or attributes of " + `C:\Users\Public\Libraries\cache.dll` +
		" were set, created moved from 2026-03-06 18:02:50.4410020 to 2023-11-08 09:00:00.0000000"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := moved(map[string][]byte{"$J": v.J()}, nil); len(got) > 0 {
		t.Errorf("without $MFT: %q", got)
	}

	made := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	old := time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)
	v = ntfsmeta.New(ntfsmeta.Spec{Made: made})
	twice := v.Create(ntfsmeta.Root, "twice.exe", nil, made.Add(time.Hour))
	v.SetTimes(twice, old, time.Time{}, time.Time{}, time.Time{}, made.Add(2*time.Hour))
	v.SetTimes(twice, time.Time{}, old, time.Time{}, time.Time{}, made.Add(3*time.Hour))
	honest := v.Create(ntfsmeta.Root, "honest.exe", nil, made.Add(4*time.Hour))
	v.SetTimes(honest, time.Time{}, old, time.Time{}, time.Time{}, made.Add(5*time.Hour))
	got = moved(map[string][]byte{"$MFT": v.MFT(), "$J": v.J()}, &artifacts.Options{Full: true})
	want = []string{`Change journal times or attributes of C:\twice.exe were set, created moved from ` +
		"2025-01-01 01:00:00.0000000 to 2019-01-01 00:00:00.0000000, in one of 2 such changes"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
