package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
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

// Replace replaces a small file in one step. Like [CreatePartial] it follows no link
// that somebody put in the way.
func Replace(name string, b []byte, mode Mode) error {
	f, err := CreatePartial(name+".tmp", mode)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
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
