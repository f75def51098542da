package findings

import (
	"slices"
	"strings"
)

// joinShort gives what records say of a path with short names (C:\PROGRA~1\X.EXE) to the
// program with the long ones, where the model has joined the two by the names that the
// volume keeps: one program gives one finding.
func (s *scene) joinShort() {
	s.long = map[string]string{}
	for _, p := range s.model.Programs {
		for _, short := range p.Keys()[1:] {
			s.long[short] = p.Key
			from := s.programs[short]
			if from == nil {
				continue
			}
			delete(s.programs, short)
			to := s.programs[p.Key]
			if to == nil {
				to = from.renamed(p.Key, p.Path)
				s.programs[p.Key] = to
				continue
			}
			to.absorb(from)
		}
	}
	if len(s.long) == 0 {
		return
	}
	for _, h := range s.hits {
		s.lengthen(h)
	}
}

// lengthen gives a hit on a path with short names the program with the long ones.
func (s *scene) lengthen(h *hit) {
	if key, ok := s.long[h.subject.key]; ok && h.subject.kind == kindProgram {
		h.subject.key = key
	}
}

// renamed is the program under another path.
func (p *program) renamed(key, path string) *program {
	p.key, p.path, p.parts = key, path, strings.Split(key, `\`)
	p.base = p.parts[len(p.parts)-1]
	p.stem = strings.TrimSuffix(p.base, ".exe")
	p.dir = strings.TrimSuffix(key[:len(key)-len(p.base)], `\`)
	return p
}

// absorb adds the records of another program.
func (p *program) absorb(o *program) {
	for _, r := range o.rows {
		if slices.Contains(p.rows, r) {
			continue
		}
		p.rows = append(p.rows, r)
		if p.from != nil {
			p.from[r.rec.Artifact]++
		}
	}
	slices.SortFunc(p.rows, func(a, b *row) int { return a.n - b.n })
	p.more += o.more
	p.events += o.events
	for _, v := range o.vols {
		if len(p.vols) < 16 && !slices.Contains(p.vols, v) {
			p.vols = append(p.vols, v)
		}
	}
}
