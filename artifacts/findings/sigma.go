package findings

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/findings/sigma"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
)

// A SigmaRule is a Sigma rule that speaks in a finding. Its licence asks that
// the author is shown.
type SigmaRule struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Author string `json:"author,omitempty"`
	Link   string `json:"link,omitempty"`
}

// A sigmaScene judges records by Sigma rules.
type sigmaScene struct {
	set      *sigma.Set
	matcher  *sigma.Matcher
	counts   *sigma.Correlator
	rules    map[*sigma.Rule]*Rule // as rules of findings
	event    sigma.Event
	events   int // records of event logs that were judged
	records  int // other records
	subjects map[*row]subject
}

func newSigmaScene(set *sigma.Set) *sigmaScene {
	return &sigmaScene{
		set: set, matcher: set.NewMatcher(), counts: set.NewCorrelator(), rules: map[*sigma.Rule]*Rule{}, subjects: map[*row]subject{},
	}
}

// rule makes a rule of findings of a Sigma rule.
func (s *sigmaScene) rule(r *sigma.Rule) *Rule {
	if out := s.rules[r]; out != nil {
		return out
	}
	level, ok := ParseLevel(strings.ToLower(r.Level))
	if !ok {
		level = Medium // the rule has none
	}
	out := &Rule{
		ID: cmp.Or(r.ID, r.File), Title: r.Title, Level: level, Why: cmp.Or(strings.Join(strings.Fields(r.Description), " "), r.Title),
		Benign: cmp.Or(strings.Join(r.FalsePositives, "; "), "The rule names none."), Next: "Read the record; the rule is " +
			cmp.Or(r.Link(), r.File) + ".",
		sigma: &SigmaRule{ID: r.ID, Title: r.Title, Author: r.Author, Link: cmp.Or(r.Link(), r.File)},
	}
	for _, id := range r.Techniques() {
		if _, known := Technique(id); known {
			out.Attack = append(out.Attack, id)
		}
	}
	s.rules[r] = out
	return out
}

// judge matches a record of an event log. The rules of this package have spoken
// before; a Sigma rule joins their finding about the same record.
func (s *sigmaScene) judge(x *eventLook, subject *subject) {
	s.events++
	e := &s.event
	*e = sigma.Event{Channel: x.r.Channel, Provider: x.r.Provider, ID: strconv.FormatUint(uint64(x.r.ID), 10), Time: x.r.Time,
		Fields: e.Fields[:0]}
	for i := range x.r.Data {
		name := x.r.Data[i].Name
		if j := strings.LastIndexByte(name, '/'); j >= 0 {
			name = name[j+1:]
		}
		e.Fields = append(e.Fields, sigma.Field{Name: name, Value: x.r.Data[i].Value})
	}
	e.Fields = append(e.Fields, sigma.Field{Name: "Computer", Value: x.r.Computer})
	s.matcher.Match(e, func(r *sigma.Rule) bool {
		x.rule = s.rule(r)
		about := s.about(x)
		if subject != nil {
			about = *subject
		}
		s.counted(&x.look, r, e, x.keep(), about)
		if !s.set.Silent(r) {
			x.hit(about, 0, "%s", says(r, e))
		}
		return true
	})
}

// counted hands a hit to the correlation rules, with its record while there is
// memory for it.
func (s *sigmaScene) counted(x *look, r *sigma.Rule, e *sigma.Event, of *row, about subject) {
	var ref any
	if s.set.Counted(r) && x.limits.hold(of) {
		ref, s.subjects[of] = of, about
	}
	s.counts.Add(r, e, ref)
}

// says is what a Sigma rule says of an event.
func says(r *sigma.Rule, e *sigma.Event) string {
	who := r.Author
	if who == "" {
		who = "unknown"
	}
	return fmt.Sprintf("Sigma rule by %s on %s %s", who, cmp.Or(e.Channel, e.Category), e.ID)
}

