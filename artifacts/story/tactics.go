package story

import (
	"embed"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/artifacts/programs"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

//go:embed data/tactics.txt
var data embed.FS

// A shown is a technique and the one of its tactics that an act itself shows. The zero
// value stands for an act that shows none: a program that ran from an odd folder, say.
// A technique often serves several tactics, and what a rule says of a program is not
// true of each of its acts, so that a label is never the first tactic of the first rule.
type shown struct{ technique, tactic string }

// A tacticRow is one line of data/tactics.txt.
type tacticRow struct {
	shown
	names []string // nil for any program
	re    *regexp.Regexp
}

func (r *tacticRow) takes(stem string) bool { return r.names == nil || slices.Contains(r.names, stem) }

// tacticRows reads the table.
var tacticRows = sync.OnceValue(func() []tacticRow {
	b, err := data.ReadFile("data/tactics.txt")
	if err != nil {
		panic(err)
	}
	var out []tacticRow
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		f := strings.SplitN(strings.TrimSpace(line), " ", 4)
		row := tacticRow{shown: shown{f[0], f[1]}}
		if f[2] != "*" {
			row.names = strings.Split(f[2], ",")
		}
		if len(f) == 4 {
			row.re = regexp.MustCompile(`(?s)` + f[3])
		}
		out = append(out, row)
	}
	return out
})

// The bounds of what is held against the table: longer command lines hide nothing in
// their first part that a reader would see, and evidence can hold any number of them.
const (
	maxShownText  = 1024
	maxShownTexts = 1000
)

// command returns what a command line of a program shows.
func (g *gathering) command(stem, line string) shown {
	if line == "" {
		return shown{}
	}
	key := stem + "\x00" + line
	if s, ok := g.texts[key]; ok {
		return s
	}
	if len(g.texts) >= maxShownTexts {
		return shown{}
	}
	text := line
	if d := winpath.ParseCommand(line, nil).Decoded; d != "" {
		text = line[:min(len(line), maxShownText/2)] + "\n" + d
	}
	s := showsText(stem, text)
	g.texts[key] = s
	return s
}

func showsText(stem, text string) shown {
	text = strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(text[:min(len(text), maxShownText)], "^", ""), `""`, `"`))
	text = stem + "\n" + text
	for i, rows := 0, tacticRows(); i < len(rows); i++ {
		if r := &rows[i]; r.re != nil && r.takes(stem) && r.re.MatchString(text) {
			return r.shown
		}
	}
	return shown{}
}

// named returns what a program of one purpose shows by its name.
func named(stem string) shown {
	for i, rows := 0, tacticRows(); i < len(rows); i++ {
		if r := &rows[i]; r.re == nil && r.takes(stem) {
			return r.shown
		}
	}
	return shown{}
}

func stemOf(base string) string { return strings.TrimSuffix(strings.ToLower(base), ".exe") }

// ruleShows are the rules whose records show another act than their first technique
// says, or one of several tactics. An empty value: the record does not show which.
var ruleShows = map[string]shown{
	"C-15": {"T1098", "persistence"},
	"C-16": {"T1070", "defense-evasion"},
	"E-06": {}, // Sysmon reconfigured or stopped
	"E-10": {"T1550.002", "lateral-movement"},
	"E-11": {"T1550.002", "lateral-movement"},
	"E-12": {"T1557.001", "credential-access"},
	"E-13": {"T1068", "privilege-escalation"},
	"E-15": {},
	"E-17": {"T1110.003", "credential-access"},
	"E-18": {"T1110", "credential-access"},
	"E-22": {"T1550.002", "lateral-movement"},
	"E-25": {"T1098", "persistence"},
	"E-26": {"T1134.005", "privilege-escalation"},
	"E-27": {"T1098", "persistence"},
	"E-31": {},
	"E-33": {},
	"E-41": {"T1136", "persistence"},
	"E-42": {"T1136", "persistence"},
	"E-43": {"T1098.007", "persistence"},
	"E-44": {"T1068", "privilege-escalation"},
	"E-45": {"T1098", "persistence"},
	"E-46": {"T1098", "persistence"},
	"E-47": {"T1110", "credential-access"},
	"E-50": {},
	"E-52": {"T1053.005", "persistence"},
	"E-53": {"T1053.005", "execution"},
	"E-54": {"T1543.003", "persistence"},
	"E-56": {"T1059.001", "execution"},
	"E-57": {"T1546.003", "persistence"},
	"E-58": {"T1204.002", "execution"},
	"E-62": {"T1134", "privilege-escalation"},
	"E-63": {},
	"E-64": {},
	"E-71": {}, // the scanner's act
	"E-74": {"T1105", "command-and-control"},
	"E-81": {},
	"E-82": {"T1068", "privilege-escalation"},
	"E-83": {"T1547.012", "privilege-escalation"},
	"E-84": {"T1543", "persistence"},
	"E-85": {}, // SQL
	"E-90": {"T1021", "lateral-movement"},
}

