package findings

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/lists"
	"github.com/artifactdump/artifactdump/artifacts/programs"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

var onList = Rule{
	ID: "I-01", Title: "On a list of the analyst", Level: High,
	Why:    "A hash, name, path, address or setting is an entry of a list that the analyst gave.",
	Benign: "Lists that are old, or that name what many machines have: shared addresses, common names of files.",
	Next:   "Read what the list says of the entry, and whether its validity covers the time of the record.",
	judged: func(e *Evaluator) (string, []string) { return e.known.judged() },
}

// A listScene compares the records of one machine with lists.
type listScene struct {
	set      *lists.Set
	rule     *Rule
	level    Level
	joint    lists.Joint
	compared map[string]map[lists.Kind]int // hashes by artifact
	records  int
	partial  int // files of whose content a record has the hash of a part alone
	known    Known
}

func newListScene(set *lists.Set) *listScene {
	s := &listScene{set: set, rule: ruleByID(onList.ID), compared: map[string]map[lists.Kind]int{}}
	s.level, _ = ParseLevel(set.Level)
	return s
}

// bad reports whether there is anything to look for in records.
func (s *listScene) bad() bool { return s != nil && s.set.Has(lists.Kinds...) }

// An observed is a record as lists see it.
type observed struct {
	artifact string
	fields   []artifacts.Field
	key      string   // of the registry, as [lists.RegistryKey] spells it
	accounts []string // names and SIDs
	files    []string // that it loaded
}

