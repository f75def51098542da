package sigma

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// A parsed rule is compiled after all are known.
type parsed struct {
	rule *Rule
	cond *node
}

// A ruleError is what is wrong with a rule, and on which line.
type ruleError struct {
	line    int
	problem string
}

func (e *ruleError) Error() string { return e.problem }

func wrong(n *yaml.Node, format string, args ...any) error {
	e := &ruleError{problem: fmt.Sprintf(format, args...)}
	if n != nil {
		e.line = n.Line
	}
	return e
}

// child returns the value of a key of a mapping, or nil.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return follow(n.Content[i+1])
		}
	}
	return nil
}

// follow resolves an alias. Aliases of aliases do not exist.
func follow(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// text returns a scalar, or "".
func text(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return ""
	}
	return n.Value
}

// texts returns a list of scalars; a scalar alone is a list of one.
func texts(n *yaml.Node) []string {
	if n == nil {
		return nil
	}
	if s := text(n); s != "" {
		return []string{s}
	}
	var out []string
	if n.Kind == yaml.SequenceNode {
		for _, c := range n.Content {
			if s := text(follow(c)); s != "" {
				out = append(out, s)
			}
		}
	}
	return out
}

// parseRule reads a rule. It returns nil and no error for a document that is
// not a rule.
func parseRule(root *yaml.Node, opts *Options) (*parsed, error) {
	detection, corr := child(root, "detection"), child(root, "correlation")
	if detection == nil && corr == nil {
		return nil, nil
	}
	src := child(root, "logsource")
	r := &Rule{
		ID: text(child(root, "id")), Name: text(child(root, "name")), Title: text(child(root, "title")),
		Description: strings.TrimSpace(text(child(root, "description"))), Author: text(child(root, "author")),
		Level: strings.ToLower(text(child(root, "level"))), Status: strings.ToLower(text(child(root, "status"))),
		Tags: texts(child(root, "tags")), References: texts(child(root, "references")),
		FalsePositives: texts(child(root, "falsepositives")),
		LogSource: LogSource{
			Product:  strings.ToLower(text(child(src, "product"))),
			Category: strings.ToLower(text(child(src, "category"))),
			Service:  strings.ToLower(text(child(src, "service"))),
		},
	}
	if r.Title == "" {
		return nil, wrong(root, "has no title")
	}
	if !opts.takes(r.Status) {
		return nil, wrong(nil, "status %s", r.Status)
	}
	if corr != nil {
		c, err := parseCorrelation(corr)
		r.Correlation = c
		return &parsed{rule: r}, err
	}
	if err := judgeable(r.LogSource); err != nil {
		return nil, err
	}
	d := &detectionParser{opts: opts, items: map[string]*yaml.Node{}, done: map[string]*node{}}
	cond, err := d.parse(detection)
	if err != nil {
		return nil, err
	}
	return &parsed{rule: r, cond: cond}, nil
}

// A detectionParser turns a detection into one condition.
type detectionParser struct {
	opts  *Options
	items map[string]*yaml.Node
	names []string
	done  map[string]*node // parsed items
	nodes int
}

// Limits on one rule; the largest public one has some 1,500 values.
const (
	maxNodes  = 50_000
	maxNested = 32
)

func (d *detectionParser) parse(n *yaml.Node) (*node, error) {
	if n.Kind != yaml.MappingNode {
		return nil, wrong(n, "detection is not a mapping")
	}
	var conditions []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i].Value, follow(n.Content[i+1])
		switch key {
		case "condition":
			conditions = []*yaml.Node{value}
			if value.Kind == yaml.SequenceNode {
				conditions = value.Content
			}
		case "timeframe":
			return nil, wrong(n.Content[i], "timeframe: an aggregation of the old form is not judged")
		default:
			d.items[key] = value
			d.names = append(d.names, key)
		}
	}
	if len(conditions) == 0 {
		return nil, wrong(n, "has no condition")
	}
	any := &node{op: opOr}
	for _, c := range conditions {
		s := text(follow(c))
		if strings.Contains(s, "|") {
			return nil, wrong(c, "condition %q: an aggregation of the old form is not judged", s)
		}
		x, err := parseCondition(s, d)
		if err != nil {
			return nil, wrong(c, "condition %q: %v", s, err)
		}
		any.kids = append(any.kids, x)
	}
	return any, nil
}

