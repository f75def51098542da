// Command archive packs files into the archive of a release: a .tar.gz, or a .zip
// for Windows. The same files give the same bytes, on any machine: names are
// sorted, owners and rights are fixed, and each time is the one that was given.
//
//	archive -o FILE -root NAME -time RFC3339 [NAME=]PATH...
//
// Each PATH is a file or a folder; it is packed below NAME of -root under its own
// name, or under the one before the sign of equality.
package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	out := flag.String("o", "", "the archive, NAME.tar.gz or NAME.zip")
	root := flag.String("root", "", "the folder that the archive unpacks to")
	stamp := flag.String("time", "", "time of all entries")
	flag.Parse()
	if err := run(*out, *root, *stamp, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "archive:", err)
		os.Exit(1)
	}
}

func run(out, root, stamp string, args []string) error {
	when, err := time.Parse(time.RFC3339, stamp)
	if err != nil {
		return err
	}
	files, err := gather(root, args)
	if err != nil {
		return err
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	write := writeTar
	if strings.HasSuffix(out, ".zip") {
		write = writeZip
	}
	return errors.Join(write(f, files, when.UTC()), f.Close())
}

// A file is one entry: its name in the archive, and where its bytes are.
type file struct {
	name, path string
	mode       fs.FileMode
}

// gather lists the files of all arguments, sorted by name.
func gather(root string, args []string) ([]file, error) {
	var files []file
	for _, arg := range args {
		name, source, ok := strings.Cut(arg, "=")
		if !ok {
			name, source = filepath.Base(arg), arg
		}
		err := filepath.WalkDir(source, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			if !d.Type().IsRegular() {
				return fmt.Errorf("%s is not a regular file", p)
			}
			below, err := filepath.Rel(source, p)
			if err != nil {
				return err
			}
			f := file{path.Join(root, name, filepath.ToSlash(below)), p, 0o644}
			if strings.HasPrefix(name, "artifactdump") && below == "." {
				f.mode = 0o755
			}
			files = append(files, f)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	for i := 1; i < len(files); i++ {
		if files[i].name == files[i-1].name {
			return nil, fmt.Errorf("two files are named %s", files[i].name)
		}
	}
	return files, nil
}

func writeTar(w io.Writer, files []file, when time.Time) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	for _, f := range files {
		b, err := os.ReadFile(f.path)
		if err != nil {
			return err
		}
		h := &tar.Header{Typeflag: tar.TypeReg, Name: f.name, Size: int64(len(b)), Mode: int64(f.mode), ModTime: when}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		if _, err := t.Write(b); err != nil {
			return err
		}
	}
	return errors.Join(t.Close(), z.Close())
}

func writeZip(w io.Writer, files []file, when time.Time) error {
	z := zip.NewWriter(w)
	for _, f := range files {
		b, err := os.ReadFile(f.path)
		if err != nil {
			return err
		}
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: when}
		h.SetMode(f.mode)
		e, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := e.Write(b); err != nil {
			return err
		}
	}
	return z.Close()
}
