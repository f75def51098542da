package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// A holder is one way in which the same machine is stored.
type holder struct {
	name  string
	file  string
	place func(b []byte) []int                     // where a mutation may fall: what has a checksum or can be told from the rest
	other func(t *testing.T, dir, file string) int // how many files a second tool delivers
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tool runs a program, and skips the test when it is not installed.
func tool(t testing.TB, dir, name string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed", name)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return out
}

// everywhere is each byte of a file.
func everywhere(b []byte) []int {
	at := make([]int, len(b))
	for i := range at {
		at[i] = i
	}
	return at
}

// marked is the n bytes behind each mark.
func marked(n int, marks ...string) func([]byte) []int {
	return func(b []byte) (at []int) {
		for _, m := range marks {
			for from := 0; ; {
				i := bytes.Index(b[from:], []byte(m))
				if i < 0 {
					break
				}
				for k := range min(n, len(b)-from-i) {
					at = append(at, from+i+k)
				}
				from += i + len(m)
			}
		}
		return at
	}
}

// headers are the headers of a tar, which have checksums; its files have none.
func headers(b []byte) (at []int) {
	r := bytes.NewReader(b)
	for t := tar.NewReader(r); ; {
		if _, err := t.Next(); err != nil {
			return at
		}
		end := len(b) - r.Len()
		for i := end - 512; i < end; i++ {
			at = append(at, i)
		}
	}
}

// filesBelow counts the files of a folder that are those of the machine.
func filesBelow(dir string, want map[string][]byte) (n int) {
	filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			b, _ := os.ReadFile(p)
			for name, w := range want {
				if strings.HasSuffix(filepath.ToSlash(p), "/"+name) && bytes.Equal(b, w) {
					n++
					break
				}
			}
		}
		return nil
	})
	return n
}

// TestMutations damages each container of one machine, with seeds, and holds
// the command to two things: with fewer records than from the whole container
// it does not end with 0, and it never ends with anything but 0, 1 or 3.
// ARTIFACTDUMP_MUTATIONS=N makes N of each kind, and prints the table of
// docs/robustness.md with what a second tool delivers of the same bytes.
func TestMutations(t *testing.T) {
	testcost.Again(t)
	rounds := 4
	if testcost.Samples() {
		rounds = 1
	}
	long := false
	if n, err := strconv.Atoi(os.Getenv("ARTIFACTDUMP_MUTATIONS")); err == nil {
		rounds, long = n, true
	}
	dir := t.TempDir()
	m := corpus.NewMachine().With("system", "software", "accounts", "runkeys", "tasks", "userassist", "startupfolder", "prefetch")
	must(t, m.Write(filepath.Join(dir, "volume")))
	files := m.Files()

	var z, tr bytes.Buffer
	zw, tw := zip.NewWriter(&z), tar.NewWriter(&tr)
	for _, p := range m.Paths() {
		w, err := zw.Create("C/" + p)
		must(t, err)
		w.Write(files[p])
		must(t, tw.WriteHeader(&tar.Header{Name: "C/" + p, Mode: 0o600, Size: int64(len(files[p]))}))
		tw.Write(files[p])
	}
	must(t, zw.Close())
	must(t, tw.Close())
	must(t, os.WriteFile(filepath.Join(dir, "a.zip"), z.Bytes(), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "a.tar"), tr.Bytes(), 0o600))

	holders := []holder{
		{"zip", "a.zip", everywhere, func(t *testing.T, dir, file string) int {
			out := filepath.Join(dir, "out")
			exec.Command("7z", "x", "-y", "-o"+out, file).Run()
			return filesBelow(out, files)
		}},
		{"tar", "a.tar", headers, func(t *testing.T, dir, file string) int {
			out := filepath.Join(dir, "out")
			must(t, os.Mkdir(out, 0o700))
			exec.Command("tar", "-xf", file, "-C", out).Run()
			return filesBelow(out, files)
		}},
		{"NTFS", "a.img", marked(1024, "FILE0", "INDX("), func(t *testing.T, dir, file string) int {
			out := filepath.Join(dir, "out")
			must(t, os.Mkdir(out, 0o700))
			exec.Command("tsk_recover", "-a", file, out).Run()
			return filesBelow(out, files)
		}},
		{"E01", "a.E01", everywhere, func(t *testing.T, dir, file string) int {
			exec.Command("ewfexport", "-q", "-u", "-t", filepath.Join(dir, "raw"), file).Run()
			out := filepath.Join(dir, "out")
			must(t, os.Mkdir(out, 0o700))
			exec.Command("tsk_recover", "-a", filepath.Join(dir, "raw.raw"), out).Run()
			return filesBelow(out, files)
		}},
	}
	for _, h := range holders {
		t.Run(h.name, func(t *testing.T) {
			if h.name == "NTFS" || h.name == "E01" {
				makeImages(t, dir)
			}
			whole, err := os.ReadFile(filepath.Join(dir, h.file))
			must(t, err)
			clean, code, stderr := records(filepath.Join(dir, h.file))
			if code != exitOK || clean < 50 {
				t.Fatalf("%d records, exit %d: %s", clean, code, stderr)
			}
			at := h.place(whole)
			for _, kind := range []string{"1 bit", "64 bytes", "a sector of zeros", "cut off"} {
				rng := rand.New(rand.NewPCG(2026, uint64(len(kind))))
				got, ours, theirs, least := 0, 0, 0, clean
				for seed := range rounds {
					b := mutate(rng, kind, whole, at)
					work := filepath.Join(dir, fmt.Sprintf("%s-%s-%d", h.name, strings.ReplaceAll(kind, " ", "-"), seed))
					must(t, os.Mkdir(work, 0o700))
					name := filepath.Join(work, h.file)
					must(t, os.WriteFile(name, b, 0o600))
					n, code, stderr := records(name)
					switch {
					case code != exitOK && code != exitFailed && code != exitDamaged:
						t.Errorf("%s, seed %d: exit %d: %s", kind, seed, code, stderr)
					case code == exitOK && n < clean:
						t.Errorf("%s, seed %d: %d of %d records, and exit 0: %s", kind, seed, n, clean, stderr)
					}
					if n < clean/2 {
						t.Logf("%s, seed %d: %d of %d records: %.400s", kind, seed, n, clean, stderr)
					}
					got += min(n, clean)
					least = min(least, n)
					if long {
						ours += filesOf(name, files)
						theirs += h.other(t, work, name)
					}
					os.RemoveAll(work)
				}
				total := clean * rounds
				row := fmt.Sprintf("| %s | %s | %d | %.1f %% | %.1f %% |", h.name, kind, rounds, 100*float64(got)/float64(total), 100*float64(least)/float64(clean))
				if long {
					row += fmt.Sprintf(" %.1f %% | %.1f %% |", 100*float64(ours)/float64(rounds*len(files)), 100*float64(theirs)/float64(rounds*len(files)))
				}
				t.Log(row)
			}
		})
	}
}

