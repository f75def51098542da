package story

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/programs"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// sameAct is the longest pause between acts of one kind and subject that are told
// as one.
const sameAct = 5 * time.Minute

// maxRefs is how many records a sentence lists.
const maxRefs = 16

// An act is what the story tells in one sentence.
type act struct {
	kind, subject         string
	tactic                string // "" where the act shows none
	techniques            []string
	level                 findings.Level
	first, last           time.Time
	n                     int
	class                 programs.Certainty
	refs                  []programs.Ref
	records               int
	rest                  bool // an arrival or a detection at rest: no act of its own
	actor, source, folder string
	program               string // id
	sessions              []string
	en, ja                map[string]string
}

// sentence puts an act into words.
func (a *act) sentence() Sentence {
	en, ja := maps.Clone(a.en), maps.Clone(a.ja)
	if ja == nil {
		ja = en
	}
	for _, v := range []map[string]string{en, ja} {
		if _, asked := v["n"]; !asked && a.n > 1 {
			v["n"] = strconv.Itoa(a.n)
		}
	}
	s := Sentence{
		Kind: a.kind, Time: a.first, Level: a.level, Tactic: a.tactic, Techniques: a.techniques, Class: a.class, Count: a.n,
		Records: a.refs, N: a.records, Program: a.program,
		EN: cut(fill(forms[a.kind].en, en), maxSentence), JA: cut(fill(forms[a.kind].ja, ja), maxSentence),
	}
	if a.last.After(a.first) {
		s.Last = a.last
	}
	return s
}

// join adds an act of the same kind and subject.
func (a *act) join(o *act) {
	a.n += o.n
	a.level = max(a.level, o.level)
	a.class = programs.Weakest(a.class, o.class)
	if o.last.After(a.last) {
		a.last = o.last
	}
	a.rest = a.rest && o.rest
	a.addRefs(o.refs, o.records)
	for _, t := range o.techniques {
		a.techniques = with(a.techniques, t)
	}
	for _, id := range o.sessions {
		a.sessions = with(a.sessions, id)
	}
	if a.actor != o.actor {
		a.actor = ""
		delete(a.en, "A")
	}
	if a.en["cmd"] != o.en["cmd"] {
		a.en["cmd"] = cmp.Or(a.en["cmd"], o.en["cmd"])
	}
}

func (a *act) addRefs(refs []programs.Ref, n int) {
	a.records += n
	for _, r := range refs {
		if len(a.refs) < maxRefs && !slices.Contains(a.refs, r) {
			a.refs = append(a.refs, r)
		}
	}
}

// A said is what findings say of one record.
type said struct {
	level findings.Level
	rules []string
	best  string // the rule that gave the level
	title string
	f     *findings.Finding
	e     *findings.Evidence
	used  bool
}

// listen notes what a finding says of its records.
func (g *gathering) listen(f *findings.Finding) {
	level, title := map[string]findings.Level{}, map[string]string{}
	for _, re := range f.Reasons {
		if re.Level > level[re.RuleID] {
			level[re.RuleID], title[re.RuleID] = re.Level, re.Title
		}
	}
	for i := range f.Evidence {
		e := &f.Evidence[i]
		if len(e.Rules) == 0 {
			continue
		}
		x := g.said[e.ID]
		if x == nil {
			x = &said{f: f, e: e}
			g.said[e.ID] = x
		}
		for _, id := range e.Rules {
			x.rules = with(x.rules, id)
			if id == "E-53" && len(g.shortTasks) < maxShownTexts {
				g.shortTasks = append(g.shortTasks, strings.ToLower(e.Quote))
			}
			if level[id] > x.level {
				x.level, x.title, x.best, x.f, x.e = level[id], title[id], id, f, e
			}
		}
	}
}

