package main

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// A kind is a form in which a machine arrives.
type kind struct {
	name, path string
	err        error // why it could not be made
}

// pack writes the machine as a zip file and, where the tools are installed, as images.
// An image has the $MFT of its own volume, and not the composed one, whose name no
// file of a volume can have.
func pack(work, name, root string) ([]kind, error) {
	dir := filepath.Join(work, name)
	out := filepath.Join(dir, "machine.zip")
	if _, err := os.Stat(out); err != nil {
		if err := writeZip(out, root); err != nil {
			return nil, err
		}
	}
	kinds := []kind{{name: "zip", path: out}}
	err := image(dir, root)
	for _, f := range []struct{ name, file, tool string }{{"E01", "machine.E01", "ewfacquire"}, {"VHDX", "machine.vhdx", "qemu-img"}} {
		k := kind{name: f.name, path: filepath.Join(dir, f.file), err: err}
		if _, missing := os.Stat(k.path); missing != nil && k.err == nil {
			switch f.tool {
			case "ewfacquire":
				k.err = sh(dir, "ewfacquire", "-u", "-q", "-t", "machine", "-f", "encase6", "-c", "deflate:fast", "-S", "4G", "machine.img")
			case "qemu-img":
				k.err = sh(dir, "qemu-img", "convert", "-O", "vhdx", "machine.img", "machine.vhdx")
			}
		}
		kinds = append(kinds, k)
	}
	return kinds, nil
}

// image writes an NTFS volume with the files of the machine but its metadata.
func image(dir, root string) error {
	if _, err := os.Stat(filepath.Join(dir, "machine.img")); err == nil {
		return nil
	}
	size := int64(512 << 20)
	err := filepath.WalkDir(root, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			if st, err := e.Info(); err == nil {
				size += st.Size() + 8<<10
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "all.ini"), []byte("[ExclusionList]\n/$MFT\n/$Extend\n"), 0o600); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"truncate", "-s", fmt.Sprint(size / 4096 * 4096), "new.img"},
		{"mkfs.ntfs", "-F", "-Q", "-q", "new.img"},
		{"wimcapture", root, "t.wim", "--compress=none", "--config=all.ini"},
		{"wimapply", "t.wim", "1", "new.img"},
		{"mv", "new.img", "machine.img"},
		{"rm", "t.wim"},
	} {
		if err := sh(dir, args[0], args[1:]...); err != nil {
			return err
		}
	}
	return nil
}

func sh(dir, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %.200s", name, err, out)
	}
	return nil
}

func writeZip(path, root string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	z := zip.NewWriter(f)
	err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		w, err := z.Create("C/" + filepath.ToSlash(rel))
		if err != nil {
			return err
		}
		in, err := os.Open(path)
		if err != nil {
			return err
		}
		defer in.Close()
		_, err = io.Copy(w, in)
		return err
	})
	if err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return f.Close()
}
