package story

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/programs"
)

// collectors are programs that investigators run: what they do is not part of what
// happened, and it dates the acquisition.
var collectors = []string{"kape.exe", "gkape.exe", "cylr.exe", "velociraptor.exe", "ftk imager.exe", "winpmem.exe", "dumpit.exe",
	"magnetramcapture.exe", "belkasoft live ram capturer.exe", "artifactcollector.exe", "thor64.exe", "loki.exe"}

func collector(path string) bool {
	low := strings.ToLower(path)
	return slices.Contains(collectors, low[strings.LastIndexByte(low, '\\')+1:])
}

// discoverers are programs of Windows that show what a machine and its network are.
var discoverers = []string{"whoami.exe", "net.exe", "net1.exe", "systeminfo.exe", "ipconfig.exe", "tasklist.exe", "netstat.exe",
	"nltest.exe",
	"quser.exe", "query.exe", "qwinsta.exe", "arp.exe", "route.exe", "hostname.exe", "nslookup.exe", "dsquery.exe", "nbtstat.exe",
	"netsh.exe"}

// complete adds what becomes visible when a window is known: discovery, programs
// that started together, and the sessions in which all that happened.
func (g *gathering) complete(w *Window) {
	from, to := w.First, w.Last
	if !w.CoreFirst.IsZero() {
		from, to = w.CoreFirst, w.CoreLast
	}
	d := &act{kind: "discover", tactic: "discovery", level: findings.Medium, class: programs.Proved, en: map[string]string{}}
	var names, found []string
	for _, p := range g.m.Programs {
		if p.Outside() || !slices.Contains(discoverers, p.Base()) {
			g.coupled(w, p)
			continue
		}
		for i := range p.Starts {
			s := &p.Starts[i]
			if s.Time.Before(from) || s.Time.After(to) || person(s.Account.Short()) == "" && !s.Account.IsZero() {
				continue
			}
			v := g.ofStart(p, s, nil)
			if s.Command != "" && v.tactic != "discovery" { // net and netsh change things, too
				continue
			}
			d.techniques = with(d.techniques, v.technique)
			names, found = with(names, p.Base()), with(found, p.ID)
			d.n++
			d.class = programs.Weakest(d.class, s.Certainty)
			d.addRefs(s.Refs(), len(s.Proofs))
			if d.first.IsZero() || s.Time.Before(d.first) {
				d.first = s.Time
			}
			if s.Time.After(d.last) {
				d.last = s.Time
			}
		}
	}
	if len(names) >= 3 {
		w.acts = slices.DeleteFunc(w.acts, func(a *act) bool { // told together
			return (a.kind == "run" || a.kind == "during") && a.level < findings.Critical && slices.Contains(found, a.program) &&
				(a.tactic == "" || a.tactic == "discovery") && !a.first.Before(from)
		})
		d.en["k"], d.en["n"], d.en["names"] = strconv.Itoa(len(names)), strconv.Itoa(d.n), strings.Join(names, ", ")
		w.acts = append(w.acts, d)
	}
	g.sessions(w)
	slices.SortStableFunc(w.acts, compareActs)
}

// coupled tells that two programs always started together, where one of them has a
// finding.
func (g *gathering) coupled(w *Window, p *programs.Program) {
	for _, c := range p.Coupled {
		if !c.First || len(p.Starts) == 0 || p.Starts[0].Time.Before(w.First) || p.Starts[0].Time.After(w.Last) {
			continue
		}
		level, _ := findings.ParseLevel(p.Level)
		var other *programs.Program
		for _, o := range g.m.Programs {
			if o.ID == c.ID {
				other = o
			}
		}
		if other == nil {
			continue
		}
		l2, _ := findings.ParseLevel(other.Level)
		if level = max(level, l2); level < findings.Medium {
			continue
		}
		n := &act{kind: "couple", level: level, first: p.Starts[0].Time, last: p.Starts[0].Time, n: c.Starts,
			class: programs.Inferred, program: p.ID, folder: folder(p), en: map[string]string{}}
		for _, base := range []string{p.Base(), other.Base()} {
			if v := named(stemOf(base)); v.technique == "T1569.002" {
				n.show(v)
				break
			}
		}
		for i := range p.Starts {
			n.addRefs(p.Starts[i].Refs(), len(p.Starts[i].Proofs))
		}
		n.en["P"], n.en["Q"], n.en["n"], n.en["gap"] = path(p.Path), path(c.Path), strconv.Itoa(c.Starts),
			c.Most.Round(time.Millisecond).String()
		w.acts = append(w.acts, n)
	}
}

var logonTypes = map[int][2]string{2: {"at the console", "コンソール"}, 3: {"over the network", "ネットワーク"}, 7: {"unlocked", "ロック解除"},
	10: {"Remote Desktop", "リモートデスクトップ"}, 11: {"at the console, cached", "コンソール、キャッシュ"}}

// sessions tells in which sessions the acts of a window were done.
func (g *gathering) sessions(w *Window) {
	var ids []string
	for _, a := range w.acts {
		for _, id := range a.sessions {
			ids = with(ids, id)
		}
	}
	if len(ids) == 0 || g.m.Logons == nil {
		return
	}
	for _, s := range g.m.Logons.SessionsNamed(ids) {
		if s.Account == nil || s.BeginRef.ID == "" || person(short(s.Account.Name, s.Account.SID)) == "" {
			continue
		}
		n := &act{kind: "logon", level: findings.Medium, first: s.Begin, last: s.Begin, n: 1,
			class: programs.Proved,
			refs:  []programs.Ref{{Record: s.BeginRef.ID, Artifact: "eventlogons"}}, records: 1, sessions: []string{s.ID()},
			en: map[string]string{}}
		n.en["A"] = short(s.Account.Name, s.Account.SID)
		n.actor = n.en["A"]
		if s.Source != nil && s.Source != s.Host {
			n.en["source"], n.source = s.Source.Label, s.Source.Label
			switch {
			case s.Type == 10 && s.Source.External:
				n.show(shown{"T1133", "initial-access"})
			case s.Type == 10:
				n.show(shown{"T1021.001", "lateral-movement"})
			}
		}
		words, ok := logonTypes[s.Type]
		if !ok {
			words = [2]string{"type " + strconv.Itoa(s.Type), "種別 " + strconv.Itoa(s.Type)}
		}
		n.ja = maps.Clone(n.en)
		n.en["type"], n.ja["type"] = words[0], words[1]
		w.acts = append(w.acts, n)
	}
}
