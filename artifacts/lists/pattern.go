package lists

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The limits of a pattern of STIX.
const (
	maxPattern = 16 << 10
	maxTokens  = 2000
	maxNesting = 64
	maxParts   = 64 // alternatives of one pattern, and comparisons of one alternative
)

// A comparison is one comparison of a pattern: an object path, an operator, values.
type comparison struct {
	path, op string
	values   []string
	not      bool
}

// An alternative is comparisons that must hold together.
type alternative []comparison

// pattern adds the indicators of a pattern of STIX 2.1: comparisons that are joined
// by AND in one observation must hold of one program. Parts that are joined outside
// of observations are compared alone, and their label says so.
func (l *List) pattern(text string, x *Label) error {
	if len(text) > maxPattern {
		return fmt.Errorf("%d bytes; at most %d are read", len(text), maxPattern)
	}
	tokens, err := tokenize(text)
	if err != nil {
		return err
	}
	p := &parser{tokens: tokens}
	alone, err := p.observations(0)
	if err != nil {
		return err
	}
	if p.at < len(p.tokens) {
		return fmt.Errorf("unexpected %.40q", p.tokens[p.at].text)
	}
	if p.joined {
		y := *x
		y.Note = "a part of a pattern of several observations: each is compared alone"
		x = &y
	} else if p.qualified {
		y := *x
		y.Note = "the qualifier of its pattern is not compared"
		x = &y
	}
	added := 0
	for _, a := range alone {
		if err2 := l.alternative(a, x); err2 != nil {
			err = cmpError(err, err2)
		} else {
			added++
		}
	}
	if added > 0 && err != nil {
		return fmt.Errorf("compared in part: %w", err)
	}
	return err
}

func cmpError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// objects are the object paths of STIX that are compared.
var objects = map[string]Kind{
	"file:name": Name, "domain-name:value": Domain, "url:value": URL, "ipv4-addr:value": Address, "ipv6-addr:value": Address,
	"windows-registry-key:key": Registry, "process:command_line": Command, "user-account:user_id": Account,
	"user-account:account_login": Account, "user-account:display_name": Account, "file:parent_directory_ref.path": Path,
}

func kindOf(path string) Kind {
	if rest, ok := strings.CutPrefix(path, "file:hashes."); ok {
		return types[plainName(strings.Trim(rest, `'"`))]
	}
	return objects[path]
}

