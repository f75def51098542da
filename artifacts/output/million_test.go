package output_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/parquet"
	"github.com/artifactdump/artifactdump/artifacts/output/sqlite"
)

func formats() []output.Format {
	return append(output.Formats(), parquet.Format(), sqlite.Format())
}

func forEvents(f output.Format) bool { return f.Events != nil || f.File != nil }

// maxMemory is the promise: a million events in any format, or in all at once.
const maxMemory = 512 << 20

// TestMillion writes many synthetic events in each format, in a process of its
// own, and holds its peak memory to the promise. ARTIFACTDUMP_EVENTS says how
// many; without it the test is a short one of 20,000.
func TestMillion(t *testing.T) {
	if testing.Short() {
		t.Skip("a process for each format takes its time")
	}
	n := 20_000
	if v := os.Getenv("ARTIFACTDUMP_EVENTS"); v != "" {
		n, _ = strconv.Atoi(v)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	for _, f := range append(formats(), none("sort only"), none("all at once")) {
		if !forEvents(f) {
			continue
		}
		cmd := exec.Command(exe, "-test.run=^TestMillionChild$", "-test.v")
		cmd.Env = append(os.Environ(), "ARTIFACTDUMP_CHILD="+f.Name, "ARTIFACTDUMP_EVENTS="+strconv.Itoa(n), "ARTIFACTDUMP_DIR="+t.TempDir())
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", f.Name, err, out)
		}
		for line := range strings.Lines(string(out)) {
			var peak int64
			if rest, ok := strings.CutPrefix(line, "million: "); ok {
				t.Logf("%-14s %s", f.Name, strings.TrimSpace(rest))
				if _, after, ok := strings.Cut(rest, "peak "); ok {
					fmt.Sscan(after, &peak)
				}
				if peak<<20 > maxMemory {
					t.Errorf("%s: peak memory %d MiB", f.Name, peak)
				}
			}
		}
	}
}

func none(name string) output.Format {
	return output.Format{Name: name, Events: func(io.Writer, *output.Options) output.EventWriter { return several(nil) }}
}

// several writes in many formats at once, or in none.
type several []output.EventWriter

func (s several) Event(r *output.Row) error {
	var errs []error
	for _, w := range s {
		errs = append(errs, w.Event(r))
	}
	return errors.Join(errs...)
}

func (s several) Close() error {
	var errs []error
	for _, w := range s {
		errs = append(errs, w.Close())
	}
	return errors.Join(errs...)
}

// TestMillionChild is the process that [TestMillion] starts.
func TestMillionChild(t *testing.T) {
	name := os.Getenv("ARTIFACTDUMP_CHILD")
	if name == "" {
		t.Skip("started by TestMillion")
	}
	n, _ := strconv.Atoi(os.Getenv("ARTIFACTDUMP_EVENTS"))
	dir := os.Getenv("ARTIFACTDUMP_DIR")
	begin := time.Now()
	s := &output.Sorter{Dir: dir}
	defer s.Close()
	for i := range n {
		if err := s.AddRow(synthetic(i)); err != nil {
			t.Fatal(err)
		}
	}
	added := time.Since(begin)
	begin = time.Now()
	w, path := open(t, name, dir)
	rows := 0
	for r, err := range s.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Event(r); err != nil {
			t.Fatal(err)
		}
		rows++
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	wrote := time.Since(begin)
	if rows != n {
		t.Errorf("%d rows of %d", rows, n)
	}
	size := int64(0)
	if st, err := os.Stat(path); err == nil {
		size = st.Size()
	}
	fmt.Printf("million: %d events, sorted in %.1f s, written in %.1f s, %.1f MB, peak %d MiB\n", n, added.Seconds(), wrote.Seconds(), float64(size)/1e6, peakMemory()>>20)
}

func open(t *testing.T, name, dir string) (output.EventWriter, string) {
	t.Helper()
	path := filepath.Join(dir, name)
	var all several
	for _, f := range formats() {
		if name == "all at once" && forEvents(f) {
			w, _ := open(t, f.Name, dir)
			all = append(all, w)
			continue
		}
		if f.Name != name {
			continue
		}
		if f.File != nil {
			w, err := f.File(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			return w, path
		}
		file, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		return f.Events(file, nil), path
	}
	return all, path
}

// synthetic is a row as Prefetch gives them, in no order of time.
func synthetic(i int) *output.Row {
	h := uint64(i)*0x9E3779B97F4A7C15 + 1
	n := h >> 40 % 20_000 // files of this many programs
	prog := fmt.Sprintf("PROGRAM%d.EXE", n)
	path := `\program files\vendor` + strconv.Itoa(int(n%200)) + `\` + strings.ToLower(prog)
	src := fmt.Sprintf(`C:\Windows\Prefetch\%s-%08X.pf`, prog, n*0x9E3779B1&0xFFFFFFFF)
	return &output.Row{
		Time: time.Unix(1_600_000_000+int64(h>>33%150_000_000), int64(h%10_000_000)*100).UTC(), ID: fmt.Sprintf("%016x", h),
		Kind: "Last Time Executed", Message: "Prefetch [" + prog + "] was executed - run count 12 path hints: " + strings.ToUpper(path) + " hash: 0x12345678 (verified)",
		DataType: "windows:prefetch:execution", Parser: "prefetch", Host: "HOST-1", User: "user", SID: "S-1-5-21-1-2-3-1001", Source: src,
		SHA256: fmt.Sprintf("%016x%016x%016x%016x", h, h, h, h), Path: path, Executable: prog, Proof: artifacts.Executed, State: artifacts.Live,
		Extra: []artifacts.Field{
			{Name: "executable", Value: prog}, {Name: "image_path", Value: `\VOLUME{01d0f9a19c586134-d49d126f}` + strings.ToUpper(path)},
			{Name: "prefetch_hash", Value: "12345678"}, {Name: "hash_status", Value: "verified"}, {Name: "run_count", Value: "12"}, {Name: "version", Value: "30"},
		},
	}
}

// peakMemory is the most memory that the process had, where the system tells.
func peakMemory() int64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		var kb int64
		if n, _ := fmt.Sscanf(sc.Text(), "VmHWM: %d kB", &kb); n == 1 {
			return kb << 10
		}
	}
	return 0
}
