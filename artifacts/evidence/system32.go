package evidence

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// IsSystem32 reports whether dir is System32 or its 32-bit twin.
func (m *Machine) IsSystem32(dir string) bool {
	root := m.SystemRoot
	if root == "" {
		root = `C:\Windows`
	}
	root = winpath.Key(root)
	dir = strings.TrimSuffix(winpath.Key(dir), `\`)
	return dir == root+`\system32` || dir == root+`\syswow64` || dir == `\systemroot\system32` || dir == `%systemroot%\system32`
}