// alternative adds comparisons that must hold together.
func (l *List) alternative(a alternative, x *Label) error {
	a = joinFolder(a)
	var sets [][]*Entry
	for i := range a {
		list, err := l.compared(&a[i], x, len(a) > 1)
		if err != nil {
			return err
		}
		sets = append(sets, list)
	}
	if len(a) == 1 {
		for _, e := range sets[0] {
			if err := l.insert(e); err != nil {
				return err
			}
		}
		return nil
	}
	g := &group{parts: len(a)}
	for part, list := range sets {
		for _, e := range list {
			e.group, e.part = g, part
			if err := l.insert(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// joinFolder makes one path of the name of a file and the path of its folder.
func joinFolder(a alternative) alternative {
	single := func(path string) int {
		return slices.IndexFunc(a, func(c comparison) bool { return c.path == path && c.op == "=" && !c.not && len(c.values) == 1 })
	}
	name, dir := single("file:name"), single("file:parent_directory_ref.path")
	if name < 0 || dir < 0 {
		return a
	}
	joined := comparison{path: "file:parent_directory_ref.path", op: "file",
		values: []string{strings.TrimRight(a[dir].values[0], `\`) + `\` + a[name].values[0]}}
	out := alternative{joined}
	for i := range a {
		if i != name && i != dir {
			out = append(out, a[i])
		}
	}
	return out
}

// compared makes the entries of a comparison, any of which fulfils it. A hash that
// stands alone is added at once and gives none.
func (l *List) compared(c *comparison, x *Label, joined bool) ([]*Entry, error) {
	kind := kindOf(c.path)
	switch {
	case kind == "":
		return nil, fmt.Errorf("%.80s is not compared", c.path)
	case c.not:
		return nil, errors.New("negations are not compared")
	case c.op == "ISSUBSET" && kind != Address, c.op == "ISSUPERSET", c.op == "!=", c.op == "EXISTS", strings.ContainsAny(c.op, "<>"):
		return nil, fmt.Errorf("the operator %s is not compared with %s", c.op, c.path)
	case len(c.values) > MaxPatterns:
		return nil, fmt.Errorf("more than %d values", MaxPatterns)
	}
	isHash := kind == MD5 || kind == SHA1 || kind == SHA256
	if isHash && c.op != "=" && c.op != "IN" {
		return nil, fmt.Errorf("the operator %s is not compared with hashes", c.op)
	}
	var out []*Entry
	for _, v := range c.values {
		var e *Entry
		var err error
		switch {
		case isHash && joined: // with its own entry, so that the other comparisons can be asked for
			i, ok := hashKind(len(v))
			if !ok || hashKinds[i] != kind || strings.Trim(strings.ToLower(v), "0123456789abcdef") != "" {
				return nil, fmt.Errorf("%.70q is not a hash of the type %s", v, kind)
			}
			e = &Entry{Label: x, Kind: kind, Value: strings.ToLower(v), List: l}
		case c.op == "LIKE" || c.op == "MATCHES":
			e, err = l.patternEntry(c, kind, v, x)
		case kind == Path && c.op != "file":
			e, err = l.entry(Path, strings.TrimRight(v, `\`)+`\*`, x)
		default:
			if e, err = l.entry(kind, v, x); err == nil && e != nil && kind == Command {
				want := e.Value
				e.match = func(s string) bool { return s == want }
			}
		}
		if err != nil {
			return nil, err
		}
		if e != nil {
			out = append(out, e)
		}
	}
	return out, nil
}

// patternEntry makes an entry of LIKE or of MATCHES.
func (l *List) patternEntry(c *comparison, kind Kind, v string, x *Label) (*Entry, error) {
	if l.Role != Indicators {
		return nil, errors.New("patterns are for --iocs")
	}
	e := &Entry{Label: x, Kind: kind, Value: v, List: l}
	if c.op == "LIKE" {
		glob := strings.NewReplacer("%", "*", "_", "?").Replace(strings.ToLower(v))
		if strings.Trim(glob, `*?.\`) == "" {
			return nil, fmt.Errorf("%.100q fits everything", v)
		}
		switch kind {
		case Path:
			glob = pathKey(glob)
		case Registry:
			if k := RegistryKey(glob); k != "" {
				glob = k
			}
		}
		e.glob = glob
		return e, nil
	}
	if len(v) > 1000 {
		return nil, errors.New("a regular expression of more than 1000 bytes")
	}
	re, err := regexp.Compile("(?i)" + v)
	if err != nil {
		return nil, fmt.Errorf("regular expression: %w", err)
	}
	if re.MatchString("") {
		return nil, fmt.Errorf("%.100q fits everything", v)
	}
	e.match = re.MatchString
	return e, nil
}

// A token is a word, a text or a sign of a pattern.
type token struct {
	text   string
	quoted bool
}

// tokenize splits a pattern.
func tokenize(s string) ([]token, error) {
	var out []token
	for i := 0; i < len(s); {
		if len(out) >= maxTokens {
			return nil, fmt.Errorf("more than %d words", maxTokens)
		}
		switch c := s[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case strings.IndexByte("[](),", c) >= 0:
			out = append(out, token{text: string(c)})
			i++
		case c == '\'':
			v, n, err := quoted(s[i:])
			if err != nil {
				return nil, err
			}
			out = append(out, token{v, true})
			i += n
		case strings.IndexByte("=!<>", c) >= 0:
			n := 1
			if i+1 < len(s) && s[i+1] == '=' {
				n = 2
			}
			out = append(out, token{text: s[i : i+n]})
			i += n
		default:
			n := word(s[i:])
			if n == 0 {
				return nil, fmt.Errorf("unexpected %.10q", s[i:])
			}
			out = append(out, token{text: s[i : i+n]})
			i += n
		}
	}
	return out, nil
}

// word returns the length of a word: file:hashes.'SHA-256', t'2020-01-01T00:00:00Z'.
func word(s string) int {
	i := 0
	for i < len(s) {
		switch c := s[i]; {
		case c == '\'':
			_, n, err := quoted(s[i:])
			if err != nil {
				return 0
			}
			i += n
		case strings.IndexByte(" \t\r\n[](),=!<>", c) >= 0:
			return i
		default:
			i++
		}
	}
	return i
}

// quoted reads a text in quotes and returns it with its length.
func quoted(s string) (string, int, error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\'':
			return b.String(), i + 1, nil
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0, errors.New("a quote without an end")
}

// A parser reads the tokens of a pattern.
type parser struct {
	tokens    []token
	at        int
	joined    bool // several observations
	qualified bool
}

func (p *parser) peek() string {
	if p.at < len(p.tokens) && !p.tokens[p.at].quoted {
		return p.tokens[p.at].text
	}
	return ""
}

func (p *parser) take(s string) bool {
	if !strings.EqualFold(p.peek(), s) || s == "" {
		return false
	}
	p.at++
	return true
}

// observations reads [ … ] AND [ … ] FOLLOWEDBY ( … ) WITHIN n SECONDS.
func (p *parser) observations(depth int) ([]alternative, error) {
	if depth > maxNesting {
		return nil, errors.New("nested too deeply")
	}
	var out []alternative
	for {
		var list []alternative
		var err error
		switch {
		case p.take("["):
			if list, err = p.or(depth + 1); err == nil && !p.take("]") {
				err = errors.New("an observation without an end")
			}
		case p.take("("):
			if list, err = p.observations(depth + 1); err == nil && !p.take(")") {
				err = errors.New("a parenthesis without an end")
			}
		default:
			err = fmt.Errorf("expected [, not %.40q", p.peek())
		}
		if err != nil {
			return nil, err
		}
		if out = append(out, list...); len(out) > maxParts {
			return nil, fmt.Errorf("more than %d alternatives", maxParts)
		}
		p.qualifiers()
		if !p.take("AND") && !p.take("OR") && !p.take("FOLLOWEDBY") {
			return out, nil
		}
		p.joined = true
	}
}

// qualifiers skips WITHIN n SECONDS, REPEATS n TIMES, START t STOP t.
func (p *parser) qualifiers() {
	for {
		switch {
		case p.take("WITHIN"), p.take("REPEATS"):
			p.at += 2
		case p.take("START"):
			p.at += 3
		default:
			p.at = min(p.at, len(p.tokens))
			return
		}
		p.qualified = true
	}
}

// or reads alternatives inside of an observation.
func (p *parser) or(depth int) ([]alternative, error) {
	out, err := p.and(depth)
	for err == nil && p.take("OR") {
		var more []alternative
		more, err = p.and(depth)
		if out = append(out, more...); len(out) > maxParts {
			return nil, fmt.Errorf("more than %d alternatives", maxParts)
		}
	}
	return out, err
}

// and reads comparisons that must hold together: each alternative of the one with
// each of the other.
func (p *parser) and(depth int) ([]alternative, error) {
	out, err := p.one(depth)
	for err == nil && p.take("AND") {
		var more []alternative
		if more, err = p.one(depth); err != nil {
			break
		}
		if len(out)*len(more) > maxParts {
			return nil, fmt.Errorf("more than %d alternatives", maxParts)
		}
		var all []alternative
		for _, a := range out {
			for _, b := range more {
				if len(a)+len(b) > maxParts {
					return nil, fmt.Errorf("more than %d comparisons", maxParts)
				}
				all = append(all, append(slices.Clone(a), b...))
			}
		}
		out = all
	}
	return out, err
}

// one reads a comparison or a parenthesis.
func (p *parser) one(depth int) ([]alternative, error) {
	if depth > maxNesting {
		return nil, errors.New("nested too deeply")
	}
	if p.take("(") {
		out, err := p.or(depth + 1)
		if err == nil && !p.take(")") {
			err = errors.New("a parenthesis without an end")
		}
		return out, err
	}
	var c comparison
	if p.take("EXISTS") {
		c.op = "EXISTS"
	}
	if c.path = p.peek(); !strings.Contains(c.path, ":") {
		return nil, fmt.Errorf("expected an object path, not %.40q", c.path)
	}
	p.at++
	if c.op == "EXISTS" {
		return []alternative{{c}}, nil
	}
	c.not = p.take("NOT")
	c.op = strings.ToUpper(p.peek())
	if !slices.Contains([]string{"=", "==", "!=", "<", ">", "<=", ">=", "IN", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"}, c.op) {
		return nil, fmt.Errorf("unknown operator %.40q", c.op)
	}
	p.at++
	if c.op == "==" {
		c.op = "="
	}
	if c.op != "IN" {
		return []alternative{{c.with(p.literal())}}, p.ended()
	}
	if !p.take("(") {
		return nil, errors.New("IN without a list")
	}
	for !p.take(")") {
		c.values = append(c.values, p.literal())
		if err := p.ended(); err != nil {
			return nil, err
		}
		p.take(",")
	}
	return []alternative{{c}}, nil
}

func (c comparison) with(v string) comparison {
	c.values = append(c.values, v)
	return c
}

// literal reads a value.
func (p *parser) literal() string {
	v := ""
	if p.at < len(p.tokens) {
		t := p.tokens[p.at]
		if !t.quoted && strings.ContainsAny(t.text, "[](),=<>!") {
			p.at = len(p.tokens) // no value: see ended
		}
		v = t.text
	}
	p.at++
	return v
}

func (p *parser) ended() error {
	if p.at > len(p.tokens) {
		return errors.New("a comparison without a value")
	}
	return nil
}