// gather returns all acts by time, those of one kind and subject joined.
func (g *gathering) gather() []*act {
	for _, a := range g.m.Acts {
		g.recorded(a)
	}
	for _, p := range g.m.Programs {
		g.tasks(p)
	}
	for _, p := range g.m.Programs {
		if collector(p.Path) {
			continue
		}
		if level, ok := findings.ParseLevel(p.Level); ok && level >= findings.Medium {
			g.program(p, level)
			continue
		}
		for i := range p.Starts { // evidence of a finding about something else
			if x := g.about(&p.Starts[i]); x != nil && !x.used {
				g.use(&p.Starts[i])
				g.start(p, &p.Starts[i], x)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(g.said)) {
		if x := g.said[id]; !x.used && x.e.Channel != "" && x.level >= findings.Medium && !x.e.Time.IsZero() {
			g.other(x)
		}
	}
	slices.SortFunc(g.acts, compareActs)
	return joinActs(g.acts)
}

func compareActs(a, b *act) int {
	return cmp.Or(a.first.Compare(b.first), cmp.Compare(a.kind, b.kind), cmp.Compare(a.subject, b.subject), cmp.Compare(firstID(a),
		firstID(b)))
}

func firstID(a *act) string {
	if len(a.refs) == 0 {
		return ""
	}
	return a.refs[0].Record
}

// joinActs tells acts of one kind, subject and tactic with short pauses as one.
func joinActs(list []*act) []*act {
	open := map[[3]string]*act{}
	var out []*act
	for _, a := range list {
		k := [3]string{a.kind, a.subject, a.tactic}
		if o := open[k]; o != nil && a.first.Sub(o.last) <= sameAct {
			o.join(a)
			continue
		}
		open[k] = a
		out = append(out, a)
	}
	return out
}

// class is how sure a record of a log is: what Windows itself writes as a
// by-product, or what a program states.
func class(channel string) programs.Certainty {
	switch strings.ToLower(channel) {
	case "security", "system":
		return programs.Proved
	}
	return programs.Recorded
}

// new makes an act at a time.
func newAct(kind, subject string, at time.Time, x *said, c programs.Certainty, ref programs.Ref) *act {
	return &act{kind: kind, subject: subject, level: x.level, first: at, last: at, n: 1, class: c,
		refs: []programs.Ref{ref}, records: 1, en: map[string]string{}}
}

// recorded tells what an event log shows and the model knows, where a finding
// speaks of it.
func (g *gathering) recorded(a *programs.Act) {
	if a.Kind == "clock" {
		g.clocks = append(g.clocks, a.Time)
		return
	}
	x := g.said[a.Ref.Record]
	if x == nil || x.level < findings.Medium {
		return
	}
	kind := a.Kind
	switch kind {
	case "detect":
		return // told with its program
	case "detected command":
		kind = "try"
	}
	if _, ok := forms[kind]; !ok {
		return
	}
	x.used = true
	c := class(a.Channel)
	if kind == "forged" {
		c = programs.Inferred
	}
	n := newAct(kind, a.Subject+"\x00"+a.Object, a.Time, x, c, a.Ref)
	who := short(a.Actor.Name, a.Actor.SID)
	n.actor = person(who)
	if a.Session != "" {
		n.sessions = []string{a.Session}
	}
	n.en["A"] = who
	switch kind {
	case "service":
		n.show(g.ofService(a.Subject, a.Object, x))
		n.en["name"], n.en["P"] = a.Subject, path(cut(a.Object, maxPath))
	case "account":
		switch a.Object {
		case "created":
			n.show(shown{"T1136", "persistence"})
		case "enabled", "given a new password":
			n.show(shown{"T1098", "persistence"})
		case "changed":
			n.show(g.ofRecord(x))
		}
		n.en["X"] = short(a.Subject, a.Text)
		n.ja = map[string]string{"X": n.en["X"], "A": who}
		n.en["enabled"], n.ja["enabled"] = a.Object, cmp.Or(accountJA[a.Object], a.Object)
		n.en["created"], n.en["deleted"], n.en["changed"] = present, present, present
		n.ja["created"], n.ja["deleted"], n.ja["changed"] = present, present, present
	case "group":
		n.show(shown{"T1098.007", "persistence"})
		n.en["X"], n.en["G"] = short(a.Subject, a.Text), short(a.Object, "")
	case "wmi":
		n.show(shown{"T1546.003", "persistence"})
		n.en["filter"], n.en["consumer"] = cut(a.Subject, maxQuoted), cut(a.Object, maxQuoted)
		delete(n.en, "A")
	case "task":
		n.show(g.ofTaskEvent(a.Subject, x))
		n.en["name"], n.en["cmd"] = a.Subject, a.Object
	case "clear":
		n.show(shown{"T1070.001", "defense-evasion"})
		n.en["name"], n.en["t"] = a.Subject, minute(a.Time)
	case "forged":
		n.show(shown{"T1070", "defense-evasion"})
		n.en["event"], n.en["P"] = cut(a.Object, 80), "eventcreate.exe"
	case "try":
		n.show(g.command(stemOf(winpath.Base(a.Program)), a.Object))
		n.en["product"], n.en["name"], n.en["cmd"], n.en["P"] = "Defender", a.Subject, cut(a.Object, maxQuoted), path(a.Program)
	}
	g.add(n)
}

func short(name, sid string) string {
	if _, n, ok := strings.Cut(name, `\`); ok {
		name = n
	}
	return cmp.Or(name, sid)
}

// person returns an account, "" for those of Windows itself.
func person(name string) string {
	switch strings.ToUpper(name) {
	case "SYSTEM", "LOCAL SERVICE", "NETWORK SERVICE", "S-1-5-18", "S-1-5-19", "S-1-5-20", "LOCALSYSTEM":
		return ""
	}
	return name
}

// program tells the starts of a program with a finding, and how its file came and
// went. Of a program of Windows that runs what others wrote, only starts that are
// evidence count.
func (g *gathering) program(p *programs.Program, level findings.Level) {
	rules := &said{level: level}
	host := !p.Outside() && programs.IsHost(p.Base())
	for i := range p.Starts {
		s := &p.Starts[i]
		x := rules
		if host {
			if x = g.about(s); x == nil {
				continue
			}
		}
		g.use(s)
		g.start(p, s, x)
	}
	g.verdicts(p)
	if host || !p.Outside() {
		return
	}
	for i := range p.Arrived {
		if a := &p.Arrived[i]; !a.Time.IsZero() && a.Kind != "inventory" {
			n := newAct("arrive", p.ID, a.Time, rules, a.Certainty, a.Ref)
			n.rest, n.program, n.folder = true, p.ID, folder(p)
			n.show(ofArrival(a))
			if a.Kind == "download" || a.Kind == "marked" || a.Kind == "bits" {
				n.en["url"] = cut(a.From, maxQuoted)
			}
			n.en["P"] = path(p.Path)
			g.add(n)
		}
	}
	for i := range p.Ends {
		e := &p.Ends[i]
		if e.Time.IsZero() || strings.HasPrefix(e.Kind, "renamed") {
			continue
		}
		kind := "delete"
		if e.Kind == "prefetch deleted" {
			kind = "pf"
		}
		n := newAct(kind, p.ID, e.Time, rules, programs.Proved, e.Ref)
		n.program, n.folder = p.ID, folder(p)
		n.show(ofEnd(p, e.Kind))
		n.en["P"], n.en["A"] = path(p.Path), e.By
		g.add(n)
	}
}

// use notes that the records of a start are told.
func (g *gathering) use(s *programs.Start) {
	for _, ref := range s.Refs() {
		if x := g.said[ref.Record]; x != nil {
			x.used = true
		}
	}
}

// tasks tells which tasks were made by a command, where a finding speaks of it.
func (g *gathering) tasks(p *programs.Program) {
	for i := range p.Autostarts {
		a := &p.Autostarts[i]
		x := g.said[a.MadeRef.Record]
		if a.Made.IsZero() || x == nil || x.level < findings.Medium {
			continue
		}
		x.used = true
		n := newAct("task", a.Name, a.Made, x, programs.Recorded, a.MadeRef)
		n.addRefs([]programs.Ref{a.Ref}, 1)
		n.actor = person(a.MadeBy)
		n.show(g.ofTask(a))
		n.en["name"], n.en["A"], n.en["cmd"] = a.Name, a.MadeBy, cut(cmp.Or(a.Command, p.Path), maxQuoted)
		n.ja = maps.Clone(n.en)
		n.en["ran"], n.ja["ran"] = "It ran.", "実行されました。"
		if len(a.Fired) == 0 {
			n.en["ran"], n.ja["ran"] = "No trace that it ran.", "実行の痕跡はありません。"
		}
		g.add(n)
	}
}

// about returns what findings say of a start, or nil.
func (g *gathering) about(s *programs.Start) *said {
	var best *said
	for _, ref := range s.Refs() {
		if x := g.said[ref.Record]; x != nil && x.level >= findings.Medium && (best == nil || x.level > best.level) {
			best = x
		}
	}
	return best
}

func folder(p *programs.Program) string {
	if !p.Outside() {
		return ""
	}
	if i := strings.LastIndexByte(p.Path, '\\'); i > 0 {
		return p.Path[:i]
	}
	return ""
}

// start tells one start.
func (g *gathering) start(p *programs.Program, s *programs.Start, x *said) {
	kind := "run"
	who := s.Account.Short()
	if s.Account.IsZero() && s.During != "" {
		kind, who = "during", short(s.During, "")
	}
	n := newAct(kind, p.ID, s.Time, x, s.Certainty, s.Proofs[0].Ref)
	n.refs, n.records = s.Refs(), len(s.Proofs)
	n.show(g.ofStart(p, s, x))
	n.program, n.folder = p.ID, folder(p)
	n.en["P"], n.en["A"], n.en["cmd"], n.en["source"] = path(p.Path), who, arguments(s.Command, p), s.Account.Source
	if kind == "run" {
		n.actor, n.source = person(who), s.Account.Source
	}
	if s.Session != "" {
		n.sessions = []string{s.Session}
	}
	if !p.Outside() && programs.IsHost(p.Base()) {
		n.subject += "\x00" + x.level.String() + who // the worst is not told among others
	}
	for _, a := range p.Autostarts {
		if slices.Contains(a.Fired, s.ID) {
			n.kind, n.class, n.techniques = "fire", programs.Inferred, nil
			n.show(shown{"T1053.005", "persistence"})
			n.en["mechanism"], n.en["name"] = a.Mechanism, a.Name
			n.actor = ""
		}
	}
	g.add(n)
}

// arguments returns a command line for a sentence, "" where it says no more than
// the path.
func arguments(command string, p *programs.Program) string {
	bare := strings.Trim(strings.TrimSpace(command), `"`)
	if strings.EqualFold(bare, p.Path) || strings.EqualFold(bare, p.Base()) {
		return ""
	}
	return cut(command, maxQuoted)
}

// verdicts tells what a scanner said of a program, where a finding does.
func (g *gathering) verdicts(p *programs.Program) {
	for i := range p.Verdicts {
		v := &p.Verdicts[i]
		x := g.said[v.Ref.Record]
		if x == nil || x.level < findings.Medium || v.Time.IsZero() {
			continue
		}
		x.used = true
		n := newAct("detect", p.ID+"\x00"+v.Name, v.Time, x, programs.Recorded, v.Ref)
		n.rest, n.program, n.folder = true, p.ID, folder(p)
		n.en["product"], n.en["name"], n.en["P"], n.en["action"] = v.Product, v.Name, path(p.Path), v.Action
		g.add(n)
	}
}

// other tells a record of an event log of which the model knows no more than the
// rule that speaks of it.
func (g *gathering) other(x *said) {
	n := newAct("record", x.title+"\x00"+x.f.ID, x.e.Time, x, class(x.e.Channel), programs.Ref{Record: x.e.ID, Artifact: x.e.Artifact})
	n.show(g.ofRecord(x))
	n.rest = x.e.Artifact == "eventdefender" && slices.Contains(x.rules, "E-71") || slices.Contains(x.rules, "E-72")
	n.en["title"], n.en["quote"] = x.title, cut(x.e.Quote, 160)
	n.ja = map[string]string{"title": cmp.Or(g.titles[x.title], x.title), "quote": n.en["quote"]}
	g.add(n)
}
