package pffile

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/prefetch"
)

// Text writes the file for reading: what ran, when, how often, from where, and how
// far the file can be trusted.
func (f *File) Text(w io.Writer) error {
	p := f.Prefetch
	b := &strings.Builder{}
	fmt.Fprintf(b, "%s\n", output.Clean(f.Path))
	row := func(label, format string, args ...any) {
		fmt.Fprintf(b, "  %-13s %s\n", label, output.Clean(fmt.Sprintf(format, args...)))
	}
	if p == nil {
		row("error", "%v", f.Err)
		_, err := io.WriteString(w, b.String()+"\n")
		return err
	}
	v := &f.Verify
	kind := "plain"
	if p.Compressed {
		kind = "compressed"
	}
	row("program", "%s", cmp.Or(p.Executable, "(not readable)"))
	if path := cmp.Or(v.Path, p.ExecutablePath); path != "" {
		row("path", "%s", path)
	}
	row("hash", "%08X %s%s", p.Hash, v.Status, explainHash(v))
	if v.CommandLine != "" {
		row("command line", "%s", v.CommandLine)
	}
	if pkg := cmp.Or(v.Package, p.PackageFullName); pkg != "" {
		row("package", "%s", pkg)
	}
	row("version", "%s (%s)", p.Version, kind)
	row("run count", "%d", p.RunCount)
	for i, t := range p.LastRuns {
		label := ""
		if i == 0 {
			label = "last runs"
		}
		if t.IsZero() {
			row(label, "(slot %d holds no plausible time)", i)
			continue
		}
		row(label, "%s", t.UTC().Format("2006-01-02 15:04:05.0000000"))
	}
	if p.ClockSetBack {
		row("", "the slots rise: the clock was set back between launches, the order is true, the times are not")
	}
	for _, vol := range p.Volumes {
		row("volume", "%s serial %08X created %s, %d folders", vol.Device, vol.Serial, day(vol.Created), len(vol.Directories))
	}
	row("files", "%d", len(p.Files))
	for _, m := range p.Files {
		row("", "%s", m.Name)
	}
	for _, err := range f.Problems() {
		row("damage", "%v", err)
	}
	_, err := io.WriteString(w, b.String()+"\n")
	return err
}

func day(t time.Time) string {
	if t.IsZero() {
		return "(not set)"
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

// explainHash says what a verification rests on, or why there is none.
func explainHash(v *prefetch.Verification) string {
	switch {
	case v.Why != "":
		return ": " + v.Why
	case v.CommandLine != "":
		return fmt.Sprintf(": path and command line, one of %d sums tried", v.Candidates)
	case v.AppID != "":
		return ": path, package and application id " + v.AppID
	case v.Hint != 0:
		return fmt.Sprintf(": path and /prefetch:%d", v.Hint)
	case v.Recovered:
		return ": the path was recovered from the folders"
	case v.Status.OK():
		return ": the hash of the path"
	}
	return ""
}
