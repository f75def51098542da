package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
)

// An ExistsError is the error for an output that is there already.
type ExistsError struct{ Name string }

func (e *ExistsError) Error() string { return e.Name + " exists" }

// CreatePartial opens a new file for what is not whole yet. What an earlier run
// left under the name is dropped; a link that somebody put there is not
// followed.
func CreatePartial(name string, mode Mode) (*os.File, error) {
	if st, err := os.Lstat(name); err == nil && st.Mode().IsRegular() {
		if err := os.Remove(name); err != nil {
			return nil, err
		}
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode.file())
	if err != nil {
		return nil, err
	}
	if err := mode.Set(name); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Replace replaces a small file in one step.
func Replace(name string, b []byte, mode Mode) error {
	err := os.WriteFile(name+".tmp", b, mode.file())
	if err == nil {
		err = mode.Set(name + ".tmp")
	}
	if err == nil {
		err = os.Rename(name+".tmp", name)
	}
	if err != nil {
		os.Remove(name + ".tmp")
	}
	return err
}

// SHA256 takes the SHA-256 of a file.
func SHA256(ctx context.Context, name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	buf := make([]byte, 1<<20)
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := f.Read(buf)
		h.Write(buf[:n])
		if err == io.EOF {
			return hex.EncodeToString(h.Sum(nil)), nil
		}
		if err != nil {
			return "", err
		}
	}
}
