package shell

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"
)

// roff escapes a text: backslashes, hyphens that are to be copied, and what
// would be a request at the start of a line.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...").Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}

// manualLine is how long a line of filled text may be: mandoc asks for it.
const manualLine = 79

// filled is a text that the formatter fills, in lines that begin with each
// sentence and are not too long.
func filled(s string) string {
	var b strings.Builder
	n, first := 0, true
	for word := range strings.FieldsSeq(s) {
		word = roff(word)
		switch {
		case first:
		case n+1+len(word) > manualLine, strings.HasSuffix(b.String(), ".") && !strings.HasSuffix(b.String(), ".."):
			b.WriteByte('\n')
			n = 0
		default:
			b.WriteByte(' ')
			n++
		}
		b.WriteString(word)
		n, first = n+len(word), false
	}
	return b.String()
}

// Manual writes the manual page. The date should be that of the program and not
// the day: the same program prints the same page.
func Manual(w io.Writer, app *cli.App, date string) {
	fmt.Fprintf(w, ".TH ARTIFACTDUMP 1 %q \"artifactdump %s\" \"User Commands\"\n", date, roff(app.Version))
	fmt.Fprintf(w, ".SH NAME\nartifactdump \\- %s\n.SH SYNOPSIS\n.B artifactdump\n.I command\n[\\fIflags\\fR] [\\fIarguments\\fR]\n.SH DESCRIPTION\n", roff(app.Usage))
	about, exits, _ := strings.Cut(app.Description, "Exit codes: ")
	fmt.Fprintln(w, filled(about))
	fmt.Fprint(w, ".SH COMMANDS\n")
	for _, c := range app.Commands {
		manualCommand(w, "", c)
	}
	fmt.Fprint(w, ".SH EXIT STATUS\n")
	for part := range strings.SplitSeq(strings.TrimSuffix(strings.ReplaceAll(exits, "\n", " "), "."), "; ") {
		code, what, _ := strings.Cut(part, " ")
		fmt.Fprintf(w, ".TP\n.B %s\n%s\n", code, filled(what))
	}
}

func manualCommand(w io.Writer, parent string, c *cli.Command) {
	if c.Hidden {
		return
	}
	name := strings.TrimSpace(parent + " " + c.Name)
	fmt.Fprintf(w, ".SS \"%s\"\n.B artifactdump %s\n", roff(name), roff(name))
	if len(c.Subcommands) > 0 {
		fmt.Fprintf(w, "\\fIcommand\\fR\n.PP\n%s\n", filled(c.Usage))
	} else {
		if len(c.Flags) > 0 {
			fmt.Fprint(w, "[\\fIflags\\fR]\n")
		}
		if c.ArgsUsage != "" {
			fmt.Fprintf(w, "\\fI%s\\fR\n", roff(c.ArgsUsage))
		}
		fmt.Fprintf(w, ".PP\n%s\n", filled(c.Usage+"."))
	}
	manualText(w, c.Description)
	for _, f := range c.Flags {
		d, ok := f.(cli.DocGenerationFlag)
		if !ok {
			continue
		}
		var names []string
		for _, n := range f.Names() {
			names = append(names, `\fB`+roff(dashed(n))+`\fR`)
		}
		value, usage := "", d.GetUsage()
		if d.TakesValue() {
			value = "value"
			if before, rest, ok := strings.Cut(usage, "`"); ok {
				var after string
				value, after, _ = strings.Cut(rest, "`")
				usage = before + value + after
			}
			value = ` \fI` + roff(value) + `\fR`
		}
		if def := d.GetDefaultText(); d.TakesValue() && def != "" && strings.Trim(def, `"[]`) != "" {
			usage += fmt.Sprintf(" (default %s)", def)
		}
		fmt.Fprintf(w, ".TP\n%s%s\n%s\n", strings.Join(names, ", "), value, filled(usage))
	}
	for _, s := range c.Subcommands {
		manualCommand(w, name, s)
	}
}

// manualText writes paragraphs; indented lines stay as they are.
func manualText(w io.Writer, s string) {
	var text []string
	verbatim := false
	flush := func() {
		if len(text) > 0 {
			fmt.Fprintf(w, ".PP\n%s\n", filled(strings.Join(text, " ")))
		}
		text = nil
	}
	for line := range strings.Lines(strings.TrimSpace(s)) {
		line = strings.TrimRight(line, "\n")
		indented := strings.HasPrefix(line, "   ")
		switch {
		case indented && !verbatim:
			flush()
			fmt.Fprint(w, ".PP\n.nf\n.RS 4\n")
		case !indented && verbatim:
			fmt.Fprint(w, ".RE\n.fi\n")
		}
		verbatim = indented
		switch {
		case indented:
			fmt.Fprintln(w, roff(strings.TrimPrefix(line, "   ")))
		case line == "":
			flush()
		case line == "Examples:":
			flush()
			text = append(text, line)
		default:
			text = append(text, line)
		}
	}
	flush()
	if verbatim {
		fmt.Fprint(w, ".RE\n.fi\n")
	}
}
