package programs_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/programs"
)

func onDisk(path, ref string, at time.Time) artifacts.Record {
	return rec("mft", filesystem.File{Path: path, Reference: ref, Size: 4096, Exists: true, NameCreated: at})
}

// inFull is the model as it is written out.
func inFull(t *testing.T, m *programs.Model) string {
	t.Helper()
	var b bytes.Buffer
	if err := m.WriteJSON(&b, &programs.View{All: true}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestQuietFiles: a file of which one record of $MFT is all that is known gives the
// program that it would give if it were kept as one, and what other records say of
// it is joined, whichever comes first.
func TestQuietFiles(t *testing.T) {
	const tool, other, short = `C:\Users\bob\tool.exe`, `D:\bin\other.exe`, `C:\Users\bob\Downloads\setup program.exe`
	list := []artifacts.Record{
		onDisk(tool, "100-2", day), onDisk(other, "101-3", day), onDisk(short, "102-1", day.Add(time.Hour)),
		onDisk(`C:\Users\bob\helper.dll`, "103-1", day), onDisk(`C:\Users\bob\new.exe`, "104-1", day),
		onDisk(`C:\Users\bob\tool.exe`, "105-1", day.Add(-time.Hour)), // an earlier file of the path
		pf(`\VOLUME{1}\USERS\BOB\TOOL.EXE`, 1, day.Add(time.Minute)),
		rec("usnjrnl", filesystem.Change{Kind: filesystem.KindSession, Path: `C:\Users\bob\new.exe`, OldPath: `C:\Users\bob\old.exe`,
			Renamed: day, Created: day, Reference: "104-1"}),
	}
	for i := range list {
		list[i].ID = fmt.Sprintf("%016x", i+1)
	}
	want := inFull(t, build(slices.Clone(list)))
	if n := strings.Count(want, "\n"); n != 5 {
		t.Fatalf("%d programs:\n%s", n, want)
	}
	for _, text := range []string{`"path":"D:\\bin\\other.exe","key":"\\bin\\other.exe","volume":"D:"`, `"file_reference":"101-3"`,
		`"old.exe`, `"record":"0000000000000003"`} {
		if !strings.Contains(want, strings.ReplaceAll(text, `"old.exe`, `old.exe`)) {
			t.Errorf("%s is not in\n%s", text, want)
		}
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		rnd.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		if got := inFull(t, build(slices.Clone(list))); got != want {
			t.Fatalf("another order gives\n%s\nwant\n%s", got, want)
		}
	}
	// Ids of another form are kept as programs: the same is written, but for the id.
	for i := range list {
		list[i].ID = "x" + list[i].ID[1:]
	}
	loud := build(slices.Clone(list))
	if len(loud.Programs) != 5 {
		t.Errorf("%d programs are kept whole", len(loud.Programs))
	}
	ids := regexp.MustCompile(`"start_id":"[0-9a-f]*"`) // they follow from those of records
	want = ids.ReplaceAllString(want, "")
	if got := ids.ReplaceAllString(strings.ReplaceAll(inFull(t, loud), `"x`, `"0`), ""); got != want {
		t.Errorf("kept whole:\n%s\nwant\n%s", got, want)
	}
}

// TestKeep: what is noted in a program that is made when it is looked at stays.
func TestKeep(t *testing.T) {
	var list []artifacts.Record
	for i := range 9 {
		list = append(list, onDisk(fmt.Sprintf(`C:\tools\%d.exe`, i), fmt.Sprintf("%d-1", 50+i), day))
		list[i].ID = fmt.Sprintf("%016x", i+1)
	}
	m := build(list)
	var kept []*programs.Program
	for p, made := range m.All() {
		if !made {
			t.Errorf("%s is kept", p.Path)
		}
		if p.Path == `C:\tools\4.exe` {
			p.Level = "high"
			kept = append(kept, p)
		}
	}
	m.Keep(kept)
	n := 0
	for p := range m.All() {
		if want := fmt.Sprintf(`C:\tools\%d.exe`, n); p.Path != want || (p.Level == "high") != (n == 4) {
			t.Errorf("%s (%s), want %s", p.Path, p.Level, want)
		}
		n++
	}
	for p := range m.Choose(&programs.View{}) {
		if p.Level != "high" {
			t.Errorf("%s is shown", p.Path)
		}
	}
	if n != 9 || m.Len() != 9 || len(m.Programs) != 1 || len(m.Program(`\tools\4.exe`)) != 1 || len(m.Program(`\tools\5.exe`)) != 1 {
		t.Errorf("%d programs, %d, %d kept", n, m.Len(), len(m.Programs))
	}
}