// item returns the parsed detection item of a name.
func (d *detectionParser) item(name string) (*node, error) {
	if n, ok := d.done[name]; ok {
		return n, nil
	}
	y, ok := d.items[name]
	if !ok {
		return nil, fmt.Errorf("no detection item %q", name)
	}
	n, err := d.value(y, 0)
	if err == nil {
		d.done[name] = n
	}
	return n, err
}

// value parses what a detection item holds: a mapping is a conjunction of
// fields, a list a disjunction, a scalar a keyword.
func (d *detectionParser) value(y *yaml.Node, depth int) (*node, error) {
	y = follow(y)
	if depth > maxNested {
		return nil, wrong(y, "nested more than %d levels deep", maxNested)
	}
	if d.nodes++; d.nodes > maxNodes {
		return nil, wrong(y, "more than %d values", maxNodes)
	}
	switch y.Kind {
	case yaml.MappingNode:
		all := &node{op: opAnd}
		for i := 0; i+1 < len(y.Content); i += 2 {
			x, err := d.field(y.Content[i].Value, y.Content[i+1], depth)
			if err != nil {
				return nil, err
			}
			all.kids = append(all.kids, x)
		}
		return all, nil
	case yaml.SequenceNode:
		any := &node{op: opOr}
		for _, c := range y.Content {
			x, err := d.value(c, depth+1)
			if err != nil {
				return nil, err
			}
			any.kids = append(any.kids, x)
		}
		return any, nil
	}
	return d.field("", y, depth)
}

// field parses one key of a mapping with its modifiers, and its values.
func (d *detectionParser) field(key string, y *yaml.Node, depth int) (*node, error) {
	y = follow(y)
	name, mods, err := parseModifiers(key)
	if err != nil {
		return nil, wrong(y, "%s: %v", key, err)
	}
	list := []*yaml.Node{y}
	switch y.Kind {
	case yaml.SequenceNode:
		list = y.Content
	case yaml.MappingNode:
		if name != "" || depth >= maxNested {
			return nil, wrong(y, "%s: a mapping as value", key)
		}
		return d.value(y, depth+1)
	}
	n := &node{op: opOr}
	if mods.all || mods.negate { // different from a list is different from each
		n.op = opAnd
	}
	for _, v := range list {
		v = follow(v)
		if v.Kind != yaml.ScalarNode {
			if name != "" {
				return nil, wrong(v, "%s: a value that is not a scalar", key)
			}
			x, err := d.value(v, depth+1)
			if err != nil {
				return nil, err
			}
			n.kids = append(n.kids, x)
			continue
		}
		if d.nodes++; d.nodes > maxNodes {
			return nil, wrong(v, "more than %d values", maxNodes)
		}
		x, err := mods.test(name, v, d.opts)
		if err != nil {
			return nil, wrong(v, "%s: %v", key, err)
		}
		n.kids = append(n.kids, x)
	}
	return n, nil
}

// timespans of correlation rules.
func parseSpan(s string) (time.Duration, error) {
	if len(s) < 2 {
		return 0, fmt.Errorf("timespan %q", s)
	}
	unit, ok := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}[s[len(s)-1]]
	n, err := strconv.ParseInt(s[:len(s)-1], 10, 64)
	if err != nil || !ok || n < 1 || n > 36500 {
		return 0, fmt.Errorf("timespan %q", s)
	}
	return time.Duration(n) * unit, nil
}
