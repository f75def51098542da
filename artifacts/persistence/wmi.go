package persistence

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/formats/wmi"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A WMI is one part of a permanent event subscription: a filter, a consumer, the
// binding that joins them, or a timer.
type WMI struct {
	artifacts.Origin
	Entry
	Kind           string    `json:"kind"`                       // binding, consumer, filter, timer
	Class          string    `json:"class"`                      // CommandLineEventConsumer, …; of a binding its consumer's
	Name           string    `json:"name,omitempty"`             // of a binding its consumer's
	Filter         string    `json:"filter,omitempty"`           // of a binding
	Bound          bool      `json:"bound,omitempty"`            // a live binding names the consumer or the filter
	CreatorSID     string    `json:"creator_sid,omitempty"`      // the account that created it
	Namespace      string    `json:"namespace,omitempty"`        // "" when there is no index
	Query          string    `json:"query,omitempty"`            // of a filter
	EventNamespace string    `json:"event_namespace,omitempty"`  // in which the query runs
	Engine         string    `json:"script_engine,omitempty"`    // VBScript, JScript
	Script         string    `json:"script,omitempty" extra:"-"` // up to 64 KiB
	ScriptFile     string    `json:"script_file,omitempty"`
	Interval       uint64    `json:"interval_ms,omitempty"`       // of a timer
	Settings       []string  `json:"settings,omitempty"`          // the other properties, "name=value"
	Strings        []string  `json:"strings,omitempty" extra:"-"` // the texts, when the layout of the class is unknown
	Default        bool      `json:"default,omitempty"`           // as every Windows has
	ServiceRunFrom time.Time `json:"service_run_from,omitzero"`   // start of the run of the service that stored it

	owner evidence.User
}

