package evidence

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
)

// openFile opens evidence that is one file: a hive, a Prefetch file, a task, a
// job or a shortcut on its own.
func openFile(path string, opts *Options) (*Evidence, error) {
	// A link that is given by name is followed; one inside the evidence never leads out of it.
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		real = path
	}
	dir, base := filepath.Split(filepath.Clean(real))
	root, err := os.OpenRoot(filepath.Clean(dir + "."))
	if err != nil {
		return nil, err
	}
	head := make([]byte, collect.SniffSize)
	f, err := collect.OpenFile(real)
	if err != nil {
		root.Close()
		return nil, err
	}
	n, err := io.ReadFull(f, head)
	exported := collect.Sniff(head[:n]) == "" && collect.HasEvents(head[:n], f)
	bins := !exported && n == len(head) && collect.HasBins(f, base)
	f.Close()
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		root.Close()
		return nil, err
	}
	sig := collect.Sniff(head[:n])
	if sig == "" && bins && string(head[:4]) != "regf" {
		sig = collect.HiveFile
	}
	if exported {
		sig = collect.EventLogFile
	}
	if sig == "" && n > 0 {
		sig = collect.SniffName(base)
	}
	fsys := opts.wrap(&single{collect.RootFS(root), base})
	host := collect.Machine{Loose: true, Files: []collect.Loose{{Path: base, Kind: sig}}, Volumes: []collect.Vol{{FS: fsys}}}
	if opts != nil && opts.AnyFile && sig != collect.HiveFile {
		host.Files = append(host.Files, collect.Loose{Path: base, Kind: collect.AnyFile})
		sig = collect.AnyFile
	}
	if sig == "" && !strings.EqualFold(filepath.Ext(base), ".pf") {
		root.Close()
		if n == 0 {
			return nil, &fs.PathError{Op: "open evidence", Path: path, Err: fmt.Errorf("%w: the file is empty", ErrNothing)}
		}
		return nil, &fs.PathError{Op: "open evidence", Path: path,
			Err: fmt.Errorf("%w: the file begins with %x, which is neither a hive (regf) nor a Prefetch file (MAM, SCCA), a task, a job, a shortcut, a jump list, "+
				"an event log, an ESE or an SQLite database", ErrNothing, head[:min(n, 8)])}
	}
	e := &Evidence{Path: path, Kind: "file", closers: []func() error{root.Close}}
	e.Trees = []*Tree{newTree(host, baseName(path), opts)}
	return e, nil
}

// single shows one file of a folder, and the transaction logs beside it: those of
// a hive, and those of an SQLite database.
type single struct {
	fs.FS
	name string
}

func (s *single) ReadDir(dir string) ([]fs.DirEntry, error) {
	all, err := fs.ReadDir(s.FS, dir)
	var out []fs.DirEntry
	for _, e := range all {
		n := e.Name()
		if n == s.name || len(n) > len(s.name) && strings.EqualFold(n[:len(s.name)], s.name) &&
			(isLogName(n) || strings.HasSuffix(n, "-wal") || strings.HasSuffix(n, "-journal")) {
			out = append(out, e)
		}
	}
	return out, err
}