// ofRule returns what the records of a rule show: what the table above says, or the
// tactic that all its techniques have and no other.
func (g *gathering) ofRule(id string) shown {
	if s, ok := ruleShows[id]; ok {
		return s
	}
	out := shown{}
	for _, t := range g.attack[id] {
		info, ok := findings.Technique(t)
		switch {
		case !ok || len(info.Tactics) != 1 || out.tactic != "" && out.tactic != info.Tactics[0]:
			return shown{}
		case out.tactic == "":
			out = shown{t, info.Tactics[0]}
		}
	}
	return out
}

// startRules are the rules about a program that each of its starts shows, in the order
// in which they count: a name that is not its own, and where it came from.
var startRules = []string{"M-01", "M-03", "M-05", "C-14", "N-03"}

// seenRules are the rules about the record of a start itself.
var seenRules = []string{"E-35", "E-55", "E-58", "E-60", "E-59", "E-61"}

// ofStart returns what a start shows: what its command line does; for programs of one
// purpose their name; a rule about its record; that the program bears the name of
// another; the name that its file was built under; that it came from the Internet and
// was run; and that it made an archive.
func (g *gathering) ofStart(p *programs.Program, s *programs.Start, x *said) shown {
	stem := stemOf(p.Base())
	if v := g.command(stem, s.Command); v.tactic != "" {
		return v
	}
	if v := named(stem); v.tactic != "" && !(stem == "cmd" || stem == "powershell" || stem == "pwsh") {
		return v
	}
	if x != nil {
		for _, id := range seenRules {
			if slices.Contains(x.rules, id) {
				return g.ofRule(id)
			}
		}
	}
	if x != nil && slices.Contains(x.rules, "X-08") {
		if v := loaders[stem]; v.tactic != "" {
			return v
		}
	}
	if stem == "wevtutil" && g.clearedAfter(s.Time) {
		return shown{"T1070.001", "defense-evasion"}
	}
	for _, id := range startRules {
		if slices.Contains(p.Rules, id) {
			return g.ofRule(id)
		}
	}
	for _, f := range p.What {
		if f.Name == "original_name" {
			name, _, _ := strings.Cut(strings.ToLower(f.Value), ".")
			if v := named(name); v.tactic != "" && p.Outside() {
				return v
			}
		}
	}
	switch {
	case slices.Contains(p.Rules, "C-13") || slices.Contains(p.Rules, "N-14"):
		return shown{"T1560.001", "collection"}
	case slices.Contains(p.Rules, "C-18") || slices.Contains(p.Rules, "N-06"):
		return shown{"T1204.002", "execution"}
	}
	return named(stem)
}

// loaders are the programs of Windows that rule X-08 saw load code from an odd folder.
var loaders = map[string]shown{
	"rundll32": {"T1218.011", "defense-evasion"},
	"regsvr32": {"T1218.010", "defense-evasion"},
}

// clearingPause is the longest time between the start of a program that clears logs and
// the record of it that the log begins with.
const clearingPause = 5 * time.Second

// clearedAfter reports whether a log was cleared right after a time.
func (g *gathering) clearedAfter(t time.Time) bool {
	for _, a := range g.m.Acts {
		if d := a.Time.Sub(t); a.Kind == "clear" && d >= 0 && d <= clearingPause {
			return true
		}
	}
	return false
}

// ofArrival returns what an arrival shows: a file that came from the Internet was
// brought in from outside. How other files came is not known, and neither is why.
func ofArrival(a *programs.Arrival) shown {
	url := strings.Contains(a.From, "://")
	if (a.Kind == "marked" || a.Kind == "download" || a.Kind == "bits") && (url || strings.EqualFold(a.Zone, "Internet")) {
		return shown{"T1105", "command-and-control"}
	}
	return shown{}
}

// ofEnd returns what the end of a program's file shows. What a user or a scanner moved
// away can be had back and hides nothing.
func ofEnd(p *programs.Program, kind string) shown {
	if kind == "prefetch deleted" || kind == "deleted" && (p.Counts.AtLeast > 0 || len(p.Starts) > 0) {
		return shown{"T1070.004", "defense-evasion"}
	}
	return shown{}
}

