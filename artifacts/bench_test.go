package artifacts_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/hive"
	"github.com/artifactdump/artifactdump/prefetch"
	goprefetch "www.velocidex.com/golang/go-prefetch"
	"www.velocidex.com/golang/regparser"
)

// BenchmarkEverything reads 1,024 Prefetch files and 20 hives: our timeline,
// our decoders alone with every key and value, and the same with the peers.
// With real evidence the files are real, without it the corpus writes them.
func BenchmarkEverything(b *testing.B) {
	pfs, hives := everything(b)
	fsys := fstest.MapFS{"Windows/System32/x": {}}
	for i, f := range pfs {
		fsys["Windows/Prefetch/"+string(rune('A'+i%26))+strings.Repeat("X", i/26)+".pf"] = &fstest.MapFile{Data: f}
	}
	for i, h := range hives {
		name := "Users/u" + string(rune('a'+i)) + "/NTUSER.DAT"
		if i == 0 {
			name = "Windows/System32/config/SYSTEM"
		}
		fsys[name] = &fstest.MapFile{Data: h}
	}
	b.Run("case=1024pf+20hives/impl=ours-timeline", func(b *testing.B) {
		for b.Loop() {
			ev, err := evidence.OpenFS(fsys, "bench", nil)
			if err != nil {
				b.Fatal(err)
			}
			results, err := artifacts.Run(context.Background(), ev.Trees[0], catalogue.All(), nil)
			if err != nil {
				b.Fatal(err)
			}
			var events []artifacts.Event
			for res := range results {
				for i := range res.Records {
					events = append(events, res.Records[i].Events()...)
				}
			}
			slices.SortFunc(events, func(a, b artifacts.Event) int { return a.Compare(&b) })
			f, _ := output.Lookup("jsonl")
			w := f.Events(io.Discard, nil)
			for i := range events {
				if err := w.Event(output.NewRow(&events[i])); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("case=1024pf+20hives/impl=ours-decoders", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			both(pfs, hives, func(f []byte) { prefetch.Parse(f, nil) }, walkOurs)
		}
	})
	b.Run("case=1024pf+20hives/impl=peers", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			both(pfs, hives, func(f []byte) { goprefetch.LoadPrefetch(bytes.NewReader(f)) }, func(data []byte) int { return walkPeer(bytes.NewReader(data)) })
		}
	})
}

// BenchmarkEverythingOnDisk is the job as a user has it, from files: our
// timeline of a folder, and the peers on open files.
func BenchmarkEverythingOnDisk(b *testing.B) {
	pfs, hives := everything(b)
	dir := b.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			b.Fatal(err)
		}
		return path
	}
	var pfPaths, hivePaths []string
	for i, f := range pfs {
		pfPaths = append(pfPaths, write(fmt.Sprintf("Windows/Prefetch/%04d.pf", i), f))
	}
	for i, h := range hives {
		hivePaths = append(hivePaths, write(fmt.Sprintf("Users/u%02d/NTUSER.DAT", i), h))
	}
	b.Run("case=1024pf+20hives/impl=ours-timeline", func(b *testing.B) {
		for b.Loop() {
			ev, err := evidence.Open(dir, nil)
			if err != nil {
				b.Fatal(err)
			}
			events, _ := timeline(b, ev.Trees[0], nil)
			jsonl(b, events)
			ev.Close()
		}
	})
	together := two
	files := func(hv, pf func(f *os.File)) {
		var work []func()
		add := func(paths []string, read func(f *os.File)) {
			for _, p := range paths {
				work = append(work, func() {
					f, err := os.Open(p)
					if err != nil {
						panic(err)
					}
					read(f)
					f.Close()
				})
			}
		}
		add(hivePaths, hv)
		add(pfPaths, pf)
		together(work)
	}
	b.Run("case=1024pf+20hives/impl=ours-decoders", func(b *testing.B) {
		for b.Loop() {
			// A buffer for each worker, used again: fresh memory costs more than to
			// read the file.
			buffers := sync.Pool{New: func() any { return new([]byte) }}
			whole := func(f *os.File, read func(data []byte)) {
				info, err := f.Stat()
				if err != nil {
					panic(err)
				}
				buf := buffers.Get().(*[]byte)
				*buf = slices.Grow((*buf)[:0], int(info.Size()))[:info.Size()]
				if _, err := io.ReadFull(f, *buf); err != nil {
					panic(err)
				}
				read(*buf)
				buffers.Put(buf)
			}
			files(func(f *os.File) { whole(f, func(b []byte) { walkOurs(b) }) }, func(f *os.File) { whole(f, func(b []byte) { prefetch.Parse(b, nil) }) })
		}
	})
	b.Run("case=1024pf+20hives/impl=peers", func(b *testing.B) {
		for b.Loop() {
			files(func(f *os.File) { walkPeer(f) }, func(f *os.File) { goprefetch.LoadPrefetch(f) })
		}
	})
	// As they come: neither of the peers works at two files at a time by itself.
	together = func(work []func()) {
		for _, f := range work {
			f()
		}
	}
	b.Run("case=1024pf+20hives/impl=peers-in-turn", func(b *testing.B) {
		for b.Loop() {
			files(func(f *os.File) { walkPeer(f) }, func(f *os.File) { goprefetch.LoadPrefetch(f) })
		}
	})
}

