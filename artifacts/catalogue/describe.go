package catalogue

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
)

// Fields returns one line for each field of the artifact's records: its
// JSON name, its type in words and, for a time, what the time means.
func Fields(a *artifacts.Artifact) []string {
	t := reflect.TypeOf(a.Record())
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var out []string
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		s := name + " (" + typeWord(f.Type) + ")"
		if ev, ok := f.Tag.Lookup("event"); ok {
			kind, opt, _ := strings.Cut(ev, ",")
			s += ": event “" + kind + "”"
			if opt == "local" {
				s += ", local time"
			}
		}
		if zone := f.Tag.Get("zone"); zone == "local" {
			s += ": local time"
		} else if zone != "" {
			s += ": may be local time"
		}
		out = append(out, s)
	}
	return out
}

func typeWord(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "time"
	case t.Kind() == reflect.String:
		return "text"
	case t.Kind() == reflect.Bool:
		return "yes/no"
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return "bytes"
	case t.Kind() == reflect.Slice:
		return "list of " + typeWord(t.Elem())
	case t.Kind() == reflect.Map:
		return "table"
	case t.Kind() == reflect.Pointer:
		return typeWord(t.Elem())
	case t.Kind() == reflect.Struct:
		return "object"
	}
	return "number"
}

// Markdown writes the catalogue as docs/artifacts.md shows it.
func Markdown(w io.Writer, chosen []*artifacts.Artifact) {
	fmt.Fprint(w, "# Artifacts\n\nGenerated from the catalogue by `go generate ./artifacts/catalogue`; `artifactdump list NAME` prints the same on a terminal.\n\n")
	fmt.Fprint(w, "What a record proves: **executed** the program ran; **interacted** a user did something with it; **present** the file was there; **configured** a setting names it. Times are UTC unless a field says local.\n")
	group := ""
	for _, a := range chosen {
		if a.Group != group {
			group = a.Group
			fmt.Fprintf(w, "\n## %s\n", group)
		}
		fmt.Fprintf(w, "\n### %s — %s\n\n%s\n\n", a.Name, a.Title, strings.TrimSpace(a.About))
		fmt.Fprintf(w, "- Proves: %s\n- Data type: `%s`\n", a.Proves, a.DataType)
		fmt.Fprint(w, "- Sources:\n")
		for _, s := range a.Sources {
			fmt.Fprintf(w, "  - `%s`\n", s)
		}
		fmt.Fprint(w, "- Fields:\n")
		for _, f := range Fields(a) {
			fmt.Fprintf(w, "  - %s\n", f)
		}
		if len(a.Attack) > 0 {
			fmt.Fprintf(w, "- ATT&CK: %s\n", strings.Join(a.Attack, ", "))
		}
		fmt.Fprint(w, "- References:\n")
		for _, r := range a.Refs {
			fmt.Fprintf(w, "  - %s\n", r)
		}
	}
}
