package filesystem_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
)

// TestWordsOfEvents: a name that a rename made has the times of the file, which was there
// before; a stream that was written when it came was created, of another it is not known.
func TestWordsOfEvents(t *testing.T) {
	at := time.Date(2025, 1, 1, 10, 0, 0, 0, time.UTC)
	v := ntfsmeta.New(ntfsmeta.Spec{Made: at.Add(-72 * time.Hour)})
	dir := v.Mkdir(ntfsmeta.Root, "tools", at)
	v.Create(dir, "new.exe", []byte("x"), at)
	moved := v.Create(dir, "old.exe", []byte("x"), at.Add(time.Minute))
	v.Write(moved, []byte("xy"), at.Add(2*time.Minute))
	v.Rename(moved, dir, "moved.exe", at.Add(3*time.Minute))
	v.Stream(moved, "Zone.Identifier", []byte("[ZoneTransfer]\r\nZoneId=3\r\n"), at.Add(4*time.Minute))
	var got []string
	for _, r := range decode(t, map[string][]byte{
		"C/$MFT": v.MFT(), "C/$Extend/$J": v.J(), "C/Windows/System32/config/SYSTEM": corpus.Incident().Files()["Windows/System32/config/SYSTEM"],
	}, nil) {
		for _, e := range r.Events() {
			if strings.Contains(e.Kind, "File Name Created") || strings.Contains(e.Kind, "Stream") {
				got = append(got, e.Time.Format(time.TimeOnly)+" "+e.Kind+": "+e.Message)
			}
		}
	}
	slices.Sort(got)
	want := []string{
		`10:00:00 File Name Created Time: $MFT C:\tools\new.exe appeared (name made; 1 bytes)`,
		`10:01:00 File Name Created Time: $MFT C:\tools\moved.exe appeared not later than this (renamed or moved since; 2 bytes)`,
		`10:04:00 Stream Created Time: Change journal a stream of C:\tools\moved.exe was created; it has a Mark of the Web`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestResponder: what is named after a collector came, on the last day of the volume, is
// marked. A collector of an earlier day marks nothing.
func TestResponder(t *testing.T) {
	at := time.Date(2025, 1, 1, 10, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name  string
		after time.Duration // until the end of the volume
		want  []string
	}{
		{"Velociraptor-v0.7.exe", time.Hour, []string{"Velociraptor-v0.7.exe", "later.exe"}},
		{"KAPE.EXE", time.Hour, []string{"KAPE.EXE", "later.exe"}},
		{"kape.exe", 72 * time.Hour, nil},
		{"landscape.exe", time.Hour, nil},
		{"kape.txt", time.Hour, nil},
	} {
		v := ntfsmeta.New(ntfsmeta.Spec{Made: at.Add(-72 * time.Hour)})
		dir := v.Mkdir(ntfsmeta.Root, "tools", at)
		for i := range 20 {
			v.Create(dir, fmt.Sprintf("before%d.exe", i), []byte("x"), at)
		}
		v.Create(dir, c.name, []byte("x"), at.Add(time.Minute))
		v.Create(dir, "later.exe", []byte("x"), at.Add(c.after))
		for i := range 20 { // not shown
			v.Create(dir, fmt.Sprintf("later%d.txt", i), []byte("x"), at.Add(c.after))
		}
		var files, changes []string
		for _, r := range decode(t, map[string][]byte{
			"C/$MFT": v.MFT(), "C/$Extend/$J": v.J(), "C/Windows/System32/config/SYSTEM": corpus.Incident().Files()["Windows/System32/config/SYSTEM"],
		}, nil) {
			switch d := r.Data.(type) {
			case filesystem.File:
				if d.Responder && slices.Contains(d.Tags(), "responder") {
					files = append(files, strings.TrimPrefix(d.Path, `C:\tools\`))
				}
			case filesystem.Change:
				if d.Responder && slices.Contains(d.Tags(), "responder") {
					changes = append(changes, strings.TrimPrefix(d.Path, `C:\tools\`))
				}
			}
		}
		if !slices.Equal(files, c.want) || !slices.Equal(changes, c.want) {
			t.Errorf("%s, %v: files %q, changes %q, want %q", c.name, c.after, files, changes, c.want)
		}
	}
}
