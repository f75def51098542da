package artifacts_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/collector"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/corpus/testcost"
	"github.com/artifactdump/artifactdump/prefetch/xpress"
)

const (
	wwwroot     = "inetpub/wwwroot/"
	oddHosts    = "Windows/System32/drivers/etc/hosts"
	oddSystem   = "Windows/Prefetch/POWERSHELL.EXE-CA1AE517.pf"
	oddElse     = wwwroot + "wim.aspx"
	oddSecret   = wwwroot + "secret.aspx"
	packedName  = "WofCompressedData"
	attrData    = 0x80
	attrReparse = 0xC0
)

// TestCollectedOdd collects a volume with files that are not read as others are: compressed for the system, encrypted, with names
// that Windows cannot write, with a path of 350 characters, and below a folder that is a link.
func TestCollectedOdd(t *testing.T) {
	testcost.Again(t)
	files := maps.Clone(shadowStates()[3])
	page := func(name string) {
		files[name] = []byte("<%@ Page %><% /* " + name + strings.Repeat(" eval(Request.Item[1])", 300) + " */ %>")
	}
	long := wwwroot + strings.Repeat("a folder of 35 characters in a row/", 10) + "end.aspx"
	names := []string{oddElse, oddSecret, long, wwwroot + `per%41cent %.aspx`, wwwroot + "日本語 +&#~.aspx", wwwroot + `a<b>c|d?e*f"g.aspx`, wwwroot + " edge.aspx"}
	for _, name := range names {
		page(name)
	}
	files[oddHosts] = bytes.Repeat([]byte("10.0.0.9 bank.example # a line that repeats\r\n"), 900)
	if n := len("C:/") + len(long); n < 350 {
		t.Fatalf("a path of %d characters", n)
	}
	img := oddImage(t, files)
	var b bytes.Buffer
	ev, err := evidence.Open(img, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	if _, err := collector.Collect(t.Context(), ev, &b, &collector.Options{Artifacts: catalogue.All()}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "host.zip")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	list := collectedLines(t, path)
	for name, state := range map[string]string{oddHosts: "whole", oddSystem: "whole", long: "whole", names[3]: "whole", names[4]: "whole", names[5]: "whole", names[6]: "whole"} {
		r, ok := list[`C:\`+strings.ReplaceAll(name, "/", `\`)]
		if sum := fmt.Sprintf("%x", sha256.Sum256(files[name])); !ok || r.State != state || r.SHA256 != sum || r.Size != int64(len(files[name])) {
			t.Errorf("%s: %+v (%t), want SHA-256 %s", name, r, ok, sum)
		}
	}
	for name, problem := range map[string]string{oddElse: "in an image file", oddSecret: "encrypted by EFS"} {
		if r := list[`C:\`+strings.ReplaceAll(name, "/", `\`)]; r.State != "failed" || !strings.Contains(r.Error, problem) {
			t.Errorf("%s: %+v, want %q", name, r, problem)
		}
	}
	for p := range list {
		if strings.Contains(p, `\loop\`) {
			t.Errorf("%s was reached through a link", p)
		}
	}
	want := allRecords(t, img)
	if !slices.ContainsFunc(want, func(l string) bool { return strings.Contains(l, "bank.example") }) {
		t.Error("no record of the compressed hosts file")
	}
	got := allRecords(t, path, "wim.aspx: collected as failed", "secret.aspx: collected as failed")
	drop := func(l string) bool { // what cannot be read is told in other words
		return strings.HasPrefix(l, "error: ") && (strings.Contains(l, "wim.aspx") || strings.Contains(l, "secret.aspx"))
	}
	if n := len(want); len(slices.DeleteFunc(want, drop)) == n || len(slices.DeleteFunc(got, drop)) == 0 {
		t.Error("no error for the files that cannot be read")
	}
	sameLines(t, "collection", want, got)
}

// A collectedLine is what the list of a collection says of a file.
type collectedLine struct {
	Path, State, Error, SHA256 string
	Size                       int64
}

func collectedLines(t *testing.T, path string) map[string]collectedLine {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	b, err := fs.ReadFile(z, "artifactdump/files.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]collectedLine{}
	for line := range bytes.Lines(b) {
		var r collectedLine
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		out[r.Path] = r
	}
	return out
}

// oddImage writes an NTFS volume with its tools, and makes of some files what Windows makes of them.
func oddImage(t *testing.T, files map[string][]byte) string {
	t.Helper()
	need(t, "mkfs.ntfs", "wimcapture", "wimapply", "ntfscp")
	dir := t.TempDir()
	sh := func(name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
	}
	put := func(name string, b []byte) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, b := range files {
		put("tree/"+name, b)
	}
	if err := os.Symlink(".", filepath.Join(dir, "tree", wwwroot, "loop")); err != nil {
		t.Fatal(err)
	}
	put("all.ini", []byte("[ExclusionList]\n"))
	sh("truncate", "-s", "64M", "volume.img")
	sh("mkfs.ntfs", "-F", "-Q", "-s", "512", "-c", "4096", "-p", "0", "-H", "255", "-S", "63", "volume.img")
	sh("wimcapture", "tree", "t.wim", "--compress=none", "--config=all.ini")
	sh("wimapply", "t.wim", "1", "volume.img")
	for name, chunk := range map[string]int{oddHosts: 4 << 10, oddSystem: 16 << 10} {
		put("packed", systemCompressed(files[name], chunk))
		sh("ntfscp", "-N", packedName, "volume.img", "packed", "/"+name)
	}
	path := filepath.Join(dir, "volume.img")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, info := range map[string][]uint32{oddHosts: {1, 2, 1, 0}, oddSystem: {1, 2, 1, 3}, oddElse: {1, 1, 1, 0}} {
		value := make([]byte, 8, 24)
		binary.LittleEndian.PutUint32(value, 0x80000017)
		for _, n := range info {
			value = binary.LittleEndian.AppendUint32(value, n)
		}
		patchRecord(t, b, name, func(attrs [][]byte) [][]byte {
			i := slices.IndexFunc(attrs, isMainData)
			attrs[i] = hole(len(files[name]))
			return append(attrs, residentAttr(attrReparse, value))
		})
	}
	patchRecord(t, b, oddSecret, func(attrs [][]byte) [][]byte {
		a := attrs[slices.IndexFunc(attrs, isMainData)]
		a[13] |= 0x40 // ATTRIBUTE_FLAG_ENCRYPTED
		return attrs
	})
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// systemCompressed is a table of chunks, and the chunks.
func systemCompressed(content []byte, chunk int) []byte {
	var table, data []byte
	for part := range slices.Chunk(content, chunk) {
		if len(data) > 0 {
			table = binary.LittleEndian.AppendUint32(table, uint32(len(data)))
		}
		if packed := xpress.AppendEncode(nil, part); len(packed) < len(part) {
			part = packed
		}
		data = append(data, part...)
	}
	return append(table, data...)
}

func isMainData(a []byte) bool { return binary.LittleEndian.Uint32(a) == attrData && a[9] == 0 }

// hole is a main stream that has no clusters.
func hole(size int) []byte {
	a := make([]byte, 72)
	le := binary.LittleEndian
	clusters := (size + 4095) / 4096
	le.PutUint32(a, attrData)
	le.PutUint32(a[4:], uint32(len(a)))
	a[8] = 1
	le.PutUint64(a[24:], uint64(clusters-1))
	le.PutUint16(a[32:], 64)
	le.PutUint64(a[40:], uint64(clusters*4096))
	le.PutUint64(a[48:], uint64(size))
	le.PutUint64(a[56:], uint64(size))
	a[64] = 4
	le.PutUint32(a[65:], uint32(clusters))
	return a
}

func residentAttr(typ uint32, value []byte) []byte {
	a := make([]byte, 24+(len(value)+7)/8*8)
	le := binary.LittleEndian
	le.PutUint32(a, typ)
	le.PutUint32(a[4:], uint32(len(a)))
	le.PutUint32(a[16:], uint32(len(value)))
	le.PutUint16(a[20:], 24)
	copy(a[24:], value)
	return a
}

// patchRecord changes the attributes of a file in its file record.
func patchRecord(t *testing.T, img []byte, name string, change func([][]byte) [][]byte) {
	t.Helper()
	v, err := ntfs.Open(bytes.NewReader(img), int64(len(img)), nil)
	if err != nil {
		t.Fatal(err)
	}
	st, err := v.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	mft, err := v.Open("$MFT")
	if err != nil {
		t.Fatal(err)
	}
	const size, sector = 1024, 512
	at := int64(st.Sys().(*ntfs.Stat).Entry) * size
	for _, e := range mft.(interface{ Extents() []ntfs.Extent }).Extents() {
		if e.Offset <= at && at < e.Offset+e.Length {
			at += e.Volume - e.Offset
			break
		}
	}
	le := binary.LittleEndian
	r := img[at : at+size]
	usa := r[le.Uint16(r[4:]):]
	for i := range size / sector { // the ends of the sectors, as they are without their check
		copy(r[(i+1)*sector-2:], usa[2+2*i:4+2*i])
	}
	var attrs [][]byte
	first := int(le.Uint16(r[20:]))
	for off := first; le.Uint32(r[off:]) != 0xFFFFFFFF; off += int(le.Uint32(r[off+4:])) {
		attrs = append(attrs, bytes.Clone(r[off:off+int(le.Uint32(r[off+4:]))]))
	}
	body := append(bytes.Join(change(attrs), nil), 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0)
	if first+len(body) > size {
		t.Fatalf("%s: %d bytes of attributes", name, len(body))
	}
	clear(r[first+copy(r[first:], body):])
	le.PutUint32(r[24:], uint32(first+len(body)))
	for i := range size / sector {
		copy(usa[2+2*i:], r[(i+1)*sector-2:(i+1)*sector])
		copy(r[(i+1)*sector-2:], usa[:2])
	}
}
