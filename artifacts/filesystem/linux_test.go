package filesystem_test

import (
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
)

// TestLinuxOwner: the owner and the mode that the Windows Subsystem for Linux keeps are
// in the record of the file, and in its line.
func TestLinuxOwner(t *testing.T) {
	at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	v := ntfsmeta.New(ntfsmeta.Spec{Made: at})
	r := v.Create(ntfsmeta.Root, "run.py", []byte("x"), at.Add(time.Hour))
	v.Extended(r, "$LXUID", []byte{0, 0, 0, 0}, at.Add(time.Hour))
	v.Extended(r, "$LXMOD", []byte{0xED, 0x81, 0, 0}, at.Add(time.Hour))
	v.Create(ntfsmeta.Root, "other.py", []byte("x"), at.Add(2*time.Hour))
	files := of[filesystem.File](decode(t, map[string][]byte{"C/$MFT": v.MFT()}, nil))
	if len(files) != 2 {
		t.Fatalf("%d files", len(files))
	}
	w := files[0].WSL
	if w == nil || w.UID == nil || *w.UID != 0 || w.GID != nil || w.Mode != "0100755" || w.Device != "" || files[1].WSL != nil {
		t.Errorf("%+v, %+v", w, files[1].WSL)
	}
	if s := files[0].Summary(); !strings.HasSuffix(s, " Linux owner 0:? mode 0100755") {
		t.Error(s)
	}
}
