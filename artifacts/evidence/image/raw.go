package image

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"sort"
	"strconv"
)

// openRaw opens a raw image. When its name ends in a number, .001 or .000, the files with the next numbers belong to it.
func (d *Disk) openRaw(first *diskFile) (io.ReaderAt, int64, error) {
	base := filepath.Base(first.Name())
	ext := filepath.Ext(base)
	num, err := strconv.Atoi(trimDot(ext))
	if first.close == nil { // the caller's bytes, whole
		return first, first.size, nil
	}
	if len(ext) < 3 || err != nil || num > 1 {
		if err == nil && num > 1 && len(ext) >= 4 {
			return nil, 0, &SegmentError{File: base, Problem: "is not the first segment of a split image; name the first"}
		}
		return first, first.size, nil
	}
	stem, width := base[:len(base)-len(ext)+1], len(ext)-1
	files := []*diskFile{first}
	for {
		num++
		name := stem + fmt.Sprintf("%0*d", width, num)
		f, err := d.sibling(name)
		if errors.Is(err, fs.ErrNotExist) {
			if more, _ := filepath.Glob(filepath.Join(filepath.Dir(first.Name()),
				globEscape(stem)+fmt.Sprintf("%0*d", width, num+1))); len(more) > 0 {
				return nil, 0, &SegmentError{File: name, Problem: "this segment is missing, later ones are there", Err: fs.ErrNotExist}
			}
			break
		}
		if err != nil {
			return nil, 0, err
		}
		files = append(files, f)
	}
	j := joinFiles(files)
	return j, j.size, nil
}

func trimDot(ext string) string {
	if ext == "" {
		return ""
	}
	return ext[1:]
}

func globEscape(s string) string {
	var b []byte
	for i := range len(s) {
		switch s[i] {
		case '*', '?', '[', '\\':
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return string(b)
}

// joined is files read as one.
type joined struct {
	files  []*diskFile
	starts []int64
	size   int64
}

func joinFiles(files []*diskFile) *joined {
	j := &joined{files: files}
	for _, f := range files {
		j.starts = append(j.starts, j.size)
		j.size += f.size
	}
	return j
}

func (j *joined) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		at := off + int64(done)
		if at >= j.size {
			return done, io.EOF
		}
		i := sort.Search(len(j.starts), func(i int) bool { return j.starts[i] > at }) - 1
		in := at - j.starts[i]
		n, err := j.files[i].ReadAt(p[done:min(int64(len(p)), int64(done)+j.files[i].size-in)], in)
		done += n
		if n == 0 {
			return done, noEOF(err)
		}
	}
	return done, nil
}
