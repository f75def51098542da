package collect

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"
)

// readTimes gives the files of a Velociraptor collection the times that its metadata results recorded.
func (v *veloWalk) readTimes(dir string, list []fs.DirEntry) {
	name, ok := hasDir(list, "results")
	if !ok {
		return
	}
	results := path.Join(dir, name)
	files, err := fs.ReadDir(v.fsys, results)
	if err != nil {
		v.problem(results, "cannot be listed", plain(err))
	}
	for _, e := range files {
		n := decodeComponent(e.Name())
		if !strings.HasSuffix(n, "/All File Metadata.json") && !strings.HasSuffix(n, "/All Matches Metadata.json") {
			continue
		}
		p := path.Join(results, e.Name())
		err := jsonLines(v.fsys, p, func(line []byte) error {
			var row struct{ SourceFile, Created, Modified, LastAccessed, Changed string }
			if err := json.Unmarshal(line, &row); err != nil {
				return err
			}
			vol, rel, ok := splitWindowsPath(row.SourceFile)
			if !ok || v.vols[vol] == nil {
				return nil
			}
			n := v.vols[vol].find(rel)
			if n == nil || n.IsDir() || n.times != nil {
				return nil
			}
			n.times = &Times{Created: parseTime(row.Created), Modified: parseTime(row.Modified), Accessed: parseTime(row.LastAccessed),
				Changed: parseTime(row.Changed), Source: p}
			return nil
		})
		if err != nil {
			v.problem(p, "file times read in part", err)
		}
	}
}

