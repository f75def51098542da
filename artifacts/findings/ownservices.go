package findings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// An ownService is a service that Windows installs, with its files.
type ownService struct {
	versions []string
	globs    []glob
}

func (t *Tables) readService(args []string) error {
	head, files := cut(args, ":")
	if len(head) != 2 || len(files) == 0 {
		return fmt.Errorf("service wants versions, a name, a colon and files")
	}
	versions := strings.Split(strings.ToLower(head[0]), ",")
	for _, v := range versions {
		if v != "*" && !slices.Contains(windowsVersions, v) {
			return fmt.Errorf("unknown version of Windows %q; known: %s", v, strings.Join(windowsVersions, ", "))
		}
	}
	name := strings.ToLower(head[1])
	t.services[name] = append(t.services[name], ownService{versions, globs(files)})
	return nil
}

func (t *Tables) readAcquisition(args []string) error {
	head, names := cut(args, ":")
	if len(head) != 1 || len(names) == 0 {
		return fmt.Errorf("acquisition wants the name of a tool, a colon and names")
	}
	for _, n := range names {
		t.acquirers[strings.ToLower(n)] = head[0]
	}
	return nil
}

var windowsVersions = []string{"xp", "2003", "vista", "7", "8", "8.1", "10", "11"}

// windowsVersion is the version by its build, "" where that is unknown. Servers
// count as the client of the same build.
func windowsVersion(build string) string {
	var n int
	if _, err := fmt.Sscanf(build, "%d", &n); err != nil {
		return ""
	}
	switch {
	case n < 2600:
		return ""
	case n < 3790:
		return "xp"
	case n < 6000:
		return "2003"
	case n < 7600:
		return "vista"
	case n < 9200:
		return "7"
	case n < 9600:
		return "8"
	case n < 10240:
		return "8.1"
	case n < 22000:
		return "10"
	}
	return "11"
}

// ownService reports whether Windows itself installs a service of this name with
// this file. Without a known version each version's entry counts.
func (x *look) ownService(name, path string) bool {
	version := ""
	if m := x.facts.Machine; m != nil {
		version = windowsVersion(m.Build)
	}
	parts := strings.Split(x.normal(path, x.row.rec.User), `\`)
	return slices.ContainsFunc(x.t.services[strings.ToLower(name)], func(s ownService) bool {
		known := version == "" || slices.Contains(s.versions, "*") || slices.Contains(s.versions, version)
		return known && anyGlob(s.globs, parts)
	})
}

// acquirer names the acquisition tool whose driver or service this is.
func (t *Tables) acquirer(s persistence.Service, image string) string {
	base := strings.ToLower(winpath.Base(image))
	for _, n := range []string{strings.TrimSuffix(base, ext(base)), strings.ToLower(s.Name)} {
		if tool := t.acquirers[n]; tool != "" {
			return tool
		}
		for glob, tool := range t.acquirers {
			if strings.ContainsAny(glob, "*?") && like(glob, n) {
				return tool
			}
		}
	}
	return ""
}
