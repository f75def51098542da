package sigma

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// An op is what a node of a condition does.
type op uint8

const (
	opAnd op = iota
	opOr
	opNot
	opTest
)

// A node is one part of a condition. Items of a detection that a condition
// names twice are shared, so the parts form a graph without circles.
type node struct {
	op   op
	kids []*node
	test *test // of opTest
	id   int32 // of the compiled test
}

// maxTokens bounds one condition; the longest public one has some 60.
const maxTokens = 2000

// parseCondition parses a condition ([Sigma rules specification], "Condition").
// not binds closer than and, and closer than or.
//
// [Sigma rules specification]: https://github.com/SigmaHQ/sigma-specification
func parseCondition(s string, d *detectionParser) (*node, error) {
	p := &conditionParser{toks: tokens(s), d: d}
	if len(p.toks) > maxTokens {
		return nil, fmt.Errorf("more than %d words", maxTokens)
	}
	n, err := p.or(0)
	if err == nil && p.at < len(p.toks) {
		err = fmt.Errorf("unexpected %q", p.toks[p.at])
	}
	return n, err
}

func tokens(s string) []string {
	s = strings.NewReplacer("(", " ( ", ")", " ) ").Replace(s)
	return strings.Fields(s)
}

type conditionParser struct {
	toks []string
	at   int
	d    *detectionParser
}

func (p *conditionParser) peek(word string) bool {
	return p.at < len(p.toks) && strings.EqualFold(p.toks[p.at], word)
}

func (p *conditionParser) take(word string) bool {
	if p.peek(word) {
		p.at++
		return true
	}
	return false
}

func (p *conditionParser) list(op op, word string, next func(int) (*node, error), depth int) (*node, error) {
	first, err := next(depth)
	if err != nil || !p.peek(word) {
		return first, err
	}
	n := &node{op: op, kids: []*node{first}}
	for p.take(word) {
		k, err := next(depth)
		if err != nil {
			return nil, err
		}
		n.kids = append(n.kids, k)
	}
	return n, nil
}

func (p *conditionParser) or(depth int) (*node, error) { return p.list(opOr, "or", p.and, depth) }

func (p *conditionParser) and(depth int) (*node, error) { return p.list(opAnd, "and", p.unary, depth) }

func (p *conditionParser) unary(depth int) (*node, error) {
	if depth > maxNested {
		return nil, fmt.Errorf("nested more than %d levels deep", maxNested)
	}
	switch {
	case p.at >= len(p.toks):
		return nil, errors.New("ends early")
	case p.take("not"):
		n, err := p.unary(depth + 1)
		return &node{op: opNot, kids: []*node{n}}, err
	case p.take("("):
		n, err := p.or(depth + 1)
		if err == nil && !p.take(")") {
			err = errors.New("a parenthesis is not closed")
		}
		return n, err
	}
	word := p.toks[p.at]
	p.at++
	if p.at+1 < len(p.toks) && p.peek("of") && (word == "1" || strings.EqualFold(word, "all") || strings.EqualFold(word, "any")) {
		p.at += 2
		return p.of(strings.EqualFold(word, "all"), p.toks[p.at-1])
	}
	return p.d.item(word)
}

// of is "1 of pattern" or "all of pattern". Items whose names begin with an
// underscore are not among "them".
func (p *conditionParser) of(all bool, pattern string) (*node, error) {
	n := &node{op: opOr}
	if all {
		n.op = opAnd
	}
	for _, name := range p.d.names {
		ok := false
		if pattern == "them" {
			ok = !strings.HasPrefix(name, "_")
		} else {
			ok, _ = path.Match(pattern, name)
		}
		if !ok {
			continue
		}
		k, err := p.d.item(name)
		if err != nil {
			return nil, err
		}
		n.kids = append(n.kids, k)
	}
	if len(n.kids) == 0 {
		return nil, fmt.Errorf("no detection item matches %q", pattern)
	}
	return n, nil
}
