package evidence

import (
	"cmp"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// IsSystem32 reports whether dir is System32 or its 32-bit twin.
func (m *Machine) IsSystem32(dir string) bool {
	low := strings.ToLower(strings.TrimSuffix(dir, `\`))
	for _, variable := range []string{`%systemroot%`, `%windir%`, `\systemroot`} {
		if below, ok := strings.CutPrefix(low, variable); ok {
			return below == `\system32` || below == `\syswow64`
		}
	}
	key, root := winpath.Key(low), winpath.Key(cmp.Or(m.SystemRoot, `C:\Windows`))
	return key == root+`\system32` || key == root+`\syswow64`
}
