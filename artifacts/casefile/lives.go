package casefile

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/fleet/normal"
	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
	"github.com/artifactdump/artifactdump/artifacts/programs"
)

// Life is the kind of the changes in the biography of a program.
const Life = "life"

// The further kinds of a [Change], of biographies. What is gone where the second case
// lacks an artifact that showed it is not seen.
const (
	NotSeen       = "not seen"
	Replaced      = "replaced" // another file under the same path
	Moved         = "moved"    // the same file under another path
	Renamed       = "renamed"  // as a record says
	MoreStarts    = "more starts"
	NewAutostart  = "new autostart"
	AutostartGone = "autostart gone"
	NewAccount    = "new account"
	NewTraffic    = "new traffic"
	Risen         = "finding risen"
	Fallen        = "finding fallen"
)

// Changes are the kinds of a [Change].
func Changes() []string {
	return []string{New, Gone, Changed, NotSeen, Replaced, Moved, Renamed, MoreStarts, NewAutostart, AutostartGone, NewAccount, NewTraffic,
		Risen, Fallen}
}

// A life is what a comparison needs of a program.
type life struct {
	id, path, key, level string
	fleet                string   // the key on every machine
	names, short         []string // that a record says it had, and those of its path with short names
	sha1, reference      string   // of the newest file
	starts               int
	first, last          time.Time
	autostarts           map[string]string // name to artifact
	accounts, remotes    []string
	artifacts            []string
	traffic              bool
}

// maxOf bounds the lists of a life.
const maxOf = 64

func lifeOf(p *programs.Program) *life {
	l := &life{id: p.ID, path: p.Path, key: p.Key, level: p.Level, fleet: normal.Path(p.Path), starts: p.Counts.AtLeast,
		artifacts: slices.Sorted(maps.Keys(p.Records)), traffic: len(p.Traffic) > 0}
	l.first, l.last = p.Span()
	for _, a := range p.Aliases {
		switch {
		case strings.HasPrefix(a.Why, "renamed"):
			l.names = appendNew(l.names, a.Path)
		case strings.HasPrefix(a.Why, "short name"):
			l.short = appendNew(l.short, a.Path)
		}
	}
	for i := range p.Files {
		f := &p.Files[i]
		if f.SHA1 != "" && !f.SHA1Part {
			l.sha1 = f.SHA1
		}
		l.reference = cmp.Or(f.Reference, l.reference)
	}
	for i := range p.Autostarts {
		if a := &p.Autostarts[i]; len(l.autostarts) < maxOf {
			if l.autostarts == nil {
				l.autostarts = map[string]string{}
			}
			l.autostarts[strings.TrimSpace(a.Mechanism+" "+a.Name)] = a.Ref.Artifact
		}
	}
	for i := range p.Accounts {
		l.accounts = appendNew(l.accounts, cmp.Or(p.Accounts[i].Short(), p.Accounts[i].SID))
	}
	for i := range p.Traffic {
		l.remotes = appendNew(l.remotes, p.Traffic[i].Remote)
	}
	return l
}