// ofService returns what the installation of a service shows: a service that runs a
// command or is the far end of a remote-execution tool runs something once; another
// one is there to stay.
func (g *gathering) ofService(name, image string, x *said) shown {
	if strings.Contains(image, `\\.\pipe\`) { // whose end a program of the user holds, to act as SYSTEM
		return shown{"T1134", "privilege-escalation"}
	}
	base := stemOf(winpath.Base(strings.Trim(winpath.ParseCommand(image, nil).Program, `"`)))
	for _, s := range []string{base, strings.ToLower(name)} {
		if v := named(s); v.technique == "T1569.002" || v.technique == "T1059.001" || v.technique == "T1059.003" {
			return shown{"T1569.002", "execution"}
		}
	}
	if strings.Contains(strings.ToLower(image), "%comspec%") || slices.Contains(x.rules, "E-51") {
		return shown{"T1569.002", "execution"}
	}
	return shown{"T1543.003", "persistence"}
}

// ofTask returns what the making of a task shows: a task that runs once runs a command,
// another one is there to stay.
func (g *gathering) ofTask(a *programs.Autostart) shown {
	if v := g.command("schtasks", g.makers[a.MadeRef.Record]); v.technique == "T1053.005" {
		return v
	}
	return shown{"T1053.005", "persistence"}
}

// ofTaskEvent is ofTask for the event of a task of which no command is known.
func (g *gathering) ofTaskEvent(name string, x *said) shown {
	name = strings.ToLower(name)
	for _, quote := range g.shortTasks {
		if name != "" && strings.HasSuffix(quote, name) {
			return shown{"T1053.005", "execution"}
		}
	}
	return g.ofRecord(x)
}

// ofRecord returns what the record of an event log shows of which nothing but a rule
// speaks: the pipe that it names, the script that it holds, where it came from.
func (g *gathering) ofRecord(x *said) shown {
	quote := strings.ToLower(x.e.Quote)
	for _, id := range append([]string{x.best}, x.rules...) {
		v := shown{}
		switch id {
		case "E-30":
			v = ofRemote(sourceOf(quote))
		case "E-31":
			if a := sourceOf(quote); a.IsValid() && a.IsLoopback() {
				v = shown{"T1572", "command-and-control"}
			} else if strings.Contains(quote, "refused") {
				v = ofRemote(a)
			}
		case "E-06":
			if strings.Contains(quote, "stopped") {
				v = shown{"T1562.001", "defense-evasion"}
			}
		case "E-63":
			v = shown{"T1055", "defense-evasion"}
			if strings.Contains(quote, `\lsass.exe`) {
				v = shown{"T1003.001", "credential-access"}
			}
		case "E-85":
			if strings.Contains(quote, "changed") {
				v = shown{"T1505.001", "persistence"}
			}
		case "E-33":
			v = ofPipe(quote)
		case "E-56":
			if v = g.command("powershell", x.e.Quote); v.tactic == "" {
				v = g.ofRule(id)
			}
		default:
			v = g.ofRule(id)
		}
		if v.tactic != "" {
			return v
		}
	}
	return shown{}
}

// ofPipe tells by the pipe that was opened over the network what for.
func ofPipe(quote string) shown {
	for _, p := range []struct {
		words []string
		shown
	}{
		{[]string{"svcctl"}, shown{"T1569.002", "execution"}},
		{[]string{"atsvc"}, shown{"T1053.005", "execution"}},
		{[]string{"efsrpc", "spoolss", "netdfs", "fssagentrpc"}, shown{"T1187", "credential-access"}},
	} {
		if slices.ContainsFunc(p.words, func(w string) bool { return strings.Contains(quote, w) }) {
			return p.shown
		}
	}
	return shown{}
}

// sourceOf returns the address after the last "from" of a text.
func sourceOf(quote string) netip.Addr {
	i := strings.LastIndex(quote, "from ")
	if i < 0 {
		return netip.Addr{}
	}
	word, _, _ := strings.Cut(quote[i+len("from "):], " ")
	a, _ := netip.ParseAddr(strings.Trim(word, ",.;"))
	return a.Unmap()
}

// ofRemote returns what a remote session shows: over a public address it came in from
// outside.
func ofRemote(a netip.Addr) shown {
	if a.IsValid() && logons.IsExternal(a) {
		return shown{"T1133", "initial-access"}
	}
	return shown{"T1021.001", "lateral-movement"}
}

// show notes what an act shows.
func (a *act) show(v shown) {
	a.tactic = v.tactic
	a.techniques = with(a.techniques, v.technique)
}
