package sigma

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits on what is loaded. The largest public collection has some 4,000 rules
// in files of at most 100 KB.
const (
	maxFile  = 1 << 20
	maxFiles = 50_000
	maxRules = 50_000
)

// Load reads rules from files, folders and zip archives, and compiles them. The
// error is about a path that cannot be read at all; what is wrong with a rule
// is among [Set.Skipped].
func Load(paths []string, opts *Options) (*Set, error) {
	l := &loader{opts: opts}
	for _, p := range paths {
		st, err := os.Stat(p)
		if err != nil {
			return nil, err
		}
		switch {
		case st.IsDir():
			root, rerr := os.OpenRoot(p)
			if rerr != nil {
				return nil, rerr
			}
			err = l.tree(root.FS(), filepath.ToSlash(p))
			root.Close()
		case strings.EqualFold(filepath.Ext(p), ".zip"):
			err = l.zip(p)
		default:
			err = l.file(p)
		}
		if err != nil {
			return nil, err
		}
	}
	return l.compile(), nil
}

// LoadFS reads the rules in a file system and compiles them.
func LoadFS(fsys fs.FS, opts *Options) (*Set, error) {
	l := &loader{opts: opts}
	if err := l.tree(fsys, ""); err != nil {
		return nil, err
	}
	return l.compile(), nil
}

// A loader collects parsed rules.
type loader struct {
	opts  *Options
	rules []*parsed
	skips []Skip
	files int
}

func (l *loader) zip(name string) error {
	r, err := zip.OpenReader(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer r.Close()
	return l.tree(r, filepath.ToSlash(name))
}

func (l *loader) file(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return l.read(f, filepath.ToSlash(name))
}

// tree reads all rule files of a file system in the order of their names.
func (l *loader) tree(fsys fs.FS, prefix string) error {
	return fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		full := path.Join(prefix, name)
		if err != nil {
			l.skips = append(l.skips, Skip{File: full, Reason: err.Error()})
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || !isRuleFile(name) {
			return nil
		}
		f, err := fsys.Open(name)
		if err != nil {
			l.skips = append(l.skips, Skip{File: full, Reason: err.Error()})
			return nil
		}
		defer f.Close()
		return l.read(f, full)
	})
}

func isRuleFile(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return ext == ".yml" || ext == ".yaml"
}

// read parses the documents of one file. Documents that are not rules, such as
// the notes of a test, are passed over.
func (l *loader) read(r io.Reader, name string) error {
	if l.files++; l.files > maxFiles {
		return fmt.Errorf("more than %d rule files", maxFiles)
	}
	b, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		l.skips = append(l.skips, Skip{File: name, Reason: err.Error()})
		return nil
	}
	if len(b) > maxFile {
		l.skips = append(l.skips, Skip{File: name, Reason: fmt.Sprintf("larger than %d bytes", maxFile)})
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	var global *yaml.Node
	for {
		var doc yaml.Node
		if err := dec.Decode(&doc); err != nil {
			if !errors.Is(err, io.EOF) {
				l.skips = append(l.skips, notYAML(name, err))
			}
			return nil
		}
		if len(l.rules) >= maxRules {
			return fmt.Errorf("more than %d rules", maxRules)
		}
		if global = l.document(&doc, global, name); global == nil {
			continue
		}
	}
}

// notYAML names a file that cannot be parsed, with the line that the parser
// gives.
func notYAML(name string, err error) Skip {
	s := Skip{File: name, Reason: strings.TrimPrefix(err.Error(), "yaml: ")}
	if rest, ok := strings.CutPrefix(s.Reason, "line "); ok {
		line, reason, _ := strings.Cut(rest, ": ")
		if n, err := strconv.Atoi(line); err == nil {
			s.Line, s.Reason = n, reason
		}
	}
	return s
}

// document parses one document. It returns the one whose fields later documents
// of the file inherit ("action: global").
func (l *loader) document(doc, global *yaml.Node, name string) *yaml.Node {
	root := doc
	if root.Kind == yaml.DocumentNode && len(root.Content) > 0 {
		root = root.Content[0]
	}
	if root.Kind != yaml.MappingNode {
		return global
	}
	switch text(child(root, "action")) {
	case "global":
		return root
	case "reset":
		global = nil
	}
	if global != nil {
		root = inherit(root, global)
	}
	p, err := parseRule(root, l.opts)
	if p == nil && err == nil {
		return global
	}
	if err != nil {
		s := Skip{File: name, Line: root.Line, Title: text(child(root, "title")), Reason: err.Error()}
		if e, ok := errors.AsType[*ruleError](err); ok && e.line > 0 {
			s.Line = e.line
		}
		l.skips = append(l.skips, s)
		return global
	}
	p.rule.File, p.rule.Line = name, root.Line
	l.rules = append(l.rules, p)
	return global
}

// inherit returns a mapping with the fields of both; those of root win.
func inherit(root, global *yaml.Node) *yaml.Node {
	out := *root
	out.Content = slices.Clone(root.Content)
	for i := 0; i+1 < len(global.Content); i += 2 {
		if key := global.Content[i].Value; key != "action" && child(root, key) == nil {
			out.Content = append(out.Content, global.Content[i], global.Content[i+1])
		}
	}
	return &out
}
