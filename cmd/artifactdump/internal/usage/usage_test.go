package usage

import (
	"errors"
	"io/fs"
	"testing"
)

func TestError(t *testing.T) {
	err := Errorf("--x %q: %w", "y", fs.ErrNotExist)
	if _, ok := errors.AsType[Error](err); !ok || !errors.Is(err, fs.ErrNotExist) || err.Error() != `--x "y": file does not exist` {
		t.Errorf("%T: %v", err, err)
	}
	if Of(nil) != nil {
		t.Error("nothing became an error")
	}
	if _, ok := errors.AsType[Error](Of(fs.ErrExist)); !ok || !errors.Is(Of(fs.ErrExist), fs.ErrExist) {
		t.Errorf("%T", Of(fs.ErrExist))
	}
}
