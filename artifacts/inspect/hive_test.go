package inspect

import (
	"bytes"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/corpus/scca"
)

// TestHive lists keys and values, and a deleted key where it is asked for.
func TestHive(t *testing.T) {
	at := time.Date(2026, 3, 6, 18, 2, 3, 0, time.UTC)
	h := regf.New("ROOT", at)
	k := h.Root.Sub(`Software\Tool`).At(at)
	k.Set("Path", regf.String(`C:\x.exe`)).Set("Count", regf.DWord(7)).Set("List", regf.Multi("a", "b"))
	got, err := lines(t, file("NTUSER.DAT", h.Build()), Options{})
	if err != nil || len(got) != 6 {
		t.Fatalf("%d rows, %v: %q", len(got), err, got)
	}
	all := strings.Join(got, "\n")
	for _, want := range []string{
		`"key":"\\Software\\Tool","written":"2026-03-06T18:02:03.0000000Z","filetime":134172937230000000`,
		`"key":"\\Software\\Tool","value":"Path","type":"REG_SZ","text":"C:\\x.exe","data":"43003a005c0078002e006500780065000000"`,
		`"value":"Count","type":"REG_DWORD","number":7,"data":"07000000"`, `"value":"List","type":"REG_MULTI_SZ","texts":["a","b"]`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no row %s in\n%s", want, all)
		}
	}
	if _, err := lines(t, file("cut", h.Build()[:4100]), Options{}); err == nil {
		t.Error("a hive that is cut has no damage")
	}
}

// TestPrefetch lists what a Prefetch file says, plain and compressed.
func TestPrefetch(t *testing.T) {
	at := time.Date(2026, 3, 6, 18, 2, 3, 0, time.UTC)
	for _, mam := range []bool{false, true} {
		f := scca.Spec{Version: scca.Win10, Path: `\DEVICE\HARDDISKVOLUME3\TOOL.EXE`, LastRuns: []time.Time{at}, RunCount: 1, MAM: mam}
		got, err := lines(t, file("x", f.Build()), Options{})
		if err != nil || len(got) != 1 || !strings.Contains(got[0], `"executable":"TOOL.EXE"`) || !strings.Contains(got[0], `"run_count":1,"last_runs":["2026-03-06T18:02:03.0000000Z"]`) {
			t.Errorf("%q, %v", got, err)
		}
	}
}

// TestPicture lists the pieces of a bitmap cache and draws them.
func TestPicture(t *testing.T) {
	b := []byte("RDP8bmp\x00\x06\x00\x00\x00")
	for i := range 3 {
		b = append(b, byte(i), 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 0)
		b = append(b, bytes.Repeat([]byte{10, 20, 30, 0}, 4)...)
	}
	got, err := lines(t, file("Cache0000.bin", b), Options{})
	if err != nil || len(got) != 3 || got[1] != `40,"key":"0000000000000001","width":2,"height":2` {
		t.Errorf("%q, %v", got, err)
	}
	var out bytes.Buffer
	n, err := Picture(&out, file("Cache0000.bin", b[:len(b)-1])) // the last piece is cut
	if n != 2 || err == nil {
		t.Fatalf("%d pieces, %v", n, err)
	}
	m, err := png.Decode(&out)
	if err != nil {
		t.Fatal(err)
	}
	if r, g, b, _ := m.At(64, 1).RGBA(); m.Bounds().Dx() != 128 || r>>8 != 30 || g>>8 != 20 || b>>8 != 10 {
		t.Errorf("%v: %d %d %d", m.Bounds(), r>>8, g>>8, b>>8)
	}
	if n, err := Picture(&out, file("x", []byte("BM"))); n != 0 || err == nil {
		t.Errorf("no cache: %d, %v", n, err)
	}
}

// TestKinds: each kind has one name.
func TestKinds(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Kinds() {
		if seen[k] {
			t.Errorf("%s twice", k)
		}
		seen[k] = true
	}
}
