package persistence

import (
	"bytes"
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A WMI is one group of strings of the WMI repository that speaks of a
// permanent event subscription.
type WMI struct {
	artifacts.Origin
	Entry
	Kind    string   `json:"kind"`             // binding, consumer, filter
	Class   string   `json:"class"`            // CommandLineEventConsumer, …
	Name    string   `json:"name,omitempty"`   // of the consumer or filter, where a binding tells
	Filter  string   `json:"filter,omitempty"` // of a binding
	Strings []string `json:"strings,omitempty"`
	Copies  int      `json:"copies"` // how often the same stands in the repository
	Default bool     `json:"default,omitempty"`
}

var wmi = artifacts.Define(artifacts.Artifact{
	Name:     "wmi",
	Title:    "WMI subscription",
	DataType: "windows:wmi:event_subscription",
	About: `Strings of the WMI repository that speak of permanent event subscriptions: bindings of a filter to a consumer by their names, and
what stands behind the names of the classes of consumers and filters (a command line, a script, a query). The repository is searched, not
decoded: strings are found in pages that are free as well, so that a subscription may have been deleted, and which string is which property
is a guess from their order. Proves that these strings were once stored there together. Does not prove that the subscription is active, nor
that it ever ran. Every Windows has the binding of "SCM Event Log Consumer", older ones "BVTConsumer"; management software adds its own. The
records have no time. Not yet seen on real data.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1546.003"},
	Refs: []string{
		"https://attack.mitre.org/techniques/T1546/003/",
		"https://learn.microsoft.com/windows/win32/wmisdk/receiving-events-at-all-times",
		"https://www.mandiant.com/resources/windows-management-instrumentation-wmi-offense-defense-and-forensics",
	},
	Sources: []artifacts.Source{
		artifacts.Files(`%SystemRoot%\System32\wbem\Repository\OBJECTS.DATA`),
		artifacts.Files(`%SystemRoot%\System32\wbem\Repository\FS\OBJECTS.DATA`),
		artifacts.Files(`%SystemRoot%\System32\wbem\Repository.*\OBJECTS.DATA`),
	},
}, decodeWMI)

// What is searched, and how far from it. The repository of a busy machine has
// some hundred places that speak of subscriptions.
const (
	wmiReach   = 4096 // bytes behind the name of a class that belong to it
	wmiNear    = 1024 // bytes between the two halves of a binding
	wmiGap     = 256  // bytes without a string that end a group
	wmiStrings = 16   // strings of one group
	wmiLongest = 8192 // characters of one string; scripts are long
	wmiRecords = 4096 // distinct groups
)

// wmiClasses are the classes whose instances are looked at.
var wmiClasses = []string{"CommandLineEventConsumer", "ActiveScriptEventConsumer", "LogFileEventConsumer", "NTEventLogEventConsumer", "SMTPEventConsumer", "__EventFilter"}

// wmiProperties stand behind the name of a class where it is defined.
var wmiProperties = []string{"CommandLineTemplate", "ScriptingEngine", "ScriptText", "ToLine", "EventNamespace", "QueryLanguage", "InsertionStringTemplates", "MaximumFileSize", "__EventConsumer", "__IndicationRelated", "CreatorSID"}

func decodeWMI(in artifacts.Input, yield func(WMI) bool) error {
	var out []WMI
	seen := map[string]int{}
	dropped := 0
	add := func(r WMI) {
		k := strings.Join(append([]string{r.Kind, r.Class, r.Name, r.Filter}, r.Strings...), "\x00")
		if i, ok := seen[k]; ok {
			out[i].Copies++
			return
		}
		if len(out) == wmiRecords {
			dropped++
			return
		}
		seen[k] = len(out)
		r.Copies = 1
		out = append(out, r)
	}
	names := map[string]bool{}
	for _, wide := range []bool{false, true} {
		for ref := range wmiReferences(in.Data, wide) {
			at, name := ref.at, ref.name
			r := WMI{Origin: in.AtOffset(at), Kind: "binding", Class: ref.class, Name: name, Entry: autostartOf(in, "WMI binding")}
			r.Filter = wmiFilter(in.Data, at, wide)
			r.Default = name == "SCM Event Log Consumer" && (r.Filter == "SCM Event Log Filter" || r.Filter == "") ||
				name == "BVTConsumer" && (r.Filter == "BVTFilter" || r.Filter == "")
			names[name] = true
			if r.Filter != "" {
				names[r.Filter] = true
			}
			add(r)
		}
	}
	for _, class := range wmiClasses {
		needle := []byte(class + "\x00")
		for at := 0; ; {
			i := bytes.Index(in.Data[at:], needle)
			if i < 0 {
				break
			}
			at += i
			if at == 0 || !wmiWord(in.Data[at-1]) { // not the end of a longer name
				if r, ok := wmiInstance(in, class, at, at+len(needle), names); ok {
					add(r)
				}
			}
			at += len(needle)
		}
	}
	slices.SortStableFunc(out, func(a, b WMI) int { return cmp.Compare(a.Position(), b.Position()) })
	if dropped > 0 {
		for _, r := range out {
			if !yield(r) {
				break
			}
		}
		return in.Errorf(in.AtOffset(0), "%d more groups of strings than the %d shown", dropped, wmiRecords)
	}
	for _, r := range out {
		if !yield(r) {
			break
		}
	}
	return nil
}

// A wmiReference is the path of a consumer, and where it begins.
type wmiReference struct {
	at          int64
	class, name string
}

// wmiReferences finds paths of consumers: Class.Name="name".
func wmiReferences(b []byte, wide bool) iter.Seq[wmiReference] {
	return func(yield func(wmiReference) bool) {
		needle, step := []byte(`EventConsumer.Name="`), 1
		if wide {
			needle, step = wmiWide(needle), 2
		}
		for pos := 0; ; {
			i := bytes.Index(b[pos:], needle)
			if i < 0 {
				return
			}
			head := pos + i
			from := head
			for n := 0; n < 64 && from-step >= 0 && wmiWord(b[from-step]) && (step == 1 || b[from-1] == 0); n++ {
				from -= step
			}
			name, end := wmiQuoted(b, head+len(needle), step)
			class := wmiNarrow(b[from:head], step) + "EventConsumer"
			if name != "" && !yield(wmiReference{int64(from), class, name}) {
				return
			}
			pos = end
		}
	}
}

// wmiFilter finds the other half of a binding: on either side, the nearer one.
func wmiFilter(b []byte, at int64, wide bool) string {
	needle, step := []byte(`__EventFilter.Name="`), 1
	if wide {
		needle, step = wmiWide(needle), 2
	}
	lo, hi := max(int(at)-wmiNear, 0), min(int(at)+wmiNear, len(b))
	before, after := bytes.LastIndex(b[lo:at], needle), bytes.Index(b[at:hi], needle)
	pos := -1
	switch {
	case before >= 0 && (after < 0 || int(at)-lo-before < after):
		pos = lo + before
	case after >= 0:
		pos = int(at) + after
	default:
		return ""
	}
	name, _ := wmiQuoted(b, pos+len(needle), step)
	return name
}

// wmiQuoted reads up to the closing quote; a name that does not end within
// 512 characters is none.
func wmiQuoted(b []byte, pos, step int) (string, int) {
	for end := pos; end < len(b) && end-pos < 512*step; end += step {
		switch {
		case b[end] == '"':
			return wmiNarrow(b[pos:end], step), end
		case b[end] < ' ':
			return "", end
		}
	}
	return "", pos
}

// wmiInstance collects the strings behind the name of a class.
func wmiInstance(in artifacts.Input, class string, at, from int, names map[string]bool) (WMI, bool) {
	r := WMI{Origin: in.AtOffset(int64(at)), Kind: "consumer", Class: class}
	if class == "__EventFilter" {
		r.Kind = "filter"
	}
	for s := range wmiNearStrings(in.Data[from:min(from+wmiReach, len(in.Data))]) {
		if slices.Contains(wmiProperties, s) {
			return r, false // where the class is defined
		}
		if slices.Contains(wmiClasses, s) || len(r.Strings) == wmiStrings {
			break // the next instance
		}
		if names[s] && r.Name == "" {
			r.Name = s
			continue
		}
		r.Strings = append(r.Strings, s)
	}
	if r.Name == "" && len(r.Strings) == 0 {
		return r, false
	}
	r.Entry = autostartOf(in, "WMI "+r.Kind)
	if class == "CommandLineEventConsumer" {
		for _, s := range r.Strings {
			if l := strings.ToLower(s); strings.Contains(l, ".exe") || strings.ContainsAny(s, `\ `) {
				r.Entry = autostartCommand(in, "WMI consumer", s)
				break
			}
		}
	}
	r.Default = r.Name == "SCM Event Log Consumer" || r.Name == "SCM Event Log Filter" || r.Name == "BVTConsumer" || r.Name == "BVTFilter"
	return r, true
}

// wmiNearStrings iterates over runs of three or more printable characters, 8
// or 16 bits wide, until a gap.
func wmiNearStrings(b []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		last := 0
		for i := 0; i < len(b) && i-last < wmiGap; {
			n, step := wmiRun(b[i:])
			if n < 3 {
				i++
				continue
			}
			s := wmiNarrow(b[i:i+n*step], step)
			if len(s) > wmiLongest {
				s = s[:wmiLongest]
			}
			if !yield(s) {
				return
			}
			i += n * step
			last = i
		}
	}
}

