package artifacts

import (
	"errors"
	"time"

	"github.com/artifactdump/artifactdump/hive"
)

// ignoreMissing returns nil for a value or key that is not there, which is
// normal, and the error with its place for one that cannot be read.
func ignoreMissing(in Input, at Origin, err error) error {
	if err == nil || errors.Is(err, hive.ErrNotExist) {
		return nil
	}
	return in.Wrap(at, err)
}

// uintTime reads a number value that holds a FILETIME; no time when it is not
// there or of another size.
func uintTime(k hive.Key, name string) time.Time {
	v, err := k.Value(name)
	if err != nil {
		return time.Time{}
	}
	b, err := v.Bytes()
	if err != nil || len(b) != 8 {
		return time.Time{}
	}
	return fileTimeAt(b, 0)
}

// keyText and keyUint read one value of a key, with nothing for one that is
// not there or of another type.
func keyText(k hive.Key, name string) string {
	v, err := k.Value(name)
	if err != nil {
		return ""
	}
	s, _ := v.Text()
	return s
}

func keyUint(k hive.Key, name string) uint64 {
	v, err := k.Value(name)
	if err != nil {
		return 0
	}
	n, _ := v.Uint()
	return n
}
