package collect

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

const ownDevice = "uploads/ntfs/%5C%5C.%5CC%3A"

func ownCollection(manifest, files, listing string) fstest.MapFS {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(listing))
	z.Close()
	f := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	return fstest.MapFS{
		ownDevice + "/Windows/System32/config/SYSTEM": f("regf"),
		"artifactdump/manifest.json":                  f(manifest),
		"artifactdump/files.jsonl":                    f(files),
		"artifactdump/listing.jsonl.gz":               f(b.String()),
	}
}

const (
	ownManifest = `{"volumes":[{"name":"C:","stored":"` + ownDevice + `"}]}`
	ownFiles    = `{"path":"C:\\Windows\\System32\\config\\SYSTEM","stored":"` + ownDevice +
		`/Windows/System32/config/SYSTEM","state":"failed","error":"bad sector","source":"$STANDARD_INFORMATION","si":[133000000000000000,0,0,1]}` + "\n"
	ownListing = `{"path":"C:\\Windows\\notepad.exe","size":42,"times":[133000000000000000,133000000000000001,0,1,0,0]}` + "\n" +
		`{"path":"C:\\Link","link":true,"times":[0,0,0,0,0,0]}` + "\n" +
		`{"path":"C:\\Windows\\..\\x","times":[0,0,0,0,0,0]}` + "\n" +
		`{"path":"C:\\Windows\\System32\\config\\SYSTEM","size":9,"times":[0,0,0,0,0,0]}` + "\n"
)

// TestOwnCollection reads the lists of a collection: times, what was not collected, what was collected in part.
func TestOwnCollection(t *testing.T) {
	hosts, err := Layout(ownCollection(ownManifest, ownFiles, ownListing))
	if err != nil || len(hosts) != 1 || len(hosts[0].Volumes) != 1 {
		t.Fatalf("%v, %v", hosts, err)
	}
	h := hosts[0]
	if len(h.Problems) != 1 || !strings.Contains(h.Problems[0].Error(), "collected as failed: bad sector") {
		t.Errorf("problems: %v", h.Problems)
	}
	v := h.Volumes[0].FS
	st, err := fs.Stat(v, "Windows/notepad.exe")
	if err != nil || st.Size() != 42 || st.Sys().(*Times).Created.IsZero() || st.Sys().(*Times).Copied {
		t.Errorf("%v, %v", st, err)
	}
	if _, err := fs.ReadFile(v, "Windows/notepad.exe"); !errors.Is(err, ErrNotCollected) {
		t.Errorf("content of a listed file: %v", err)
	}
	if st, err := fs.Stat(v, "Link"); err != nil || st.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("%v, %v", st, err)
	}
	if b, err := fs.ReadFile(v, "Windows/System32/config/SYSTEM"); err != nil || string(b) != "regf" {
		t.Errorf("a collected file that is listed: %q, %v", b, err)
	}
	if list, _ := fs.ReadDir(v, "."); len(list) != 2 {
		t.Errorf("%v", list)
	}
}

// FuzzOwnCollection lays out hostile lists.
func FuzzOwnCollection(f *testing.F) {
	f.Add(ownManifest, ownFiles, ownListing)
	f.Add(`{"volumes":[{"name":"Volume{x}","snapshot":"vss1"}]}`, "{}", "{}\n")
	f.Fuzz(func(t *testing.T, manifest, files, listing string) {
		hosts, err := Layout(ownCollection(manifest, files, listing))
		if err != nil {
			return
		}
		for _, h := range hosts {
			for _, v := range h.Volumes {
				fs.WalkDir(v.FS, ".", func(p string, d fs.DirEntry, err error) error {
					if !fs.ValidPath(p) {
						t.Fatalf("%q", p)
					}
					return nil
				})
			}
		}
	})
}

// TestOwnFileTable names the $MFT that should have been the listing and cannot be.
func TestOwnFileTable(t *testing.T) {
	manifest := strings.Replace(ownManifest, `"name"`, `"listing":"$MFT","listed":7,"name"`, 1)
	for _, c := range []struct {
		mft  []byte // nil: none
		want string
	}{
		{nil, "not exist"},
		{bytes.Repeat([]byte("no file records "), 1024), "read in part"},
	} {
		fsys := ownCollection(manifest, "", "")
		delete(fsys, "artifactdump/listing.jsonl.gz")
		if c.mft != nil {
			fsys[ownDevice+"/$MFT"] = &fstest.MapFile{Data: c.mft}
		}
		hosts, err := Layout(fsys)
		if err != nil {
			t.Fatal(err)
		}
		p := hosts[0].Problems
		if len(p) != 1 || !strings.Contains(p[0].Error(), c.want) || !strings.Contains(p[0].Error(), "may be taken for missing") {
			t.Errorf("%.20s: problems: %v", c.mft, p)
		}
	}
}