func appendNew(list []string, s string) []string {
	if s == "" || len(list) >= maxOf || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// observation is how a change shows a life.
func (l *life) observation(host string) *observations.Observation {
	if l == nil {
		return nil
	}
	o := &observations.Observation{Kind: Life, Key: l.fleet, Host: host, Count: int64(l.starts), Level: l.level,
		Where: l.path, IDs: []string{l.id}}
	for at, to := range map[*time.Time]*string{&l.first: &o.First, &l.last: &o.Last} {
		if !at.IsZero() {
			*to = at.UTC().Format("2006-01-02T15:04:05.0000000Z")
		}
	}
	return o
}

// lives reads what a comparison needs of the programs of a machine.
func (m *Machine) lives(ctx context.Context) ([]*life, error) {
	var out []*life
	if _, ok := m.output("programs.jsonl"); !ok {
		return nil, fmt.Errorf("%s: the case has no programs.jsonl: scan the evidence again", m.Dir)
	}
	for line, err := range m.lines(ctx, "programs.jsonl") {
		if err != nil {
			return nil, err
		}
		_, p, err := programs.ReadJSON(line)
		if err != nil {
			return nil, fmt.Errorf("%s: programs.jsonl, line %d: %w", m.Dir, len(out)+1, err)
		}
		out = append(out, lifeOf(p))
	}
	return out, nil
}

// A pairing is which programs of two machines are one.
type pairing struct {
	of  map[*life]*life // of the second machine to that of the first
	how map[*life]string
}

// pairUp matches programs by their id, by a name that one had, by the content of their
// file, and by the path that they have on every machine.
func pairUp(before, after []*life) pairing {
	p := pairing{map[*life]*life{}, map[*life]string{}}
	taken := map[*life]bool{}
	by := func(how string, key func(*life) []string) {
		index := map[string]*life{}
		for _, l := range before {
			if taken[l] {
				continue
			}
			for _, k := range key(l) {
				if o, ok := index[k]; ok && o != l {
					index[k] = nil // two have it: it shows nothing
				} else {
					index[k] = l
				}
			}
		}
		for _, l := range after {
			if p.of[l] != nil {
				continue
			}
			for _, k := range key(l) {
				if o := index[k]; k != "" && o != nil && !taken[o] {
					p.of[l], p.how[l], taken[o] = o, how, true
					break
				}
			}
		}
	}
	by("", func(l *life) []string { return []string{l.id} })
	by("", func(l *life) []string { return append([]string{l.key}, l.short...) })
	by(Renamed, func(l *life) []string { return append([]string{l.key}, l.names...) })
	by(Moved, func(l *life) []string { return []string{l.sha1} })
	by("", func(l *life) []string { return []string{l.fleet} })
	return p
}

// DiffLives yields what differs between the biographies of two machines, or of one at
// two times: one change for each program and kind.
func DiffLives(ctx context.Context, before, after *Machine) iter.Seq2[*Change, error] {
	return func(yield func(*Change, error) bool) {
		a, err := before.lives(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		b, err := after.lives(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		x := &lifeDiff{host: after.Name, seen: map[string]bool{},
			same: before.MachineGUID == after.MachineGUID && before.Name == after.Name}
		for _, l := range b {
			for _, n := range l.artifacts {
				x.seen[n] = true
			}
		}
		p := pairUp(a, b)
		met := map[*life]bool{}
		for _, l := range b {
			met[p.of[l]] = true
			x.pair(p.of[l], l, p.how[l])
		}
		for _, l := range a {
			if !met[l] {
				x.without(l)
			}
		}
		slices.SortStableFunc(x.out, func(a, b *Change) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Change, b.Change)) })
		for _, c := range x.out {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// A lifeDiff collects the changes of one pair of machines.
type lifeDiff struct {
	host string
	same bool            // it is one machine
	seen map[string]bool // artifacts of the second machine
	out  []*Change
}

func (x *lifeDiff) add(change string, was, now *life, says string) {
	l := now
	if l == nil {
		l = was
	}
	x.out = append(x.out, &Change{Change: change, Kind: Life, Key: l.fleet, Before: was.observation(x.host), After: now.observation(x.host),
		Says: says})
}

// without is a program that the second machine does not have.
func (x *lifeDiff) without(was *life) {
	for _, a := range was.artifacts {
		if !x.seen[a] {
			x.add(NotSeen, was, nil, "the second case has nothing of "+a)
			return
		}
	}
	x.add(Gone, was, nil, "")
}

// pair is a program of the second machine, with what it was.
func (x *lifeDiff) pair(was, now *life, how string) {
	if was == nil {
		x.add(New, nil, now, "")
		return
	}
	switch {
	case how != "":
		x.add(how, was, now, was.path+" → "+now.path)
	case was.sha1 != "" && now.sha1 != "" && was.sha1 != now.sha1:
		x.add(Replaced, was, now, "SHA-1 "+was.sha1+" → "+now.sha1)
	case x.same && (was.sha1 == "" || was.sha1 != now.sha1) && was.reference != "" && now.reference != "" && was.reference != now.reference:
		x.add(Replaced, was, now, "file "+was.reference+" → "+now.reference)
	}
	if now.starts > was.starts {
		x.add(MoreStarts, was, now, fmt.Sprintf("at least %d → %d", was.starts, now.starts))
	}
	for _, name := range slices.Sorted(maps.Keys(now.autostarts)) {
		if _, ok := was.autostarts[name]; !ok {
			x.add(NewAutostart, was, now, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(was.autostarts)) {
		if _, ok := now.autostarts[name]; ok {
			continue
		}
		if a := was.autostarts[name]; !x.seen[a] {
			x.add(NotSeen, was, now, name+": the second case has nothing of "+a)
		} else {
			x.add(AutostartGone, was, now, name)
		}
	}
	if list := more(was.accounts, now.accounts); list != "" {
		x.add(NewAccount, was, now, list)
	}
	if list := more(was.remotes, now.remotes); list != "" || now.traffic && !was.traffic {
		x.add(NewTraffic, was, now, cmp.Or(list, "bytes sent or received"))
	}
	a, _ := findings.ParseLevel(was.level)
	b, _ := findings.ParseLevel(now.level)
	says := cmp.Or(was.level, "none") + " → " + cmp.Or(now.level, "none")
	switch {
	case b > a:
		x.add(Risen, was, now, says)
	case b < a:
		x.add(Fallen, was, now, says)
	}
}

// more lists what a list has that another has not.
func more(was, now []string) string {
	var out []string
	for _, s := range now {
		if !slices.ContainsFunc(was, func(o string) bool { return strings.EqualFold(o, s) }) {
			out = append(out, s)
		}
	}
	return strings.Join(out, ", ")
}