// about is the subject of an event of which no other rule speaks.
func (s *sigmaScene) about(x *eventLook) subject {
	if x.ch == chSysmon || x.ch == chSecurity && x.r.ID == 4688 {
		if image := cmp.Or(x.get("Image"), x.get("SourceImage"), x.get("NewProcessName")); strings.Contains(image, `\`) {
			return x.image(image)
		}
	}
	if image := x.get("ProcessName"); strings.Contains(image, `\`) && x.ch == chSecurity &&
		(x.r.ID == 4656 || x.r.ID == 4663 || x.r.ID == 4673) {
		return x.image(image)
	}
	if n := x.get("ServiceName"); n != "" && (x.r.ID == 7045 || x.r.ID == 4697) {
		_, image, _ := x.service()
		return x.serviceSubject(n, image)
	}
	if n := x.get("TaskName"); n != "" {
		return x.setting("task " + n)
	}
	if t := x.target(); t.user() {
		return x.who(t)
	}
	if a := x.actor(); a.user() {
		return x.who(a)
	}
	return x.setting("event log " + x.r.Channel)
}

// record judges a record that is not of an event log. What such a record cannot
// hold is unknown, and a rule that depends on it is silent.
func (s *sigmaScene) record(x *look) {
	for _, e := range sigmaEvents(x.row) {
		s.records++
		s.matcher.Match(&e, func(r *sigma.Rule) bool {
			rule := s.rule(r)
			y := look{scene: x.scene, rule: rule, row: x.row}
			about := y.setting(strings.TrimSpace(x.row.rec.From.Path + " " + x.row.rec.From.Key))
			if p := x.row.rec.Program(); strings.Contains(p, `\`) {
				about = subject{kind: kindProgram, key: y.normal(p, x.row.rec.User), show: p}
			} else if svc, ok := x.row.rec.Data.(persistence.Service); ok {
				about = y.setting("service " + svc.Name)
			}
			s.counted(x, r, &e, x.row, about)
			if !s.set.Silent(r) {
				y.hit(about, rule.Level.step(-1), "Sigma rule by %s on %s of the artifact %s, which is not an event log",
					cmp.Or(r.Author, "unknown"), e.Category, x.row.rec.Artifact.Name)
			}
			return true
		})
	}
}

// sigmaEvents states a record in the terms of Sigma's log sources.
func sigmaEvents(r *row) []sigma.Event {
	var out []sigma.Event
	at := time.Time{}
	if t := r.runs(); len(t) > 0 {
		at = t[0]
	}
	event := func(category string, fields ...sigma.Field) {
		var kept []sigma.Field
		names := map[string]bool{}
		for _, f := range fields {
			if f.Value != "" {
				kept = append(kept, f)
				names[strings.ToLower(f.Name)] = true
			}
		}
		out = append(out, sigma.Event{Category: category, Time: at, Fields: kept,
			Carries: func(f string) bool { return names[strings.ToLower(f)] }})
	}
	switch d := r.rec.Data.(type) {
	case persistence.Service:
		if d.ServiceType == 1 || d.ServiceType == 2 {
			event("driver_load", sigma.Field{Name: "ImageLoaded", Value: d.Image})
			break
		}
		e := sigma.Event{Channel: "System", Provider: "Service Control Manager", ID: "7045", Fields: []sigma.Field{
			{Name: "ServiceName", Value: d.Name}, {Name: "ImagePath", Value: d.ImagePath},
		}}
		e.Carries = func(f string) bool {
			switch strings.ToLower(f) {
			case "servicename", "imagepath", "eventid", "provider_name", "channel":
				return true
			}
			return false
		}
		out = append(out, e)
	case persistence.Task:
		a := d.Autostart()
		event("process_creation", sigma.Field{Name: "Image", Value: a.Image}, sigma.Field{Name: "CommandLine", Value: a.Command})
	case execution.Prefetch:
		if d.Scenario {
			break
		}
		event("process_creation", sigma.Field{Name: "Image", Value: r.rec.Program()})
	default:
		if r.proof == artifacts.Executed && strings.Contains(r.rec.Program(), `\`) {
			event("process_creation", sigma.Field{Name: "Image", Value: r.rec.Program()})
		}
	}
	if a := r.auto(); a != nil && r.rec.From.Key != "" {
		key := sysmonKey(r.rec.From.Key, r.rec.User.SID)
		if v := r.rec.From.Value; v != "" {
			key += `\` + v
		}
		event("registry_set", sigma.Field{Name: "TargetObject", Value: key}, sigma.Field{Name: "Details", Value: a.Command})
	}
	return out
}

// sysmonKey spells a key as Sysmon does.
func sysmonKey(key, sid string) string {
	up := strings.ToUpper(key)
	for _, p := range []struct{ from, to string }{
		{`HKEY_LOCAL_MACHINE\`, `HKLM\`}, {`HKEY_USERS\`, `HKU\`}, {`HKEY_CURRENT_USER\`, `HKU\` + sid + `\`},
		{`HKCU\`, `HKU\` + sid + `\`}, {`HKEY_CLASSES_ROOT\`, `HKCR\`},
	} {
		if strings.HasPrefix(up, p.from) {
			return p.to + key[len(p.from):]
		}
	}
	return key
}

// finish reports where correlation rules hold.
func (s *sigmaScene) finish(sc *scene) {
	for _, c := range s.counts.Report() {
		var rows []*row
		for _, ref := range c.Refs {
			if r, ok := ref.(*row); ok && len(rows) < maxSame {
				rows = append(rows, r)
			}
		}
		x := look{scene: sc, rule: s.rule(c.Rule)}
		about := x.setting("correlation " + c.Rule.Title)
		if len(rows) > 0 {
			if sub, ok := s.subjects[rows[0]]; ok {
				about = sub
			}
		}
		h := x.hit(about, 0, "Sigma rule by %s: %s from %s to %s", cmp.Or(c.Rule.Author, "unknown"), c.Format(), stampWords(c.First),
			stampWords(c.Last))
		h.rows = append(h.rows, rows...)
		h.more = max(0, len(c.Refs)-len(rows))
	}
}

// coverage says how many rules were judged, which were not, and why.
func (s *sigmaScene) coverage(e *Evaluator) []Coverage {
	rules, skipped := s.set.Rules(), s.set.Skipped()
	unjudged := 0
	for _, n := range s.matcher.Unjudged {
		if n > 0 {
			unjudged++
		}
	}
	c := Coverage{Host: e.facts.host(), RuleID: "sigma", Title: "Sigma rules", Status: Evaluated}
	c.Why = append(c.Why, fmt.Sprintf("rules compiled: %d; judged on %d event records and %d other records", len(rules), s.events,
		s.records))
	if unjudged > 0 {
		c.Why = append(c.Why, fmt.Sprintf("rules that some record could not answer because its kind has no such field: %d", unjudged))
	}
	if s.events+s.records == 0 {
		c.Status = NotEvaluated
	} else if len(skipped) > 0 {
		c.Status = Partly
	}
	reasons := map[string]int{}
	places := map[string][]string{}
	for _, k := range skipped {
		reasons[k.Reason]++
		places[k.Reason] = append(places[k.Reason], fmt.Sprintf("%s:%d", k.File, k.Line))
	}
	for i, r := range slices.SortedFunc(maps.Keys(reasons),
		func(a, b string) int { return cmp.Or(cmp.Compare(reasons[b], reasons[a]), cmp.Compare(a, b)) }) {
		if i == 20 {
			c.Why = append(c.Why, fmt.Sprintf("%d further reasons", len(reasons)-i))
			break
		}
		c.Why = append(c.Why, fmt.Sprintf("%d skipped: %s (%s)", reasons[r], r, listOf(places[r], 10)))
	}
	for r, n := range s.counts.Dropped {
		c.Why = append(c.Why, fmt.Sprintf("%s: %d hits beyond what is counted were dropped", r.Title, n))
	}
	out := []Coverage{c}
	for _, r := range rules {
		f := s.rules[r]
		if f == nil || e.counts[f.ID]+e.silenced[f.ID] == 0 {
			continue
		}
		out[0].Hits += e.counts[f.ID]
		out = append(out, Coverage{Host: e.facts.host(), RuleID: f.ID, Title: f.Title, Status: Evaluated, Hits: e.counts[f.ID],
			Silenced: e.silenced[f.ID]})
	}
	return out
}
