package story

import (
	"time"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/programs"
)

// A gathering collects the acts of one machine.
type gathering struct {
	m          *programs.Model
	r          *findings.Report
	said       map[string]*said
	acts       []*act
	left       int         // acts beyond the limit
	clocks     []time.Time // at which the clock was set by much
	attack     map[string][]string
	titles     map[string]string // of rules in Japanese
	texts      map[string]shown  // by program and command line
	shortTasks []string          // what the records of tasks say that were gone within minutes
	makers     map[string]string // command lines that make tasks, by record
}

// maxActs bounds the acts of a story: nobody reads more, and evidence can be made
// to hold a million. What is beyond is counted.
const maxActs = 5000

func (g *gathering) add(a *act) {
	if len(g.acts) == maxActs {
		g.left++
		return
	}
	g.acts = append(g.acts, a)
}

func newGathering(m *programs.Model, r *findings.Report) *gathering {
	g := &gathering{m: m, r: r, said: map[string]*said{}, attack: map[string][]string{}, titles: map[string]string{},
		texts: map[string]shown{}, makers: map[string]string{}}
	for _, p := range m.Programs {
		if p.Base() != "schtasks.exe" {
			continue
		}
		for i := range p.Starts {
			for _, ref := range p.Starts[i].Refs() {
				g.makers[ref.Record] = p.Starts[i].Command
			}
		}
	}
	for _, rule := range findings.Rules() {
		g.attack[rule.ID] = rule.Attack
		g.titles[rule.Title] = rule.In("ja").Title
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Host != m.Host || f.Level < findings.Medium || collector(f.Subject) {
			continue
		}
		g.listen(f)
	}
	return g
}