// match looks a record up, each entry once.
func (s *listScene) match(o *observed, found func(m *lists.Match, field string)) {
	s.records++
	type met struct {
		list  *lists.List
		kind  lists.Kind
		value string
	}
	seen := map[met]bool{}
	field := ""
	take := func(m lists.Match) {
		k := met{m.List, m.Kind, cmp.Or(m.Entry, m.Value)}
		if !seen[k] {
			seen[k] = true
			found(&m, field)
		}
	}
	for i := range o.fields {
		f := &o.fields[i]
		if f.Value == "" {
			continue
		}
		field = f.Name
		s.count(o.artifact, f)
		s.set.Text(f.Value, take)
		if kind := fieldKind(o.artifact, f.Name); kind != "" {
			s.set.Value(kind, f.Value, take)
			if _, short, ok := strings.Cut(f.Value, `\`); ok && kind == lists.Account {
				s.set.Value(kind, short, take)
			}
		}
	}
	field = "key"
	s.set.Value(lists.Registry, o.key, take)
	field = "account"
	for _, a := range o.accounts {
		s.set.Value(lists.Account, a, take)
	}
	field = "loaded file"
	for _, p := range o.files {
		s.set.File(p, take)
	}
}

// count notes which hashes were compared.
func (s *listScene) count(artifact string, f *artifacts.Field) {
	add := func(k lists.Kind) {
		if s.compared[artifact] == nil {
			s.compared[artifact] = map[lists.Kind]int{}
		}
		s.compared[artifact][k]++
	}
	switch name := strings.ToLower(f.Name); name {
	case "md5", "sha1", "sha256":
		add(lists.Kind(name))
	case "hashes":
		up := strings.ToUpper(f.Value)
		for _, k := range []lists.Kind{lists.MD5, lists.SHA1, lists.SHA256} {
			if strings.Contains(up, strings.ToUpper(string(k))+"=") {
				add(k)
			}
		}
	}
}

// fieldKind is what the value of a field is beside a text.
func fieldKind(artifact, name string) lists.Kind {
	n := strings.ReplaceAll(strings.ToLower(name[strings.LastIndexByte(name, '/')+1:]), "_", "")
	switch {
	case strings.Contains(n, "command"), strings.Contains(n, "argument"), n == "scriptblocktext", n == "imagepath", n == "hostapplication":
		return lists.Command
	case n == "servicename", artifact == "services" && n == "name":
		return lists.Service
	case n == "taskname", n == "taskpath", (artifact == "tasks" || artifact == "taskcache") && (n == "name" || n == "path" || n == "uri"):
		return lists.Task
	case n == "targetobject":
		return lists.Registry
	case strings.Contains(n, "username"), strings.Contains(n, "account"), strings.HasSuffix(n, "usersid"), n == "user":
		return lists.Account
	}
	return ""
}

// recordKey is the key of a record, with its value, as lists spell it.
func recordKey(l *artifacts.Locator) string {
	if l.Key == "" {
		return ""
	}
	root := ""
	switch base := strings.ToLower(winpath.Base(strings.ReplaceAll(l.Path, "/", `\`))); base {
	case "software", "system", "sam", "security":
		root = `HKLM\` + base + `\`
	case "ntuser.dat":
		root = `HKCU\`
	case "usrclass.dat":
		root = `HKCU\Software\Classes\`
	default:
		return ""
	}
	key := root + strings.TrimPrefix(l.Key, `\`)
	if l.Value != "" {
		key += `\` + l.Value
	}
	return key
}

// record compares a record that is not one of an event log.
func (s *listScene) record(x *scene, r *row) {
	if !s.bad() {
		return
	}
	rec := &r.rec
	o := observed{artifact: r.artifact(), fields: artifacts.Fields(rec.Data), key: recordKey(&rec.From)}
	for _, a := range []string{rec.User.Name, rec.User.SID} {
		if a != "" {
			o.accounts = append(o.accounts, a)
		}
	}
	if p, ok := rec.Data.(execution.Prefetch); ok {
		o.files = p.Files
	}
	s.match(&o, func(m *lists.Match, field string) {
		y := look{scene: x, rule: s.rule, row: r}
		s.hit(&y, m, field, y.listed(m, rec.Program()), timesOfRecord(rec))
	})
}

// event compares a record of an event log.
func (s *listScene) event(x *scene, ev *events.Record, rec *artifacts.Record) {
	if !s.bad() {
		return
	}
	o := observed{artifact: rec.Artifact.Name, accounts: []string{ev.UserSID}, fields: make([]artifacts.Field, 0, len(ev.Data))}
	for i := range ev.Data {
		name := ev.Data[i].Name
		if name == "" {
			name = "Data"
		}
		o.fields = append(o.fields, artifacts.Field{Name: name, Value: ev.Data[i].Value})
	}
	s.match(&o, func(m *lists.Match, field string) {
		y := eventLook{look: look{scene: x, rule: s.rule}, r: ev, rec: rec, ch: x.ev.channelOf(ev.Channel)}
		about := (*sigmaScene)(nil).about(&y)
		switch {
		case m.Text != "":
			about = y.listed(m, "")
		case about.kind == kindSetting && strings.HasPrefix(about.key, "event log "):
			about = y.listed(m, "")
		}
		z := look{scene: x, rule: s.rule, row: y.keep()}
		s.hit(&z, m, field, about, []time.Time{ev.Time})
	})
}

// timesOfRecord are the times by which the validity of an entry is judged.
func timesOfRecord(rec *artifacts.Record) []time.Time {
	var out []time.Time
	for _, e := range rec.Events() {
		if !e.Local && !e.Time.IsZero() && e.DataType != "windows:volume:creation" {
			out = append(out, e.Time)
		}
	}
	return out
}

// listed is what a hit is about: the file that the entry names, the program of the
// record, or the entry itself.
func (x *look) listed(m *lists.Match, program string) subject {
	path := cmp.Or(m.Text, program)
	switch m.Kind {
	case lists.Registry:
		return x.setting("key " + m.Value)
	case lists.Service, lists.Task:
		return x.setting(string(m.Kind) + " " + m.Value)
	case lists.Account:
		return subject{kind: kindAccount, key: m.Value, show: m.Value}
	}
	if strings.Contains(path, `\`) {
		s := subject{kind: kindProgram, show: path}
		if x.row != nil {
			s.key = x.normal(path, x.row.rec.User)
		} else {
			s.key = winpath.Key(path)
		}
		return s
	}
	return subject{kind: kindActivity, key: "list " + string(m.Kind) + " " + m.Value, show: string(m.Kind) + " " + m.Value}
}

// hit reports that a record has an entry of a list.
func (s *listScene) hit(x *look, m *lists.Match, field string, about subject, times []time.Time) {
	if !s.joint.Complete(m, about.kind+about.key) {
		return
	}
	level, says := s.says(m, times)
	if g, ok := s.set.Good(m.Kind, m.Value); ok {
		level = level.step(-1)
		says += "; one level lower: it is on the list of known ones " + listName(g.List)
	}
	x.hit(about, level, "%s (in %s)", says, field)
}

func listName(l *lists.List) string { return filepath.Base(filepath.ToSlash(l.Path)) }

// says returns the level of a match and its words.
func (s *listScene) says(m *lists.Match, times []time.Time) (Level, string) {
	level, ok := ParseLevel(m.Level)
	if !ok {
		level = cmp.Or(s.level, High)
	}
	text := fmt.Sprintf("%s %s is on the list %s", m.Kind, clip(m.Value, 200), listName(m.List))
	if m.Entry != "" && m.Entry != m.Value {
		text += " as " + clip(m.Entry, 200)
	}
	var about []string
	for _, t := range []string{m.Name, m.ID, strings.Join(m.Labels, ", "), m.Doubt, m.Note} {
		if t != "" {
			about = append(about, clip(t, 200))
		}
	}
	if len(about) > 0 {
		text += ": " + strings.Join(about, "; ")
	}
	if len(times) > 0 && !slices.ContainsFunc(times, func(t time.Time) bool { return !m.Outside(t) }) {
		level = level.step(-1)
		text += fmt.Sprintf("; one level lower: outside of its validity (%s to %s)", cmp.Or(m.From, "…"), cmp.Or(m.Until, "…"))
	}
	return level, text
}

// onPlace are the rules that rest on the location of a file alone: a known file may
// lie anywhere. What a program did is never excused.
var onPlace = map[string]bool{"X-02": true, "X-12": true, "M-02": true}

// fold notes what lists say of the programs, and lowers hits on the location of
// those that are known.
func (s *listScene) fold(x *scene) {
	if s == nil {
		return
	}
	known := map[string]bool{}
	var kept []*programs.Program
	for p, made := range x.model.All() {
		s.lookUp(x, p)
		if made && len(p.Lookups) > 0 {
			kept = append(kept, p)
		}
		if p.KnownGood {
			known[p.Key] = true
			s.known.Programs++
		}
	}
	x.model.Keep(kept)
	var hits []*hit
	for _, h := range x.hits {
		if h.subject.kind == kindProgram && known[h.subject.key] && onPlace[h.rule.ID] {
			if h.level == Informational {
				s.known.Folded++
				continue
			}
			h.level = h.level.step(-1)
			h.says += "; one level lower: a list of known files has it"
			s.known.Lowered++
		}
		hits = append(hits, h)
	}
	x.hits = hits
}

// lookUp looks up the files of a program and its path.
func (s *listScene) lookUp(x *scene, p *programs.Program) {
	note := func(m *lists.Match) {
		l := programs.Lookup{List: listName(m.List), Role: string(m.List.Role), Kind: string(m.Kind), Value: m.Value, Name: m.Name, ID: m.ID,
			Level: m.Level, Doubt: m.Doubt}
		if len(p.Lookups) < 64 && !slices.Contains(p.Lookups, l) {
			p.Lookups = append(p.Lookups, l)
		}
	}
	hashed, good, bad := 0, 0, false
	for i := range p.Files {
		f := &p.Files[i]
		isGood, has := false, false
		for _, h := range []struct {
			kind lists.Kind
			sum  string
		}{{lists.SHA256, f.SHA256}, {lists.SHA1, f.SHA1}, {lists.MD5, f.MD5}} {
			switch {
			case h.sum == "":
				continue
			case h.kind == lists.SHA1 && f.SHA1Part:
				s.partial++ // of the first 31,457,280 bytes: no list has it
				continue
			}
			has = true
			s.set.Hash(h.sum, func(m lists.Match) { bad = true; note(&m) })
			if m, ok := s.set.Good(h.kind, h.sum); ok {
				isGood = true
				note(&m)
			}
		}
		if has {
			hashed++
		}
		if isGood {
			good++
		}
	}
	s.set.File(p.Path, func(m lists.Match) { bad = true; note(&m) })
	slices.SortFunc(p.Lookups, func(a, b programs.Lookup) int {
		return cmp.Or(cmp.Compare(a.List, b.List), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Value, b.Value), cmp.Compare(a.ID, b.ID))
	})
	if s.set.HasGood() {
		p.KnownGood = hashed > 0 && hashed == good && !x.isTool(p)
	}
	p.KnownGood = p.KnownGood && !bad
}

// isTool reports whether name or original name are those of a tool that deserves
// review wherever it is from: a list says which file it is, and excuses nothing.
func (x *scene) isTool(p *programs.Program) bool {
	names := []string{p.Base()}
	for _, f := range p.Facts("original_name") {
		names = append(names, strings.ToLower(f.Value))
	}
	return slices.ContainsFunc(names, func(n string) bool { return x.t.toolNamed(strings.TrimSuffix(n, ".exe")) != nil })
}

func (s *listScene) counts() Known {
	if s == nil {
		return Known{}
	}
	return s.known
}

// judged is the coverage of the rule: which lists were compared, and with what.
func (s *listScene) judged() (status string, why []string) {
	if s == nil {
		return NotEvaluated, []string{"no list was given: --iocs FILE, --hashes bad=FILE, --hashes good=FILE"}
	}
	status = Evaluated
	for _, l := range s.set.Lists {
		text := fmt.Sprintf("%s (%s, %s): %d entries", listName(l), l.Role, l.Format, l.Entries)
		if l.Skipped > 0 {
			status = Partly
			text += fmt.Sprintf(", %d not used", l.Skipped)
		}
		if err := l.Err(); err != nil {
			status = Partly
			text += ", lookups failed: " + err.Error()
		}
		why = append(why, text)
	}
	if s.bad() {
		why = append(why, fmt.Sprintf("compared: %d records", s.records))
	}
	for _, a := range slices.Sorted(maps.Keys(s.compared)) {
		var parts []string
		for _, k := range []lists.Kind{lists.MD5, lists.SHA1, lists.SHA256} {
			if n := s.compared[a][k]; n > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", n, k))
			}
		}
		why = append(why, "hashes of "+a+": "+strings.Join(parts, ", "))
	}
	if s.partial > 0 {
		why = append(why, fmt.Sprintf("not compared: %d SHA-1 of Amcache that cover only the first 31,457,280 bytes of a file", s.partial))
	}
	if s.set.HasGood() {
		k := s.known
		why = append(why, fmt.Sprintf("known files: %s; hits on their location: %d one level lower, %d informational ones left out",
			plural(k.Programs, "program"), k.Lowered, k.Folded))
	}
	return status, why
}