// filesOf counts the files that the evidence delivers with all their bytes.
func filesOf(path string, want map[string][]byte) (n int) {
	ev, err := evidence.Open(path, nil)
	if err != nil {
		return 0
	}
	defer ev.Close()
	for name, w := range want {
		for _, tree := range ev.Trees {
			if f, ok := tree.Lookup(`C:\` + strings.ReplaceAll(name, "/", `\`)); ok {
				if b, err := f.Bytes(); err == nil && bytes.Equal(b, w) {
					n++
					break
				}
			}
		}
	}
	return n
}

// records counts what dump delivers of evidence.
func records(path string) (n, code int, stderr string) {
	var out, errs bytes.Buffer
	code = run(context.Background(), []string{"artifactdump", "dump", "--format", "jsonl", "--no-deleted", path}, &out, &errs)
	return bytes.Count(out.Bytes(), []byte("\n")), code, errs.String()
}

func mutate(rng *rand.Rand, kind string, whole []byte, at []int) []byte {
	b := bytes.Clone(whole)
	place := func() int { return at[rng.IntN(len(at))] }
	switch kind {
	case "1 bit":
		b[place()] ^= 1 << rng.IntN(8)
	case "64 bytes":
		for range 64 {
			b[place()] = byte(rng.Uint32())
		}
	case "a sector of zeros":
		i := place() &^ 511
		clear(b[i:min(i+512, len(b))])
	case "cut off":
		b = b[:len(b)/4+rng.IntN(len(b)*3/4)]
	}
	return b
}

// makeImages makes an NTFS volume of the machine, and an E01 of it.
func makeImages(t *testing.T, dir string) {
	if _, err := os.Stat(filepath.Join(dir, "a.E01")); err == nil {
		return
	}
	for _, name := range []string{"mkfs.ntfs", "wimcapture", "wimapply", "ewfacquire"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s is not installed", name)
		}
	}
	must(t, os.WriteFile(filepath.Join(dir, "a.img"), nil, 0o600))
	must(t, os.Truncate(filepath.Join(dir, "a.img"), 12<<20))
	tool(t, dir, "mkfs.ntfs", "-F", "-Q", "-s", "512", "-c", "4096", "-p", "0", "-H", "255", "-S", "63", "a.img")
	tool(t, dir, "wimcapture", "volume/C", "a.wim", "--compress=none")
	tool(t, dir, "wimapply", "a.wim", "1", "a.img")
	tool(t, dir, "ewfacquire", "-q", "-u", "-t", "a", "-f", "encase6", "-c", "deflate:fast", "a.img")
}
