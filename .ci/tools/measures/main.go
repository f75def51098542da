// Command measures prints how the source stands beside the aims that the project
// has set itself: sizes, complexities and packages that no picture shows.
//
//	measures [-strict] [ROOT]
//
// With -strict it ends with 1 when a hard aim is missed.
package main

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/fzipp/gocyclo"
	"github.com/uudashr/gocognit"
)

const module = "github.com/artifactdump/artifactdump"

func main() {
	strict := flag.Bool("strict", false, "end with 1 when a hard aim is missed")
	list := flag.Bool("v", false, "name what is beyond an aim")
	flag.Parse()
	root := cmp.Or(flag.Arg(0), ".")
	s, err := read(root)
	if err != nil {
		fmt.Fprintln(os.Stderr, "measures:", err)
		os.Exit(1)
	}
	rows := s.rows()
	missed := write(os.Stdout, rows, *list)
	if *strict && missed > 0 {
		os.Exit(1)
	}
}

// A row is one measure beside its aim.
type row struct {
	name   string
	today  float64
	aim    float64
	least  bool // the aim is a least, not a most
	hard   bool
	beyond []string
}

func (r *row) missed() bool { return r.least && r.today < r.aim || !r.least && r.today > r.aim }

func write(out *os.File, rows []row, list bool) (missed int) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "measure\ttoday\taim\t")
	for _, r := range rows {
		sign, verdict := "≤", ""
		if r.least {
			sign = "≥"
		}
		if r.missed() {
			if verdict = "missed"; r.hard {
				missed++
				verdict = "MISSED"
			}
		}
		fmt.Fprintf(w, "%s\t%s\t%s %s\t%s\n", r.name, number(r.today), sign, number(r.aim), verdict)
	}
	w.Flush()
	for _, r := range rows {
		if !list || len(r.beyond) == 0 || !r.missed() {
			continue
		}
		fmt.Fprintf(out, "\n%s\n", r.name)
		for _, b := range r.beyond {
			fmt.Fprintf(out, "  %s\n", b)
		}
	}
	return missed
}

func number(f float64) string {
	if f == float64(int(f)) {
		return strconv.Itoa(int(f))
	}
	return strconv.FormatFloat(f, 'f', 2, 64)
}

// A source is what was counted.
type source struct {
	functions             []function
	files                 []named // that are no tests, by their lines
	code, tests, main     int     // lines
	long                  []named // lines of code beyond 140 columns
	declarations          int
	packages, withoutARow []string
}

type function struct {
	name                         string
	lines, cyclomatic, cognitive int
}

type named struct {
	name string
	n    int
}

func (s *source) rows() []row {
	length := s.numbers(func(f function) int { return f.lines })
	cyclo := s.numbers(func(f function) int { return f.cyclomatic })
	var hardToRead, longest, tall, tallCommand []string
	for _, f := range s.functions {
		if f.cognitive > 30 {
			hardToRead = append(hardToRead, fmt.Sprintf("%3d %s", f.cognitive, f.name))
		}
		if f.lines > 120 {
			longest = append(longest, fmt.Sprintf("%3d %s", f.lines, f.name))
		}
	}
	file, command := 0, 0
	for _, f := range s.files {
		file = max(file, f.n)
		if f.n > 500 {
			tall = append(tall, fmt.Sprintf("%3d %s", f.n, f.name))
		}
		if strings.HasPrefix(f.name, "cmd/") {
			if command = max(command, f.n); f.n > 300 {
				tallCommand = append(tallCommand, fmt.Sprintf("%3d %s", f.n, f.name))
			}
		}
	}
	var wide []string
	for _, l := range s.long {
		wide = append(wide, fmt.Sprintf("%3d %s", l.n, l.name))
	}
	return []row{
		{name: "function length, median", today: at(length, 50), aim: 12},
		{name: "function length, 95th percentile", today: at(length, 95), aim: 50},
		{name: "function length, longest", today: at(length, 100), aim: 120, hard: true, beyond: longest},
		{name: "cyclomatic complexity, 95th percentile", today: at(cyclo, 95), aim: 15},
		{name: "cyclomatic complexity, largest", today: at(cyclo, 100), aim: 30, hard: true,
			beyond: s.most(func(f function) int { return f.cyclomatic }, 30)},
		{name: "functions of a cognitive complexity above 30", today: float64(len(hardToRead)), aim: 20, beyond: hardToRead},
		{name: "longest file", today: float64(file), aim: 500, hard: true, beyond: tall},
		{name: "longest file of cmd", today: float64(command), aim: 300, hard: true, beyond: tallCommand},
		{name: "declarations of package artifacts", today: float64(s.declarations), aim: 45},
		{name: "lines of package main", today: float64(s.main), aim: 3500, hard: true},
		{name: "lines of tests for each line of code", today: float64(s.tests*100/max(1, s.code)) / 100, aim: 0.5, least: true},
		{name: "code lines longer than 140 columns", today: float64(len(s.long)), aim: 0, beyond: wide},
		{name: "packages without a row in the arrows test", today: float64(len(s.withoutARow)), aim: 0, hard: true, beyond: s.withoutARow},
	}
}