// wmiRun counts the printable characters at the start of b.
func wmiRun(b []byte) (n, step int) {
	step = 1
	if len(b) > 3 && wmiPrint(b[0]) && b[1] == 0 && wmiPrint(b[2]) && b[3] == 0 {
		step = 2
	}
	for n*step+step <= len(b) && wmiPrint(b[n*step]) && (step == 1 || b[n*step+1] == 0) {
		n++
	}
	return n, step
}

func wmiPrint(c byte) bool { return c >= ' ' && c < 0x7F || c == '\t' || c == '\r' || c == '\n' }

func wmiWord(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_'
}

func wmiWide(b []byte) []byte {
	out := make([]byte, 0, 2*len(b))
	for _, c := range b {
		out = append(out, c, 0)
	}
	return out
}

func wmiNarrow(b []byte, step int) string {
	if step == 2 {
		return wire.UTF16Z(b)
	}
	return wire.Latin1Z(b)
}

// Summary shows what was found.
func (r WMI) Summary() string {
	if r.Kind == "binding" {
		return fmt.Sprintf("[%s] %s is bound to the filter %s", r.Class, r.Name, r.Filter)
	}
	s := "[" + r.Class + "]"
	if r.Name != "" {
		s += " " + r.Name
	}
	return s + ": " + strings.Join(r.Strings, " | ")
}

// Tags marks what every Windows has.
func (r WMI) Tags() []string {
	tags := r.Entry.Tags()
	if r.Default {
		tags = append(tags, "default")
	}
	return tags
}
