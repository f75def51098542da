package pffile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/prefetch"
)

// A Log takes what [Find] meets on its way.
type Log interface {
	Damage(err error)
	// Note is for files of a folder that are not read.
	Note(text string)
}

// Find resolves files and folders to files, in their order. With quiet it does not
// name the other files of a folder.
func Find(args []string, quiet bool, log Log) ([]string, error) {
	var list []string
	usable := false
	for _, a := range args {
		st, err := os.Stat(a)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			err = fmt.Errorf("%s: no such file or folder", a)
			if len(args) == 1 {
				return nil, err
			}
			log.Damage(err)
			continue
		case err != nil:
			if len(args) == 1 {
				return nil, err
			}
			log.Damage(err)
			continue
		case !st.IsDir():
			list = append(list, a)
			usable = true
			continue
		}
		before := len(list)
		err = fs.WalkDir(collect.NamedDir(a), ".", func(name string, d fs.DirEntry, err error) error {
			p := filepath.Join(a, filepath.FromSlash(name))
			switch {
			case err != nil:
				log.Damage(err)
			case strings.EqualFold(filepath.Ext(p), ".pf") && d.IsDir():
				log.Damage(fmt.Errorf("%s: a folder named like a Prefetch file", p))
			case strings.EqualFold(filepath.Ext(p), ".pf"):
				if err := plain(a, p, d); err != nil {
					log.Damage(fmt.Errorf("%s: %w", p, err))
				} else {
					list = append(list, p)
				}
			case d.Type().IsRegular() && !quiet:
				if kind := sniff(p); kind != "" {
					log.Note(fmt.Sprintf("%s: not a Prefetch file: %s", p, kind))
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if len(list) == before {
			log.Note(a + ": contains no .pf file")
		} else {
			usable = true
		}
	}
	if !usable {
		return nil, errors.New("no Prefetch files found")
	}
	return list, nil
}

// plain says why a file below a folder is not read: opening a pipe or a device
// would wait or worse, and links must not lead out of the evidence.
func plain(folder, path string, d fs.DirEntry) error {
	if d.Type()&fs.ModeSymlink == 0 {
		if !d.Type().IsRegular() {
			return errors.New("neither a regular file nor a folder")
		}
		return nil
	}
	root, err := files.RealPath(folder)
	if err != nil {
		return err
	}
	target, err := files.RealPath(path)
	if err != nil {
		return err
	}
	if rel, err := filepath.Rel(root, target); err != nil || !filepath.IsLocal(rel) {
		return errors.New("a link that leads out of the folder")
	}
	if st, err := os.Stat(target); err != nil || !st.Mode().IsRegular() {
		return errors.New("a link to something that is not a regular file")
	}
	return nil
}

// sniff names the other files of a Prefetch folder.
func sniff(path string) string {
	f, err := collect.OpenNamed(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	head := make([]byte, 64)
	n, _ := io.ReadFull(f, head)
	kind := prefetch.Sniff(filepath.ToSlash(path), head[:n])
	if kind == prefetch.KindUnknown {
		return "" // some other file, which nobody expects to be one
	}
	return kind.String()
}