// walkOurs reads every key and value with our decoder.
func walkOurs(data []byte) int {
	h, err := hive.Open(data, nil)
	if err != nil {
		return 0
	}
	n := 0
	for k, err := range h.Keys() {
		if err != nil {
			continue
		}
		n += len(k.RawName()) + int(k.WrittenRaw()&1)
		for v, err := range k.Values() {
			if err == nil {
				d, _ := v.Bytes()
				n += len(v.RawName()) + len(d)
			}
		}
	}
	return n
}

// walkPeer reads every key and value with the peer.
func walkPeer(r io.ReaderAt) int {
	reg, err := regparser.NewRegistry(r)
	if err != nil {
		return 0
	}
	n := 0
	var walk func(k *regparser.CM_KEY_NODE)
	walk = func(k *regparser.CM_KEY_NODE) {
		n += len(k.Name()) + int(k.LastWriteTime().Unix()&1)
		for _, v := range k.Values() {
			n += len(v.ValueName()) + len(v.ValueData().Data)
		}
		for _, s := range k.Subkeys() {
			walk(s)
		}
	}
	if root := reg.OpenKey(""); root != nil {
		walk(root)
	}
	return n
}

// both hands files to two workers, the hives first.
func both(pfs, hives [][]byte, pf func([]byte), hv func([]byte) int) {
	var work []func()
	for _, h := range hives {
		work = append(work, func() { hv(h) })
	}
	for _, f := range pfs {
		work = append(work, func() { pf(f) })
	}
	two(work)
}

// two works as a machine with two cores would.
func two(work []func()) {
	next := make(chan func())
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for f := range next {
				f()
			}
		})
	}
	for _, f := range work {
		next <- f
	}
	close(next)
	wg.Wait()
}

// everything returns 1,024 Prefetch files and 20 hives, the largest first.
func everything(b *testing.B) (pfs, hives [][]byte) {
	b.Helper()
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		for _, f := range corpus.PrefetchFolder(1024) {
			pfs = append(pfs, f)
		}
		var system []byte
		for name, f := range corpus.Incident().Files() {
			if strings.HasSuffix(name, "config/SYSTEM") {
				system = f
			}
		}
		for range 20 {
			hives = append(hives, system)
		}
		return pfs, hives
	}
	var paths []string
	for _, pattern := range []string{"prefetch/*/*.pf", "prefetch/*/*/*.pf"} {
		m, _ := filepath.Glob(filepath.Join(dir, pattern))
		paths = append(paths, m...)
	}
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err == nil && len(pfs) < 1024 && !strings.Contains(strings.ToLower(p), "bad") {
			pfs = append(pfs, data)
		}
	}
	filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if info, err := d.Info(); err != nil || !info.Mode().IsRegular() || info.Size() < 1<<16 || strings.Contains(strings.ToUpper(d.Name()), ".LOG") {
			return nil
		}
		data, err := os.ReadFile(p)
		if err != nil || string(data[:4]) != "regf" {
			return nil
		}
		hives = append(hives, data)
		return nil
	})
	slices.SortStableFunc(hives, func(x, y []byte) int { return len(y) - len(x) })
	if len(hives) > 20 {
		hives = hives[:20]
	}
	return pfs, hives
}
