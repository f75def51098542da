package collect_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/google/go-cmp/cmp"
)

// files makes a file system of empty files, or of those with contents in pairs.
func files(names ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for _, n := range names {
		m[n] = &fstest.MapFile{Data: []byte("x")}
	}
	return m
}

// summary brings hosts to lines that a table can hold.
func summary(hosts []collect.Machine) []string {
	var out []string
	for _, h := range hosts {
		for _, v := range h.Volumes {
			out = append(out, fmt.Sprintf("%s|%s|%s|%s|%s", h.Name, h.Kind, v.Name, v.Snapshot, v.Path))
		}
		for _, f := range h.Files {
			out = append(out, fmt.Sprintf("%s %s", f.Kind, f.Path))
		}
	}
	return out
}

func ExampleLayout() {
	hosts, err := collect.Layout(fstest.MapFS{
		"C/Windows/prefetch/CMD.EXE-D269B812.pf":    {Data: []byte("…")},
		"VSS1/Windows/prefetch/CMD.EXE-D269B812.pf": {Data: []byte("…")},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, v := range hosts[0].Volumes {
		fmt.Printf("%s %s %q\n", hosts[0].Kind, v.Name, v.Snapshot)
	}
	// Output:
	// drive roots C: ""
	// drive roots C: "vss1"
}

func TestLayout(t *testing.T) {
	mam := &fstest.MapFile{Data: []byte("MAM\x04\x10\x00\x00\x00rest")}
	regf := &fstest.MapFile{Data: append([]byte("regf"), make([]byte, 60)...)}
	log1 := &fstest.MapFile{Data: append(append([]byte("regf"), make([]byte, 24)...), 6, 0, 0, 0)}
	for _, tt := range []struct {
		name string
		fsys fs.FS
		want []string
	}{
		{"windows root", files("Windows/System32/config/SYSTEM", "Users/a/NTUSER.DAT"), []string{"|windows volume|||."}},
		{"any case", files("wInDoWs/pReFeTcH/A.pf"), []string{"|windows volume|||."}},
		{"only config", files("WINDOWS/system32/config/SAM"), []string{"|windows volume|||."}},
		{"winnt", files("WINNT/x"), []string{"|windows volume|||."}},
		{"only users", files("Users/a/ntuser.dat"), []string{"|windows volume|||."}},
		{"windows.old", files("Windows/System32/x", "Windows.old/WINDOWS/System32/y", "Windows.old.000/Windows/Prefetch/z"),
			[]string{"|windows volume|||.", "|windows volume||windows.old|Windows.old", "|windows volume||windows.old.000|Windows.old.000"}},
		{"kape", files("C/Windows/prefetch/A.pf", "D/Tools/x.exe", "VSS2/Windows/x", "VSS10/Windows/x"),
			[]string{"|drive roots|C:||C", "|drive roots|D:||D", "|drive roots||vss2|VSS2", "|drive roots||vss10|VSS10"}},
		{"kape, one drive", files("c/Users/x/y", "VSS1/Users/x/y"), []string{"|drive roots|C:||c", "|drive roots|C:|vss1|VSS1"}},
		{"colon", files("C:/a"), []string{"|drive roots|C:||C:"}},
		{"percent", files("C%3A/a"), []string{"|drive roots|C:||C%3A"}},
		{"device", files("%5C%5C.%5CC%3A/a"), []string{"|drive roots|C:||%5C%5C.%5CC%3A"}},
		{"sysvol", files("sysvol/Windows/a"), []string{"|drive roots|C:||sysvol"}},
		{"acquire", files("fs/C:/Windows/a", "fs/$fs$/fs0/EFI/x"), []string{"|acquire|C:||fs/C:", "|acquire|fs0||fs/$fs$/fs0"}},
		{"velociraptor", files("uploads/auto/C%3A/Windows/a", "uploads/ntfs/%5C%5C.%5CC%3A/$MFT",
			"uploads/ntfs/%5C%5C%3F%5CGLOBALROOT%5CDevice%5CHarddiskVolumeShadowCopy3/Windows/b"),
			[]string{"|velociraptor|C:||uploads/auto/C%3A",
				"|velociraptor|C:|vss3|uploads/ntfs/%5C%5C%3F%5CGLOBALROOT%5CDevice%5CHarddiskVolumeShadowCopy3"}},
		{"two hosts", files("PC1-C.0123456789abcdef/uploads/auto/C%3A/a", "PC2-C.fedcba9876543210/uploads/auto/C%3A/a"),
			[]string{"PC1|velociraptor|C:||PC1-C.0123456789abcdef/uploads/auto/C%3A", "PC2|velociraptor|C:||PC2-C.fedcba9876543210/uploads/auto/C%3A"}},
		{"one further down", files("case7/C/Windows/a", "notes/readme.txt"), []string{"case7|drive roots|C:||case7/C"}},
		{"hosts, one called like a drive", files("A/Windows/System32/x", "PC2/Windows/System32/x", "PC3/C/Windows/x", "notes/readme.txt"),
			[]string{"|drive roots|A:||A", "PC2|windows volume|||PC2", "PC3|drive roots|C:||PC3/C"}},
		{"hosts and loose", fstest.MapFS{"pc/Windows/System32/x": {Data: []byte("x")}, "more/A.bin": mam},
			[]string{"pc|windows volume|||pc", "|loose files|||.", "prefetch more/A.bin"}},
		{"loose", fstest.MapFS{"b/renamed": mam, "a": regf, "a.LOG1": log1, "c": {Data: []byte("regf")}, "d": {Data: []byte{17, 0, 0, 0, 'S', 'C', 'C', 'A'}}},
			[]string{"|loose files|||.", "hive a", "prefetch b/renamed", "hive c", "prefetch d"}},
		{"jump lists by their names", fstest.MapFS{"x/0123456789abcdef.automaticDestinations-ms": {Data: []byte{0xD0, 0xCF, 0x11, 0xE0}},
			"fedcba9876543210.CUSTOMDESTINATIONS-MS": {Data: []byte{2}}, "empty.automaticDestinations-ms": {}, "a.doc": {Data: []byte{0xD0, 0xCF, 0x11, 0xE0}}},
			[]string{"|loose files|||.", "jumplist fedcba9876543210.CUSTOMDESTINATIONS-MS", "jumplist x/0123456789abcdef.automaticDestinations-ms"}},
		{"windows directory itself", fstest.MapFS{"System32/config/SYSTEM": regf, "Prefetch/A.pf": mam},
			[]string{"|loose files|||.", "prefetch Prefetch/A.pf", "hive System32/config/SYSTEM"}},
		{"folder called C", fstest.MapFS{"C/src/main.c": {Data: []byte("x")}, "A.pf": mam}, []string{"|loose files|||.", "prefetch A.pf"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hosts, err := collect.Layout(tt.fsys)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, summary(hosts)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			for _, h := range hosts {
				for _, v := range h.Volumes {
					if _, err := fs.ReadDir(v.FS, "."); err != nil {
						t.Errorf("%s: %v", v.Path, err)
					}
				}
			}
		})
	}
}

func TestLayoutNothing(t *testing.T) {
	_, err := collect.Layout(files("readme.txt", "C/main.c"))
	e, ok := errors.AsType[*collect.NotRecognisedError](err)
	if !ok || len(e.Looked) < 5 {
		t.Fatalf("err = %v, want a NotRecognisedError with what was looked for", err)
	}
}

// Recognise opens no file.
func TestRecognise(t *testing.T) {
	heap := fstest.MapFS{"a/b": {Data: []byte("MAM\x04....")}}
	if hosts, err := collect.Recognise(heap); err == nil {
		t.Errorf("%v", summary(hosts))
	} else if _, ok := errors.AsType[*collect.NotRecognisedError](err); !ok {
		t.Errorf("%v", err)
	}
	heap["pc/Windows/System32/x"] = &fstest.MapFile{}
	hosts, err := collect.Recognise(heap)
	if diff := cmp.Diff([]string{"pc|windows volume|||pc"}, summary(hosts)); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestVelociraptorNames(t *testing.T) {
	hosts, err := collect.Layout(fstest.MapFS{
		"uploads/auto/C%3A/Users/50%25 off%2E/a%2Fb":            {Data: []byte("1")},
		"uploads/auto/C%3A/Users/%2E%2E/evil":                   {Data: []byte("2")},
		"uploads/ntfs/%5C%5C.%5CC%3A/users/ME/NTUSER.DAT":       {Data: []byte("3")},
		"uploads/ntfs/%5C%5C.%5CC%3A/$Extend/$UsnJrnl%3A$J":     {Data: []byte("abcdef")},
		"uploads/ntfs/%5C%5C.%5CC%3A/$Extend/$UsnJrnl%3A$J.idx": {Data: []byte(`{"ranges":[{"length":10},{"original_offset":10,"file_length":4,"length":4},{"original_offset":14,"length":3},{"file_offset":4,"original_offset":17,"file_length":2,"length":2}]}`)},
		"uploads/auto/C%3A/old":                                 {Data: []byte("xy")},
		"uploads/auto/C%3A/old.idx":                             {Data: []byte("{\"length\":1}\n{\"original_offset\":1,\"file_length\":2,\"length\":2}\n")},
		"uploads/auto/C%3A/bad":                                 {Data: []byte("xy")},
		"uploads/auto/C%3A/bad.idx":                             {Data: []byte(`{"ranges":[{"file_length":20,"length":20}]}`)},
		"client_info.json":                                      {Data: []byte(`{"Hostname":"PC7","OS":"windows"}`)},
		"results/Windows.KapeFiles.Targets%2FAll File Metadata.json": {Data: []byte(
			`{"SourceFile":"C:\\Users\\me\\ntuser.dat","Created":"2021-02-03T04:05:06.1234567Z","Modified":"2022-02-03T04:05:06Z","LastAccessed":"x"}` + "\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(hosts) != 1 || hosts[0].Name != "PC7" || len(hosts[0].Volumes) != 1 {
		t.Fatalf("hosts = %v", summary(hosts))
	}
	c := hosts[0].Volumes[0].FS
	var got []string
	if err := fs.WalkDir(c, ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			b, err := fs.ReadFile(c, p)
			if err != nil {
				return err
			}
			info, err := fs.Stat(c, p)
			if err != nil {
				return err
			}
			if info.Size() != int64(len(b)) {
				t.Errorf("%s: size %d, read %d", p, info.Size(), len(b))
			}
			got = append(got, fmt.Sprintf("%s %q", p, b))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`$Extend/$UsnJrnl:$J "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00abcd\x00\x00\x00ef"`,
		`Users/%2E%2E/evil "2"`,
		`Users/50% off./a%2Fb "1"`,
		`Users/ME/NTUSER.DAT "3"`,
		`bad "xy"`,
		`old "\x00xy"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	info, err := fs.Stat(c, "users/me/ntuser.dat")
	if err != nil {
		t.Fatal(err)
	}
	times, ok := info.Sys().(*collect.Times)
	if !ok || !times.Created.Equal(time.Date(2021, 2, 3, 4, 5, 6, 123456700, time.UTC)) || info.ModTime().Year() != 2022 || !times.Accessed.IsZero() {
		t.Errorf("times = %+v", info.Sys())
	}
	if !slices.ContainsFunc(hosts[0].Problems, func(err error) bool {
		e, ok := errors.AsType[*collect.PathError](err)
		return ok && e.Path == "uploads/auto/C%3A/bad.idx"
	}) {
		t.Errorf("problems = %v, want the broken index", hosts[0].Problems)
	}
	if err := fstest.TestFS(c, "Users/ME/NTUSER.DAT", "$Extend/$UsnJrnl:$J"); err != nil {
		t.Error(err)
	}
}

func TestKapeTimes(t *testing.T) {
	hosts, err := collect.Layout(fstest.MapFS{
		"C/Windows/prefetch/A.EXE-00000001.pf":    {Data: []byte("x"), ModTime: time.Unix(1, 0)},
		"C/Windows.old/Windows/System32/x":        {Data: []byte("x")},
		"VSS1/Windows/prefetch/A.EXE-00000001.pf": {Data: []byte("y")},
		"2024-01-02T03_04_05_0000000_(Multiple)_copylog.csv": {Data: []byte("\ufeffCopiedTimestamp,SourceFile,DestinationFile,FileSize,SourceFileSha1,DeferredCopy,CreatedOnUtc,ModifiedOnUtc,LastAccessedOnUtc,CopyDuration\r\n" +
			`2024-01-02 03:04:05,C:\Windows\Prefetch\A.EXE-00000001.pf,E:\C\out\C\Windows\prefetch\A.EXE-00000001.pf,1,00,False,2020-05-12 18:33:23.1234567,2021-05-12 18:33:23.7654321,2022-05-12 18:33:23,00:00:01` + "\r\n" +
			`2024-01-02 03:04:05,C:\Windows.old\Windows\System32\x,E:\C\out\C\Windows.old\Windows\System32\x,1,00,False,2010-01-01 00:00:00,2011-01-01 00:00:00,1601-01-01 00:00:00,00:00:01` + "\r\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	vols := hosts[0].Volumes
	if len(vols) != 3 {
		t.Fatalf("%v", summary(hosts))
	}
	info, err := fs.Stat(vols[0].FS, "Windows/prefetch/A.EXE-00000001.pf")
	if err != nil {
		t.Fatal(err)
	}
	times, ok := info.Sys().(*collect.Times)
	if !ok || !times.Created.Equal(time.Date(2020, 5, 12, 18, 33, 23, 123456700, time.UTC)) ||
		!info.ModTime().Equal(time.Date(2021, 5, 12, 18, 33, 23, 765432100, time.UTC)) {
		t.Errorf("times = %+v", info.Sys())
	}
	list, err := fs.ReadDir(vols[0].FS, "Windows/prefetch")
	if err != nil {
		t.Fatal(err)
	}
	if i, err := list[0].Info(); err != nil || i.Sys() != info.Sys() {
		t.Errorf("ReadDir's Info: %v, %v", i.Sys(), err)
	}
	for _, v := range vols[1:] {
		name, want := "Windows/prefetch/A.EXE-00000001.pf", 1
		if v.Snapshot == "windows.old" {
			name, want = "Windows/System32/x", 2011
		}
		info, err := fs.Stat(v.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.ModTime().Year(); got != want {
			t.Errorf("%s: modified in %d, want %d", v.Path, got, want)
		}
	}
}

// What KAPE keeps apart for its long path is named.
func TestLongFileNames(t *testing.T) {
	for _, tt := range []struct {
		names []string
		want  string
	}{
		{[]string{"LongFileNames/1", "LongFileNames/2", "LongFileNames/LongFileNames.txt"}, "LongFileNames: 2 files with long paths, which KAPE keeps apart, are left aside"},
		{[]string{"LongFileNames/LongFileNames.txt"}, ""},
		{nil, ""},
	} {
		hosts, err := collect.Layout(files(append(tt.names, "C/Windows/prefetch/A.pf")...))
		if err != nil || len(hosts) != 1 {
			t.Fatalf("%d hosts, %v", len(hosts), err)
		}
		var got strings.Builder
		for _, err := range hosts[0].Problems {
			got.WriteString(err.Error())
		}
		if got.String() != tt.want {
			t.Errorf("%q: problems %q, want %q", tt.names, got.String(), tt.want)
		}
	}
}
