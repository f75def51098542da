package collectview

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

// BesideName is the file with options of collect that may lie beside the program, on the disk that a helper carries from machine to
// machine.
const BesideName = "artifactdump.json"

// besideFlags are the options that the file may set, with the other names of each.
var besideFlags = map[string][]string{
	"output": {"o"}, "artifact": {"a"}, "quiet": {"q"}, "max-file": nil, "max-total": nil, "listing": nil, "layout": nil, "api": nil,
	"no-shadows": nil, "programs": nil, "store": nil, "recipient": nil, "allow-same-volume": nil, "force": nil, "resume": nil,
}

// maxBeside bounds the file.
const maxBeside = 1 << 20

// Beside completes the command line of a collection by the file beside the program. Without arguments, as a double click starts it, the
// program collects the file's source; what the command line names wins. Of other commands the file changes nothing.
func Beside(args []string, dir string) ([]string, error) {
	if len(args) > 1 && args[1] != "collect" {
		return args, nil
	}
	name := filepath.Join(dir, BesideName)
	st, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return args, nil
	}
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() || st.Size() > maxBeside {
		return nil, usage.Errorf("%s: not a file of options", name)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var set map[string]any
	if err := json.Unmarshal(bytes.TrimPrefix(b, []byte("\ufeff")), &set); err != nil {
		return nil, usage.Errorf("%s: %v", name, err)
	}
	source, ok := set["source"].(string)
	if _, there := set["source"]; there && !ok {
		return nil, usage.Errorf("%s: source: give a text", name)
	}
	delete(set, "source")
	bare := len(args) < 3 // nothing was named
	if source == "" && len(args) < 2 {
		return args, nil
	}
	out := append(slices.Clone(args[:1]), "collect")
	for _, flag := range slices.Sorted(maps.Keys(set)) {
		short, known := besideFlags[flag]
		if !known {
			return nil, usage.Errorf("%s: unknown option %q; known: source, %s", name, flag,
				strings.Join(slices.Sorted(maps.Keys(besideFlags)), ", "))
		}
		if given(args, append(short, flag)) || flag == "output" && !bare {
			continue
		}
		values, err := texts(set[flag])
		if err != nil {
			return nil, usage.Errorf("%s: %s: %v", name, flag, err)
		}
		for _, v := range values {
			if flag == "output" {
				v = outputName(v, dir)
			}
			out = append(out, "--"+flag+"="+v)
		}
	}
	if bare {
		if source != "" {
			out = append(out, source)
		}
		return out, nil
	}
	return append(out, args[2:]...), nil
}

// given reports whether the command line sets a flag.
func given(args, names []string) bool {
	return slices.ContainsFunc(args, func(a string) bool {
		name, _, _ := strings.Cut(strings.TrimLeft(a, "-"), "=")
		return strings.HasPrefix(a, "-") && slices.Contains(names, name)
	})
}

// texts returns the values of a flag as a command line has them.
func texts(v any) ([]string, error) {
	switch v := v.(type) {
	case string:
		return []string{v}, nil
	case bool:
		if v {
			return []string{"true"}, nil
		}
		return nil, nil
	case []any:
		var out []string
		for _, x := range v {
			s, ok := x.(string)
			if !ok {
				return nil, errors.New("give texts")
			}
			out = append(out, s)
		}
		return out, nil
	}
	return nil, errors.New("give a text, true or false, or a list of texts")
}

// outputName names the zip: {host} is the name of the machine that the program runs on, and a relative path begins beside the program.
func outputName(v, dir string) string {
	if host, err := os.Hostname(); err == nil {
		v = strings.ReplaceAll(v, "{host}", filepath.Base(host))
	}
	if v != "-" && !filepath.IsAbs(v) {
		v = filepath.Join(dir, v)
	}
	return v
}