// splitWindowsPath takes apart C:\dir\file, \\.\C:\dir\file, \\?\Volume{…}\dir\file and
// \\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy1\dir\file. The path comes with slashes.
func splitWindowsPath(s string) (vol Vol, rel string, ok bool) {
	s = strings.ReplaceAll(s, `\`, "/")
	s, long := strings.CutPrefix(strings.TrimPrefix(s, "//./"), "//?/")
	parts := strings.Split(s, "/")
	if len(parts) > 3 && strings.EqualFold(parts[0], "GLOBALROOT") && strings.EqualFold(parts[1], "Device") {
		parts = parts[2:]
	}
	if len(parts) < 2 || len(parts[0]) < 2 {
		return Vol{}, "", false
	}
	name := parts[0]
	if long && strings.HasPrefix(Fold(name), "VOLUME{") {
		name = `\\?\` + name // a volume without a letter has its whole name
	}
	vol, certain, ok := driveName(name)
	return vol, strings.Join(parts[1:], "/"), ok && certain
}

// timeForms are the forms in which collectors write times: Velociraptor's RFC 3339, KAPE's and its spreadsheets' blanks, all UTC.
var timeForms = []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "1/2/2006 3:04:05 PM", "01/02/2006 15:04:05"}

// parseTime returns the zero time for anything that is not a time, and for the year 1601, which is a FILETIME of zero.
func parseTime(s string) time.Time {
	for _, form := range timeForms {
		if t, err := time.ParseInLocation(form, s, time.UTC); err == nil { // fractions are read though the form has none
			if t = t.UTC(); t.Year() > 1601 {
				return t
			}
		}
	}
	return time.Time{}
}

// maxCopyLogRows bounds KAPE's log; a full triage copies some ten thousand files.
const maxCopyLogRows = 2_000_000

// kapeTimes reads the copy logs beside the drive roots and lays the times they hold over the volumes.
func (h *Machine) kapeTimes(fsys fs.FS, dir string, list []fs.DirEntry, vols []Vol) {
	roots := map[string]int{} // folded directory name → volume
	for i, v := range vols {
		roots[Fold(path.Base(v.Path))] = i
	}
	times := make([]map[string]*Times, len(vols))
	for _, e := range list {
		if !strings.HasSuffix(Fold(e.Name()), "_COPYLOG.CSV") || !e.Type().IsRegular() {
			continue
		}
		p := path.Join(dir, e.Name())
		err := copyLog(fsys, p, func(source, dest string, t Times) {
			i, rel, ok := copyTarget(roots, source, dest)
			if !ok {
				return
			}
			if times[i] == nil {
				times[i] = map[string]*Times{}
			}
			if key := Fold(rel); times[i][key] == nil {
				t.Source = p
				times[i][key] = &t
			}
		})
		if err != nil {
			h.Problems = append(h.Problems, &PathError{Path: p, Problem: "file times read in part", Err: err})
		}
	}
	for i, m := range times {
		if m != nil {
			vols[i].FS = &timesFS{vols[i].FS, m, ""}
		}
	}
}

// longNames names the files that KAPE keeps apart because their paths were too long for it. What
// form the list beside them has is not documented, so that
// they are not put back in their places; they are counted, and not passed over in silence.
func (h *Machine) longNames(fsys fs.FS, dir string, list []fs.DirEntry) {
	name, ok := hasDir(list, "LongFileNames")
	if !ok {
		return
	}
	p := path.Join(dir, name)
	below, err := fs.ReadDir(fsys, p)
	n := 0
	for _, e := range below {
		if !strings.EqualFold(path.Ext(e.Name()), ".txt") {
			n++
		}
	}
	if n > 0 || err != nil {
		h.Problems = append(h.Problems, &PathError{Path: p,
			Problem: fmt.Sprintf("%d files with long paths, which KAPE keeps apart, are left aside", n), Err: err})
	}
}

// copyTarget finds the volume and the path below it for one row of a copy log. The destination is an absolute path of the machine that
// collected: the directory that stands for the drive is the one whose rest is the end of the source path too.
func copyTarget(roots map[string]int, source, dest string) (vol int, rel string, ok bool) {
	src := Fold(strings.ReplaceAll(source, `\`, "/"))
	parts := strings.Split(strings.ReplaceAll(dest, `\`, "/"), "/")
	for i := 1; i < len(parts)-1; i++ {
		v, known := roots[Fold(parts[i])]
		if !known {
			continue
		}
		rest := strings.Join(parts[i+1:], "/")
		if strings.HasSuffix(src, "/"+Fold(rest)) {
			return v, rest, true
		}
		if !ok {
			vol, rel, ok = v, rest, true
		}
	}
	return vol, rel, ok
}

// copyLog calls row for each row of a KAPE copy log.
func copyLog(fsys fs.FS, name string, row func(source, dest string, t Times)) error {
	f, err := fsys.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	r := csv.NewReader(io.LimitReader(f, maxJSONFile))
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	head, err := r.Read()
	if err != nil {
		return err
	}
	col := map[string]int{}
	for i, h := range head {
		col[strings.TrimPrefix(h, "\ufeff")] = i
	}
	for _, need := range []string{"SourceFile", "DestinationFile"} {
		if _, ok := col[need]; !ok {
			return fmt.Errorf("column %s is missing", need)
		}
	}
	var first error
	for range maxCopyLogRows {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return first
		}
		if err != nil {
			if _, parse := errors.AsType[*csv.ParseError](err); !parse {
				return err
			}
			if first == nil {
				first = err
			}
			continue
		}
		field := func(name string) string {
			if i, ok := col[name]; ok && i < len(rec) {
				return strings.Clone(rec[i])
			}
			return ""
		}
		row(field("SourceFile"), field("DestinationFile"), Times{
			Created:  parseTime(field("CreatedOnUtc")),
			Modified: parseTime(field("ModifiedOnUtc")),
			Accessed: parseTime(field("LastAccessedOnUtc")),
		})
	}
	return fmt.Errorf("more than %d rows", maxCopyLogRows)
}

// timesFS lays recorded times over a volume. They win over what the file system says: those are the times of the copy.
type timesFS struct {
	base   fs.FS
	times  map[string]*Times // by folded path from the volume's root
	prefix string            // of base below that root, folded, with a slash behind it
}

func (t *timesFS) of(name string) *Times { return t.times[t.prefix+Fold(name)] }

func (t *timesFS) Open(name string) (fs.File, error) {
	f, err := t.base.Open(name)
	if err != nil {
		return nil, err
	}
	own := t.of(name)
	if own == nil {
		return f, nil
	}
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		return f, nil // the caller meets the error again
	}
	return withInfo(f, timedInfo{info, own}), nil
}

func (t *timesFS) Stat(name string) (fs.FileInfo, error) {
	info, err := fs.Stat(t.base, name)
	if err != nil {
		return nil, err
	}
	if own := t.of(name); own != nil && !info.IsDir() {
		return timedInfo{info, own}, nil
	}
	return info, nil
}

func (t *timesFS) ReadFile(name string) ([]byte, error) { return fs.ReadFile(t.base, name) }

func (t *timesFS) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := fs.ReadDir(t.base, name)
	for i, e := range list {
		if own := t.of(path.Join(name, e.Name())); own != nil && !e.IsDir() {
			list[i] = timedEntry{e, own}
		}
	}
	return list, err
}

func (t *timesFS) Sub(dir string) (fs.FS, error) {
	base, err := fs.Sub(t.base, dir)
	if err != nil || dir == "." {
		return t, err
	}
	return &timesFS{base, t.times, t.prefix + Fold(dir) + "/"}, nil
}

type timedInfo struct {
	fs.FileInfo
	times *Times
}

func (i timedInfo) Sys() any { return i.times }
func (i timedInfo) ModTime() time.Time {
	if !i.times.Modified.IsZero() {
		return i.times.Modified
	}
	return i.FileInfo.ModTime()
}

type timedEntry struct {
	fs.DirEntry
	times *Times
}

func (e timedEntry) Info() (fs.FileInfo, error) {
	info, err := e.DirEntry.Info()
	if err != nil {
		return nil, err
	}
	return timedInfo{info, e.times}, nil
}
