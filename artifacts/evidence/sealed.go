package evidence

import (
	"errors"
	"io"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
)

// sealMark begins a file that age encrypted (age-encryption.org/v1, "The textual file header").
const sealMark = "age-encryption.org/"

func isSealed(r io.ReaderAt) bool {
	var head [len(sealMark)]byte
	n, _ := r.ReadAt(head[:], 0)
	return string(head[:n]) == sealMark
}

// openSealed opens an encrypted archive or image in place. It returns nil and no error for a file of any other kind.
func openSealed(path string, opts *Options) (*Evidence, error) {
	f, err := collect.OpenFile(path)
	if err != nil {
		return nil, nil // whoever opens it next says why
	}
	if !isSealed(f) {
		return nil, f.Close()
	}
	st, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	e, err := OpenReader(f, st.Size(), path, opts)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	e.closers = append(e.closers, f.Close)
	return e, nil
}

func (o *Options) unseal(r io.ReaderAt, size int64) (io.ReaderAt, int64, error) {
	if o == nil || o.Unseal == nil {
		return nil, 0, errors.New("encrypted with age: its secret key is needed")
	}
	return o.Unseal(r, size)
}
