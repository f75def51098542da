package artifacts

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/hive"
)

// decodeHive runs one artifact over one hive: the keys of the current control
// set and of both registry views first, then the other control sets, then
// what was deleted. A record that only repeats one that came before it in
// this order is counted, not shown.
func (r *runner) decodeHive(j job, s *source) {
	hv, _ := j.hive.Open()
	in := r.input(j, j.hive.File, j.hive.SHA256())
	if j.hive.Backup {
		in.From.State = Backup
	}
	s.res.From = in.From
	if hv == nil {
		return // hiveState has said why
	}
	in.Hive, in.source = hv, j.hive
	in.User = r.hiveUser(j.hive)
	seen := map[string]bool{}
	var current string
	var others []string
	if slices.ContainsFunc(j.sources, func(s Source) bool { return strings.Contains(s.Key, "{CS}") }) {
		current, others = controlSets(hv)
	}
	if current == "" {
		current = r.lostControlSet(j)
	}
	patterns := make([][]keyPath, len(j.sources))
	for i, src := range j.sources {
		patterns[i] = views(src, current)
		in.Source = src
		for _, p := range patterns[i] {
			in.ControlSet = ""
			if strings.Contains(src.Key, "{CS}") {
				in.ControlSet = current
			}
			r.keys(in, p, seen, s)
		}
	}
	for _, cs := range others {
		for _, src := range j.sources {
			if strings.Contains(src.Key, "{CS}") {
				in.Source, in.ControlSet = src, cs
				for _, p := range views(src, cs) {
					r.keys(in, p, seen, s)
				}
			}
		}
	}
	r.deleted(in, j, patterns, seen, s)
}

// lostControlSet returns the name of a control set whose keys the damaged tree does not lead to.
func (r *runner) lostControlSet(j job) string {
	if j.hive.Kind != evidence.SYSTEM {
		return ""
	}
	for _, rem := range r.remnants(j) {
		if rem.Unreachable && len(rem.parts) > 0 && like("ControlSet*", rem.parts[0]) {
			return rem.parts[0]
		}
	}
	return "ControlSet001"
}

func (r *runner) hiveUser(h *evidence.Hive) evidence.User { return r.machine.UserOf(h.Path) }

// controlSets returns the set that {CS} stands for in this hive, and the
// others. An older copy of SYSTEM may have booted from another set.
func controlSets(hv *hive.Hive) (current string, others []string) {
	current, _ = hv.ControlSet()
	root, err := hv.Root()
	if err != nil {
		return current, nil
	}
	for k, err := range root.Subkeys() {
		if err != nil {
			continue
		}
		if n := k.Name(); len(n) == len("ControlSet001") && strings.EqualFold(n[:10], "ControlSet") && !strings.EqualFold(n, current) {
			others = append(others, n)
		}
	}
	return current, others
}

// A keyPath is one concrete pattern to look for.
type keyPath struct {
	parts  []string
	view32 bool
}

// views returns the patterns of a source: with its control set filled in, and
// once more below Wow6432Node where 32-bit programs are sent.
func views(s Source, cs string) []keyPath {
	if strings.Contains(s.Key, "{CS}") {
		if cs == "" {
			return nil
		}
		return []keyPath{{parts: split(strings.ReplaceAll(s.Key, "{CS}", cs))}}
	}
	out := []keyPath{{parts: split(s.Key)}}
	switch {
	case s.Hive == evidence.SOFTWARE:
		out = append(out, keyPath{append([]string{"Wow6432Node"}, out[0].parts...), true})
	case s.Hive == evidence.NTUSER && len(out[0].parts) > 1 && strings.EqualFold(out[0].parts[0], "Software"):
		out = append(out, keyPath{slices.Concat([]string{"Software", "Wow6432Node"}, out[0].parts[1:]), true})
	}
	return out
}

func split(p string) []string {
	return strings.FieldsFunc(p, func(r rune) bool { return r == '\\' })
}

// keys decodes every living key that the pattern matches.
func (r *runner) keys(in Input, p keyPath, seen map[string]bool, s *source) {
	root, err := in.Hive.Root()
	if err != nil {
		return
	}
	in.View32 = p.view32
	var walk func(k hive.Key, rest []string, match []string)
	walk = func(k hive.Key, rest []string, match []string) {
		if len(rest) == 0 {
			in.Key, in.From.Key, in.From.Offset = k, k.Path(), k.Offset()
			in.Match = match
			r.decodeKey(in, seen, s)
			return
		}
		if !strings.Contains(rest[0], "*") {
			sub, err := k.Subkey(rest[0])
			switch {
			case err == nil:
				walk(sub, rest[1:], match)
			case !errors.Is(err, hive.ErrNotExist):
				in.From.Key = k.Path()
				s.problems(in.flatten(err))
			}
			return
		}
		for sub, err := range k.Subkeys() {
			if err != nil {
				in.From.Key = k.Path()
				s.problems(in.flatten(err))
				continue
			}
			if n := sub.Name(); like(rest[0], n) {
				walk(sub, rest[1:], append(slices.Clip(match), n))
			}
		}
	}
	walk(root, p.parts, nil)
}

