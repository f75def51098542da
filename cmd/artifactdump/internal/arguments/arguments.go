// Package arguments reads the values of flags and arguments that several commands
// share: artifacts, levels, zones, sizes, lists of words, and files of rules.
package arguments

import (
	"errors"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/shell"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

// Artifacts is [catalogue.Select] with a proposal for a mistyped name.
func Artifacts(names []string) ([]*artifacts.Artifact, error) {
	list, err := catalogue.Select(names)
	if err != nil {
		return nil, usage.Errorf("%v%s", err, meant(names))
	}
	return list, nil
}

// meant proposes an artifact or a chapter for the first name that is neither.
func meant(names []string) string {
	var known []string
	seen := map[string]bool{}
	for _, a := range catalogue.All() {
		known = append(known, a.Name)
		seen[a.Name] = true
		if g := strings.ToLower(a.Group); !seen[g] {
			seen[g] = true
			known = append(known, g)
		}
	}
	for _, n := range names {
		if !seen[strings.ToLower(n)] {
			return shell.Meant(n, known)
		}
	}
	return ""
}

// AreArtifacts reports whether names are those of single artifacts, and not of
// chapters.
func AreArtifacts(names []string) bool {
	list, err := catalogue.Select(names)
	return err == nil && len(names) > 0 && !slices.ContainsFunc(list, func(a *artifacts.Artifact) bool {
		return !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, a.Name) })
	})
}

// Level reads the level of a flag; an empty text is not a level.
func Level(flag, v string) (findings.Level, error) {
	if v == "" {
		return 0, nil
	}
	l, ok := findings.ParseLevel(strings.ToLower(v))
	if !ok {
		return 0, usage.Errorf("--%s: unknown level %q; known: %s", flag, v, strings.Join(findings.Levels(), ", "))
	}
	return l, nil
}

// Zone returns the zone of a machine's local times: the one of the text, or what the
// SYSTEM hive holds.
func Zone(v string, m *evidence.Machine) (*artifacts.Zone, error) {
	if v != "" {
		z, err := artifacts.ParseZone(v)
		if err != nil {
			return nil, usage.Errorf("--evidence-timezone: %v", err)
		}
		return z, nil
	}
	if m == nil {
		return &artifacts.Zone{}, nil
	}
	return artifacts.ZoneOf(m), nil
}

// Words reads a list of words of which each must be known; an empty text is all.
func Words(flag, v string, known []string) ([]string, error) {
	if v == "" {
		return known, nil
	}
	list := strings.Split(v, ",")
	for i, w := range list {
		if list[i] = strings.TrimSpace(w); !slices.Contains(known, list[i]) {
			return nil, usage.Errorf("--%s: unknown %q; known: %s", flag, list[i], strings.Join(known, ", "))
		}
	}
	return list, nil
}

// Bytes reads a number of bytes with an optional K, M, G or T.
func Bytes(flag, v string) (int64, error) {
	number, shift := strings.ToUpper(v), 0
	if i := strings.IndexAny(number, "KMGT"); i > 0 && i == len(number)-1 {
		shift = 10 * (1 + strings.IndexByte("KMGT", number[i]))
		number = number[:i]
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 1 || n > 1<<62>>shift {
		return 0, usage.Errorf("--%s %s: give a number of bytes, such as 500M or 2G", flag, v)
	}
	return n << shift, nil
}

// findingID is an id of a finding, or a prefix of one.
var findingID = regexp.MustCompile(`^[0-9a-f]{1,16}$`)

// IDs takes the ids of findings from the end of the arguments. What is the name of a
// file or folder is evidence.
func IDs(args []string) (paths, ids []string) {
	n := len(args)
	for n > 1 && findingID.MatchString(args[n-1]) {
		if _, err := os.Lstat(args[n-1]); err == nil {
			break
		}
		n--
	}
	return args[:n], args[n:]
}

// Programs takes names of programs from the arguments. What is the name of a file or
// folder is evidence, and so is the first argument.
func Programs(args []string) (paths, names []string) {
	for i, a := range args {
		if _, err := os.Lstat(a); i == 0 || !errors.Is(err, fs.ErrNotExist) {
			paths = append(paths, a)
		} else {
			names = append(names, a)
		}
	}
	return paths, names
}

// WithoutPassword is a command line as it may be written down.
func WithoutPassword(args []string) []string {
	out := slices.Clone(args)
	for i, a := range out {
		name, _, ok := strings.Cut(a, "=")
		switch {
		case !slices.Contains([]string{"--password", "-password", "--passphrase", "-passphrase"}, name):
		case ok:
			out[i] = name + "=***"
		case i+1 < len(out):
			out[i+1] = "***"
		}
	}
	return out
}
