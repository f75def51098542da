package report

import (
	"bufio"
	"cmp"
	_ "embed" // the index page
	"fmt"
	"html/template"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

//go:embed index.html
var indexHTML string

// An Index is what the first page of a case of several machines says.
type Index struct {
	Title    string // of the case; empty means the number of machines
	Tool     string
	Machines []IndexMachine
	Chains   []IndexChain // ways through machines, by their begin
}

// An IndexChain is a way through machines that their logs show together.
type IndexChain struct {
	Way, Level  string
	First, Last time.Time
	Hops        []string // one sentence for each
}

// An IndexMachine is one machine of an [Index].
type IndexMachine struct {
	Name   string
	Folder string // of its report, below the index
	OS     string
	Levels map[string]int // number of findings by level
	// Subjects are those of its findings of level medium and above, worst first.
	Subjects []IndexSubject
}

// An IndexSubject is the subject of a finding.
type IndexSubject struct {
	Subject, Title, Level string
	First                 time.Time // zero where no time in UTC is known
}

// Limits of the lists of an index.
const (
	maxShared = 200
	maxRare   = 200
	maxOthers = 12
	maxWays   = 100
)

type indexMachineView struct {
	Name, OS, Link string
	Levels         []levelCount
	Worst          *IndexSubject
}

type indexSubjectView struct {
	Subject, Title, Level string
	First                 *indexMachineView
	Time                  time.Time
	On                    int
	Others                []string

	hosts map[int]bool
}

type indexList struct {
	ID, Lang string
	List     []*indexSubjectView
	Left     int
}

type indexView struct {
	Lang, Title, Tool string
	Levels            []string
	Machines          []*indexMachineView
	Shared, Rare      indexList
	Chains            []IndexChain
	ChainsLeft        int
}

// WriteIndex writes the page that leads to the reports of several machines: each with
// its findings by level, and the subjects that several machines have, or one alone.
func WriteIndex(w io.Writer, in Index, opts *Options) error {
	tr, ok := translator(opts.lang())
	if !ok {
		return fmt.Errorf("report: no texts in the language %q: want en or ja", opts.lang())
	}
	style, styleHash := inline("style", pageCSS)
	tmpl, err := template.New("index").Funcs(template.FuncMap{
		"t": func(key string, args ...any) string { return tr.text(key, args...) }, "word": tr.word, "clean": clean,
		"shown": func(s string) string { return shown(s, tr) }, "class": class, "zero": time.Time.IsZero, "stampsec": toSecond,
		"style": func() template.HTML { return style },
		"policy": func() string {
			return "default-src 'none'; style-src " + styleHash + "; base-uri 'none'; form-action 'none'"
		},
	}).Parse(indexHTML)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	b := bufio.NewWriterSize(w, 64<<10)
	if err := tmpl.Execute(b, newIndexView(&in, tr.lang)); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return b.Flush()
}

func toSecond(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

func newIndexView(in *Index, lang string) *indexView {
	v := &indexView{Lang: lang, Title: in.Title, Tool: in.Tool}
	v.Chains, v.ChainsLeft = head(in.Chains, maxWays)
	subjects := map[string]*indexSubjectView{}
	var order []*indexSubjectView
	for i := range in.Machines {
		m := &in.Machines[i]
		mv := &indexMachineView{Name: m.Name, OS: m.OS, Link: (&url.URL{Path: "./" + m.Folder + "/report.html"}).String(),
			Levels: levelCounts(m.Levels)}
		if len(m.Subjects) > 0 {
			mv.Worst = &m.Subjects[0]
		}
		v.Machines = append(v.Machines, mv)
		for _, s := range m.Subjects {
			key := s.Title + "\x00" + winpath.Key(s.Subject)
			x := subjects[key]
			if x == nil {
				x = &indexSubjectView{Subject: s.Subject, Title: s.Title, Level: s.Level, First: mv, Time: s.First, hosts: map[int]bool{}}
				subjects[key] = x
				order = append(order, x)
			}
			x.add(i, mv, s)
		}
	}
	for _, l := range levelCounts(nil) {
		v.Levels = append(v.Levels, l.Level)
	}
	slices.SortStableFunc(v.Machines, func(a, b *indexMachineView) int {
		for i := range a.Levels {
			if c := cmp.Compare(b.Levels[i].N, a.Levels[i].N); c != 0 {
				return c
			}
		}
		return cmp.Compare(a.Name, b.Name)
	})
	slices.SortStableFunc(order, func(a, b *indexSubjectView) int {
		return cmp.Or(cmp.Compare(rankOf(a.Level), rankOf(b.Level)), cmp.Compare(b.On, a.On), a.Time.Compare(b.Time))
	})
	v.Shared, v.Rare = indexList{ID: "shared", Lang: lang}, indexList{ID: "rare", Lang: lang}
	for _, x := range order {
		if x.On > 1 {
			v.Shared.add(x, maxShared)
		} else if rankOf(x.Level) < 2 {
			v.Rare.add(x, maxRare)
		}
	}
	return v
}

// add takes in that a machine has a subject.
func (x *indexSubjectView) add(i int, m *indexMachineView, s IndexSubject) {
	if rankOf(s.Level) < rankOf(x.Level) {
		x.Level = s.Level
	}
	if !s.First.IsZero() && (x.Time.IsZero() || s.First.Before(x.Time)) {
		x.First, x.Time = m, s.First
	}
	if !x.hosts[i] {
		x.hosts[i] = true
		if x.On++; x.On <= maxOthers {
			x.Others = append(x.Others, m.Name)
		}
	}
}

func (l *indexList) add(x *indexSubjectView, most int) {
	if len(l.List) == most {
		l.Left++
		return
	}
	if x.On == 1 {
		x.Others = nil
	} else if x.On > maxOthers {
		x.Others = append(x.Others, "…")
	}
	l.List = append(l.List, x)
}

// rankOf is the place of a level in the order of the page, worst first.
func rankOf(level string) int {
	return slices.IndexFunc(levelCounts(nil), func(l levelCount) bool { return l.Level == level })
}

// SubjectOf returns what an index says of a finding, and whether it does.
func SubjectOf(f *Finding) (IndexSubject, bool) {
	if !strings.Contains(openLevels, f.Level) {
		return IndexSubject{}, false
	}
	s := IndexSubject{Subject: f.Subject, Title: f.Title, Level: f.Level}
	if !foreign(f.TimeKind, "") {
		s.First = f.FirstSeen
	}
	return s, true
}