var wmiSubscription = artifacts.Define(artifacts.Artifact{
	Name:     "wmi",
	Title:    "WMI subscription",
	DataType: "windows:wmi:event_subscription",
	About: `Permanent event subscriptions in the WMI repository: filters (the condition), consumers (the action:
a command line, a script, a log entry, a mail), the bindings between them, and timers. Instances are
decoded with the class definitions of the repository. Class definitions and provider registrations
are not shown. Proves that the subscription was stored by the account creator_sid. A consumer acts
only when a live binding names it (bound). Does not prove that it ever ran. A record on a page of an
older state, without an entry in the index, or in free space is deleted. Service Start Time is a
lower bound for the creation: the start of the WMI service that stored the record. Default objects
have the build time of the Windows image. Every Windows has "SCM Event Log Consumer", older ones
"BVTConsumer"; management software adds others.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1546.003"},
	Refs: []string{
		"https://attack.mitre.org/techniques/T1546/003/",
		"https://learn.microsoft.com/windows/win32/wmisdk/receiving-events-at-all-times",
		"https://www.mandiant.com/resources/windows-management-instrumentation-wmi-offense-defense-and-forensics",
	},
	Sources: []artifacts.Source{
		artifacts.SignedRandom(`%SystemRoot%\System32\wbem\Repository\OBJECTS.DATA`, collect.WMIFile),
		artifacts.RandomFiles(`%SystemRoot%\System32\wbem\Repository\FS\OBJECTS.DATA`),
		artifacts.RandomFiles(`%SystemRoot%\System32\wbem\Repository.*\OBJECTS.DATA`),
	},
}, decodeWMI)

const (
	wmiPart   = 256 << 20 // bytes of a map or an index
	wmiScript = 64 << 10  // characters of a script that are kept
)

func decodeWMI(in artifacts.Input, yield func(WMI) bool) error {
	var files wmi.Files
	files.Objects, files.ObjectsSize = in.ReaderAt()
	for _, name := range []string{"MAPPING1.MAP", "MAPPING2.MAP", "MAPPING3.MAP", "OBJECTS.MAP"} {
		if b := wmiBeside(in, name); b != nil {
			files.Maps = append(files.Maps, b)
		}
	}
	if b := wmiBeside(in, "INDEX.BTR"); b != nil {
		files.Index, files.IndexSize = bytes.NewReader(b), int64(len(b))
	}
	repo, err := wmi.Open(files)
	if err != nil {
		return err
	}
	bound := wmiBound(repo.Instances)
	for _, i := range repo.Instances {
		if r, ok := wmiRecord(in, i, bound); ok && !yield(r) {
			return nil
		}
	}
	var errs []error
	for _, d := range repo.Damage() {
		errs = append(errs, d)
	}
	return errors.Join(errs...)
}

// wmiBeside reads another file of the repository, nil when there is none.
func wmiBeside(in artifacts.Input, name string) []byte {
	if in.Tree == nil {
		return nil
	}
	f, ok := in.Tree.LookupCopy(winpath.Join(winpath.Dir(in.From.Path), name), in.From.Snapshot)
	if !ok {
		return nil
	}
	r, size, err := f.Reader()
	if err != nil || size > wmiPart {
		if err == nil {
			err = fmt.Errorf("%d bytes", size)
			r.Close()
		}
		in.Note(in.AtOffset(0), fmt.Errorf("%s: %w", name, err))
		return nil
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, wmiPart))
	if err != nil {
		in.Note(in.AtOffset(0), fmt.Errorf("%s: %w", name, err))
	}
	return b
}

// wmiPath takes the path of an object apart: __EventFilter.Name="x", with or
// without the machine and the namespace before it.
func wmiPath(path string) (class, name string) {
	head, rest, _ := strings.Cut(path, `="`)
	if i := strings.LastIndexByte(head, ':'); i >= 0 {
		head = head[i+1:]
	}
	class, _, _ = strings.Cut(head, ".")
	name, _ = strings.CutSuffix(rest, `"`)
	return class, strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(name)
}

// wmiBound returns the consumers and the filters that live bindings name.
func wmiBound(list []*wmi.Instance) map[[2]string]bool {
	bound := map[[2]string]bool{}
	for _, i := range list {
		if i.State != wmi.Deleted && i.Class == "__FilterToConsumerBinding" {
			for _, end := range []string{i.Text("Consumer"), i.Text("Filter")} {
				class, name := wmiPath(end)
				bound[[2]string{strings.ToLower(class), strings.ToLower(name)}] = true
			}
		}
	}
	return bound
}

// wmiShown are the properties that have a field of their own.
var wmiShown = []string{"Name", "CreatorSID", "Query", "QueryLanguage", "EventNamespace", "ScriptingEngine", "ScriptText", "ScriptFilename",
	"Filter", "Consumer", "TimerId", "IntervalBetweenEvents", "CommandLineTemplate"}

func wmiRecord(in artifacts.Input, i *wmi.Instance, bound map[[2]string]bool) (WMI, bool) {
	r := WMI{Origin: in.AtOffset(i.Offset), Class: i.Class, CreatorSID: i.CreatorSID(), Namespace: i.Namespace, Strings: i.Strings,
		Name: cmp.Or(i.Text("Name"), i.Text("TimerId")), ServiceRunFrom: i.Stored}
	switch {
	case i.State == wmi.Deleted:
		r.Origin = r.As(artifacts.Deleted, "not part of the repository any more")
	case strings.Contains(winpath.Key(in.From.Path), `\wbem\repository.`):
		r.Origin = r.As(artifacts.Backup, "an older repository")
	}
	for _, u := range in.Machine.Users {
		if u.SID == r.CreatorSID && u.SID != "" {
			r.owner = u
		}
	}
	switch {
	case i.Class == "__EventFilter":
		r.Kind = "filter"
	case i.Class == "__FilterToConsumerBinding":
		r.Kind = "binding"
		r.Class, r.Name = wmiPath(i.Text("Consumer"))
		_, r.Filter = wmiPath(i.Text("Filter"))
	case strings.Contains(i.Class, "Timer"):
		r.Kind = "timer"
	default:
		r.Kind = "consumer"
	}
	r.Bound = r.Kind != "binding" && bound[[2]string{strings.ToLower(i.Class), strings.ToLower(r.Name)}]
	r.Entry = autostartOf(in, "WMI "+r.Kind)
	if r.Kind == "consumer" {
		r.Entry = wmiCommand(in, i, r.Entry)
	}
	r.Query, r.EventNamespace = i.Text("Query"), i.Text("EventNamespace")
	r.Engine, r.ScriptFile = i.Text("ScriptingEngine"), i.Text("ScriptFilename")
	r.Script = i.Text("ScriptText")
	r.Script = strings.ToValidUTF8(r.Script[:min(len(r.Script), wmiScript)], "")
	r.Interval, _ = i.Uint("IntervalBetweenEvents")
	for _, p := range i.Properties {
		if !p.Default && !slices.Contains(wmiShown, p.Name) {
			r.Settings = append(r.Settings, fmt.Sprintf("%s=%v", p.Name, p.Value))
		}
	}
	r.Default = wmiDefault(&r)
	return r, true
}

// wmiCommand is the program that a consumer starts.
func wmiCommand(in artifacts.Input, i *wmi.Instance, e Entry) Entry {
	program, line, file := i.Text("ExecutablePath"), i.Text("CommandLineTemplate"), i.Text("ScriptFilename")
	switch {
	case line != "":
		return autostartCommand(in, "WMI consumer", line)
	case program != "":
		return autostartImage(in, "WMI consumer", program)
	case file != "":
		e.Command, e.Payload = file, file
	}
	return e
}

// wmiDefault reports whether a record is what Windows itself sets up: a consumer
// that writes entries of the log, its filter and their binding, and on Windows
// 7 and before a test of the kernel's tracing that does nothing.
func wmiDefault(r *WMI) bool {
	switch r.Kind {
	case "filter":
		return r.Name == "SCM Event Log Filter" && strings.EqualFold(r.Query, "select * from MSFT_SCMEventLogEvent") ||
			r.Name == "BVTFilter" && strings.Contains(r.Query, "Win32_Processor")
	case "consumer":
		return r.Class == "NTEventLogEventConsumer" && r.Name == "SCM Event Log Consumer" ||
			r.Class == "CommandLineEventConsumer" && r.Name == "BVTConsumer" && strings.EqualFold(r.Command, "cscript KernCap.vbs")
	case "binding":
		return r.Class == "NTEventLogEventConsumer" && r.Name == "SCM Event Log Consumer" && r.Filter == "SCM Event Log Filter" ||
			r.Class == "CommandLineEventConsumer" && r.Name == "BVTConsumer" && r.Filter == "BVTFilter"
	}
	return false
}

// Owner returns the account that created the record.
func (r WMI) Owner() evidence.User { return r.owner }

// Events gives the start of the run of the service, a lower bound.
func (r WMI) Events() []artifacts.Event {
	if r.ServiceRunFrom.IsZero() {
		return nil
	}
	creator := ""
	if r.CreatorSID != "" {
		creator = ", creator: " + r.CreatorSID
	}
	what := cmp.Or(r.Class, r.Kind) + " " + r.Name
	if r.Kind == "binding" {
		what = "binding of " + what
	}
	return []artifacts.Event{{Time: r.ServiceRunFrom, Kind: "Service Start Time", Estimate: true,
		Message: fmt.Sprintf("WMI [%s] stored during the service run that began at this time%s", what, creator)}}
}

// Summary shows what the record does.
func (r WMI) Summary() string {
	head := strings.TrimSpace("[" + r.Class + "] " + r.Name)
	switch r.Kind {
	case "binding":
		return fmt.Sprintf("%s is bound to the filter %s", head, r.Filter)
	case "timer":
		if r.Interval != 0 {
			return fmt.Sprintf("%s: every %d ms", head, r.Interval)
		}
	}
	parts := []string{r.Query, r.Command, wmiLine(r.Script)}
	parts = append(append(parts, r.Settings...), r.Strings...)
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	return head + ": " + strings.Join(parts, " | ")
}

// wmiLine returns the first lines of a script as one.
func wmiLine(script string) string {
	const most = 200
	s := strings.Join(strings.Fields(script[:min(len(script), 4*most)]), " ")
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.ToValidUTF8(s, "")
}

// Tags marks what every Windows has.
func (r WMI) Tags() []string {
	tags := r.Entry.Tags()
	if r.Default {
		tags = append(tags, "default")
	}
	return tags
}