// like matches one component: `*` at its start, end or both stands for any
// text.
func like(pattern, name string) bool {
	if pattern == "*" {
		return true
	}
	if !strings.Contains(pattern, "*") {
		return strings.EqualFold(pattern, name)
	}
	p, n := strings.ToUpper(pattern), strings.ToUpper(name)
	head, tail, _ := strings.Cut(p, "*")
	if !strings.Contains(tail, "*") {
		return len(n) >= len(head)+len(tail) && strings.HasPrefix(n, head) && strings.HasSuffix(n, tail)
	}
	return strings.Contains(n, strings.Trim(p, "*"))
}

// decodeKey runs the decoder and drops records that only repeat.
func (r *runner) decodeKey(in Input, seen map[string]bool, s *source) {
	in.noted = &problems{}
	fresh := 0
	err := in.Artifact.decode(in, func(d Decoded) bool {
		if _, ok := d.(Distinct); ok {
			fresh++
			return s.keep(&in, d, sizeOf(d))
		}
		sig := signature(in, d)
		if seen[sig] {
			s.res.Hidden++
			return !s.stopped
		}
		seen[sig] = true
		fresh++
		return s.keep(&in, d, int64(2*len(sig)))
	})
	if in.From.State.Recovered() {
		// What is left of a deleted record is often incomplete: that is no
		// damage of the evidence.
		return
	}
	s.fail(in, err)
	if raw := in.Key.WrittenRaw(); fresh > 0 && raw != 0 && in.Key.Written().IsZero() {
		s.fail(Input{Artifact: in.Artifact, From: in.From, Hive: in.Hive},
			fmt.Errorf("the key's last write is no time: FILETIME 0x%016X", raw))
	}
}

// signature tells records apart by what they say and where the key would be in
// the current control set.
func signature(in Input, d Decoded) string {
	o := d.origin()
	key := o.key
	if key == "" {
		key = in.From.Key
	}
	if in.ControlSet != "" {
		if i := winpath.IndexFold(key, in.ControlSet); i >= 0 {
			key = key[:i] + "{CS}" + key[i+len(in.ControlSet):]
		}
	}
	b, err := json.Marshal(d)
	if err != nil {
		b = []byte(err.Error())
	}
	return strings.ToUpper(key) + "\x00" + o.value + "\x00" + string(b)
}

// A remnant is a deleted record with its path taken apart.
type remnant struct {
	hive.Remnant
	parts []string
}

// remnants returns what a hive holds of deleted and unreachable records, once for the run; of
// an older copy, whose jobs are done in a row, once for those.
func (r *runner) remnants(j job) []remnant {
	f := func() any {
		var out []remnant
		list := j.hive.Deleted
		if r.opts.NoDeleted {
			list = j.hive.Unreachable
		}
		for _, rem := range list() {
			out = append(out, remnant{rem, split(rem.Path)})
		}
		return out
	}
	if j.batch != nil {
		return j.batch.once(f).([]remnant)
	}
	return r.open.once(j.hive, f).([]remnant)
}

// deleted runs the decoder over deleted and unreachable keys whose path the
// sources match, and over such values of keys that live. patterns are those of each source.
func (r *runner) deleted(in Input, j job, patterns [][]keyPath, seen map[string]bool, s *source) {
	for _, rem := range r.remnants(j) {
		if in.From.State = Deleted; rem.Unreachable {
			in.From.State = Unreachable
		}
		for i, src := range j.sources {
			p, match, ok := matchRemnant(patterns[i], rem.parts)
			if !ok {
				continue
			}
			in.Source, in.View32, in.Match = src, p.view32, match
			in.From.Key = `\` + strings.Join(rem.parts, `\`)
			in.From.Offset, in.From.Note = rem.Offset, rem.Note()
			if rem.IsKey {
				in.Key, in.only = rem.Key, nil
				r.decodeKey(in, seen, s)
				break
			}
			// A value of a key that is deleted too was decoded with it.
			if k, err := in.Hive.Key(in.From.Key); err == nil {
				in.Key, in.only = k, []hive.Value{rem.Value}
				r.decodeKey(in, seen, s)
			}
			break
		}
	}
}

// matchRemnant holds the path of a deleted record against the patterns of a
// source. A path whose head is lost ("?") matches when at least its last two
// names do.
func matchRemnant(patterns []keyPath, parts []string) (keyPath, []string, bool) {
	for _, p := range patterns {
		want, have := p.parts, parts
		if len(have) > 0 && have[0] == "?" {
			have = have[1:]
			if len(have) < 2 || len(have) > len(want) {
				continue
			}
			want = want[len(want)-len(have):]
			if !slices.ContainsFunc(want, func(w string) bool { return !strings.Contains(w, "*") }) {
				continue
			}
		}
		if len(want) != len(have) || !likeAll(want, have) {
			continue
		}
		var match []string
		for i, w := range want {
			if strings.Contains(w, "*") {
				match = append(match, have[i])
			}
		}
		return p, match, true
	}
	return keyPath{}, nil, false
}

// likeAll compares from the end, where paths differ most.
func likeAll(want, have []string) bool {
	for i, w := range slices.Backward(want) {
		if !like(w, have[i]) {
			return false
		}
	}
	return true
}
