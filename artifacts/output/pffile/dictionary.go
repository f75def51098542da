package pffile

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/prefetch"
)

// Dictionary has command lines of hosting programs that are tried against the hashes
// of their Prefetch files. The program is the one that a line begins with.
func Dictionary(lines []string) *prefetch.Dictionary {
	dict := new(prefetch.Dictionary)
	for _, line := range lines {
		exe := strings.ToUpper(winpath.Base(winpath.ParseCommand(line, nil).Program))
		if !strings.Contains(exe, ".") {
			exe += ".EXE"
		}
		dict.AddCommandLine(exe, line)
	}
	return dict
}