func (s *source) numbers(of func(function) int) []int {
	var out []int
	for _, f := range s.functions {
		out = append(out, of(f))
	}
	slices.Sort(out)
	return out
}

func (s *source) most(of func(function) int, limit int) []string {
	var out []string
	for _, f := range s.functions {
		if n := of(f); n > limit {
			out = append(out, fmt.Sprintf("%3d %s", n, f.name))
		}
	}
	return out
}

// at is a percentile of a sorted list.
func at(sorted []int, percent int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[(len(sorted)-1)*percent/100])
}

func read(root string) (*source, error) {
	out, err := command(root, "git", "ls-files", "*.go")
	if err != nil {
		return nil, err
	}
	s := &source{}
	for name := range strings.FieldsSeq(out) {
		if strings.HasPrefix(name, ".") {
			continue
		}
		b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if os.IsNotExist(err) {
			continue // removed, and not committed yet
		}
		if err != nil {
			return nil, err
		}
		if err := s.file(name, b); err != nil {
			return nil, err
		}
	}
	doc, err := command(root, "go", "doc", module+"/artifacts")
	if err != nil {
		return nil, err
	}
	s.declarations = len(regexp.MustCompile(`(?m)^(func|type|var|const)\b`).FindAllString(doc, -1))
	return s, s.arrows(root)
}

func command(dir string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return string(out), nil
}

// file counts one file.
func (s *source) file(name string, b []byte) error {
	lines := bytes.Count(b, []byte("\n"))
	if strings.HasSuffix(name, "_test.go") {
		s.tests += lines
		return nil
	}
	s.code += lines
	s.files = append(s.files, named{name, lines})
	if path.Dir(name) == "cmd/artifactdump" {
		s.main += lines
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, b, parser.ParseComments)
	if err != nil {
		return err
	}
	cognitive := map[string]int{}
	for _, c := range gocognit.ComplexityStats(f, fset, nil) {
		cognitive[c.Pos.String()] = c.Complexity
	}
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		pos := fset.Position(fn.Pos())
		s.functions = append(s.functions, function{
			name:       fmt.Sprintf("%s:%d %s", name, pos.Line, fn.Name.Name),
			lines:      fset.Position(fn.End()).Line - pos.Line + 1,
			cyclomatic: gocyclo.Complexity(fn),
			cognitive:  cognitive[pos.String()],
		})
	}
	if !ast.IsGenerated(f) {
		s.wide(name, b, texts(f, fset))
	}
	return nil
}

// texts is how many columns of each line are inside string literals.
func texts(f *ast.File, fset *token.FileSet) map[int]int {
	out := map[int]int{}
	ast.Inspect(f, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		line := fset.Position(lit.Pos()).Line
		for i, part := range strings.Split(lit.Value, "\n") {
			out[line+i] += len([]rune(part))
		}
		return true
	})
	return out
}

// wide keeps lines that are longer than 140 columns, also without the texts in
// them: tables of text are no code. Generated files are not measured.
func (s *source) wide(name string, b []byte, texts map[int]int) {
	n := 0
	for line := range strings.Lines(string(b)) {
		n++
		columns := len([]rune(strings.TrimSuffix(line, "\n")))
		if columns > 140 && (texts[n] == 0 || columns-texts[n] > 70) {
			s.long = append(s.long, named{fmt.Sprintf("%s:%d", name, n), columns})
		}
	}
}

// arrows compares the packages with the rows of the arrows test.
func (s *source) arrows(root string) error {
	out, err := command(root, "go", "list", "./...")
	if err != nil {
		return err
	}
	const test = "cmd/artifactdump/arrows_test.go"
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, filepath.Join(root, filepath.FromSlash(test)), nil, 0)
	if err != nil {
		return err
	}
	rows := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		kv, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		if lit, ok := kv.Key.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if key, err := strconv.Unquote(lit.Value); err == nil {
				rows[key] = true
			}
		}
		return true
	})
	for p := range strings.FieldsSeq(out) {
		if p = strings.TrimPrefix(p, module+"/"); !rows[p] {
			s.withoutARow = append(s.withoutARow, p)
		}
	}
	return nil
}
