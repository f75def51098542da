package collect_test

import (
	"bytes"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/klauspost/compress/gzip"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
)

// listed names all that a collection shows, and reads it.
func listed(hosts []collect.Host) (out []string) {
	for _, h := range hosts {
		out = append(out, h.Name)
		for _, err := range h.Problems {
			out = append(out, err.Error())
		}
		for _, v := range h.Volumes {
			fs.WalkDir(v.FS, ".", func(p string, e fs.DirEntry, err error) error {
				out = append(out, p)
				if err != nil || e.IsDir() {
					return nil
				}
				if st, err := fs.Stat(v.FS, p); err == nil {
					out = append(out, st.ModTime().String())
				}
				b, _ := fs.ReadFile(v.FS, p)
				out = append(out, string(b))
				return nil
			})
		}
	}
	return out
}

// FuzzTar opens tars of any bytes, plain and compressed, and reads what they hold, twice alike.
func FuzzTar(f *testing.F) {
	names, data := filesOf(3)
	whole := tarOf(f, names, data)
	f.Add(whole, false)
	f.Add(whole, true)
	f.Add(whole[:len(whole)-1500], false)
	hurt := bytes.Clone(whole)
	hurt[1024] ^= 0xFF
	f.Add(hurt, false)
	opts := &collect.Options{MaxEntries: 1000, MaxEntry: 1 << 20, MaxExpanded: 4 << 20, MaxReadFile: 1 << 20}
	f.Fuzz(func(t *testing.T, b []byte, pack bool) {
		if pack {
			var z bytes.Buffer
			w := gzip.NewWriter(&z)
			w.Write(b)
			w.Close()
			b = z.Bytes()
		}
		open := func() []string {
			c, err := openZip(t, b, opts)
			if err != nil {
				return []string{err.Error()}
			}
			defer c.Close()
			return listed(c.Hosts)
		}
		if one, two := open(), open(); !slices.Equal(one, two) {
			t.Fatal("two readings differ")
		}
	})
}

// FuzzLogs gives the logs that collectors leave beside their files any contents: KAPE's copy log, Velociraptor's lists of uploads and of
// times, and the index of a sparse file. The files themselves are found whatever the logs say.
func FuzzLogs(f *testing.F) {
	f.Add([]byte("CopiedTimestamp,SourceFile,DestinationFile,FileSize,SourceFileSha1,DeferredCopy,CreatedOnUtc,ModifiedOnUtc,LastAccessedOnUtc,CopyDuration\n"+
		`2024-01-02 03:04:05,C:\Windows\a,D:\out\C\Windows\a,1,00,False,2020-01-02 03:04:05.1234567,2020-01-02 03:04:06,2020-01-02 03:04:07,0`+"\n"), []byte(`{"file_offset":0,"length":3,"file_length":3}`))
	f.Add([]byte(`{"_Components":["uploads","auto","C:","Windows","a"],"Type":""}`+"\n"+`{"SourceFile":"C:\\Windows\\a","Created":"2020-01-02T03:04:05Z"}`), []byte(`{"ranges":[{"file_offset":0,"original_offset":10,"file_length":4,"length":9}]}`))
	f.Fuzz(func(t *testing.T, log, index []byte) {
		put := func(b []byte) *fstest.MapFile { return &fstest.MapFile{Data: b} }
		for _, fsys := range []fstest.MapFS{
			{"C/Windows/System32/a": put([]byte("data")), "2024-01-02T03_04_05_0000000_X_copylog.csv": put(log)},
			{
				"uploads/auto/C%3A/Windows/System32/a": put([]byte("data")), "uploads/auto/C%3A/Windows/System32/a.idx": put(index), "uploads.json": put(log), "client_info.json": put(log),
				"results/Windows.KapeFiles.Targets%2FAll File Metadata.json": put(log),
			},
		} {
			open := func() []string {
				hosts, err := collect.Layout(fsys)
				if err != nil || len(hosts) != 1 {
					t.Fatalf("%d hosts, %v", len(hosts), err)
				}
				st, err := fs.Stat(hosts[0].Volumes[0].FS, "Windows/System32/a")
				if err != nil {
					t.Fatal(err)
				}
				if st.Size() > 1<<20 {
					return nil
				}
				return listed(hosts)
			}
			if one, two := open(), open(); !slices.Equal(one, two) {
				t.Fatal("two readings differ")
			}
		}
	})
}
