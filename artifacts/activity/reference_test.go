package activity

import (
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/formats/shellitem"
)

// TestFileReference holds references apart: the sequence of an NTFS volume is
// never 0, FAT and shares have other numbers.
func TestFileReference(t *testing.T) {
	if e, s, other := fileReference(shellitem.Item{Entry: 1640, Sequence: 3}); e != 1640 || s != 3 || other != 0 {
		t.Error(e, s, other)
	}
	if e, s, other := fileReference(shellitem.Item{Entry: 0x8A21}); e != 0 || s != 0 || other != 0x8A21 {
		t.Error(e, s, other)
	}
}
