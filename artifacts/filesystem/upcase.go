package filesystem

import (
	"slices"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// upcasePatterns are where collectors keep the table by which a volume compares names.
var upcasePatterns = []string{`%AnyDrive%\$UpCase`}

// readUpCase returns the table of the volume that a $MFT is of, from the volume or from
// beside the $MFT. Without it names are compared as Windows does in general.
func readUpCase(in artifacts.Input, f *evidence.File) *ntfs.UpCase {
	if vol, ok := f.NTFS(); ok {
		return vol.UpCase()
	}
	if f = beside(in, upcasePatterns); f == nil {
		return nil
	}
	b, err := f.BytesUpTo(1 << 20)
	if err != nil {
		return nil
	}
	u, _ := ntfs.ParseUpCase(b)
	return u
}

// fold compares names as the volume does, of which there may be no $MFT.
func (v *view) fold(path string) string {
	if v == nil {
		return (*ntfs.UpCase)(nil).Fold(path)
	}
	return v.upcase.Fold(path)
}

// namedFiles are the paths that other artifacts name, by what the volume makes of them.
type namedFiles map[string][]string

func newNamedFiles(in artifacts.Input, u *ntfs.UpCase) namedFiles {
	n := namedFiles{}
	for path := range in.NamedFiles() {
		key := u.Fold(path)
		n[key] = append(n[key], path)
	}
	return n
}

// is reports whether a folded path is among them. confirm, if there is one, is asked
// about a path as it was spelled.
func (n namedFiles) is(folded []byte, confirm func(spelled string) bool) bool {
	list := n[string(folded)]
	return len(list) > 0 && (confirm == nil || slices.ContainsFunc(list, confirm))
}
