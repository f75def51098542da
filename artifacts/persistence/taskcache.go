package persistence

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/taskblob"
	"github.com/artifactdump/artifactdump/hive"
)

// A TaskCache is one action of a task as the scheduler's cache has it (view
// task), or one name in the tree of tasks (view tree).
type TaskCache struct {
	artifacts.Origin
	Entry
	View        string `json:"view"` // task: below Tasks; tree: below Tree
	TaskPath    string `json:"task_path"`
	ID          string `json:"task_id"`
	URI         string `json:"uri,omitempty"`
	Author      string `json:"author,omitempty"` // claimed
	Date        string `json:"date,omitempty"`   // claimed, as written
	Source      string `json:"source,omitempty"`
	Description string `json:"description,omitempty"`
	Security    string `json:"security_descriptor,omitempty"`
	Schema      string `json:"schema,omitempty"`
	Hash        string `json:"xml_hash,omitempty"` // SHA-256 of the XML; CRC-32 before 2010

	Action  int      `json:"action"`            // which of the actions, from 1; 0 when there is none
	Actions []string `json:"actions,omitempty"` // all of them in one spelling, as tasks has it too
	Kind    string   `json:"kind,omitempty"`
	Server  string   `json:"server,omitempty"` // the program behind a COM handler
	Class   string   `json:"class,omitempty"`  // does the machine have the COM handler's class: yes, no, unknown
	Context string   `json:"context,omitempty"`

	Triggers     []TaskTrigger `json:"triggers,omitempty"`
	XMLCRC32     string        `json:"xml_crc32,omitempty"` // of the XML, from the triggers
	RunAs        string        `json:"run_as,omitempty"`
	RunAsSID     string        `json:"run_as_sid,omitempty"`
	HiddenTask   bool          `json:"hidden_task,omitempty"`   // the setting Hidden: not listed by default
	HighestLevel bool          `json:"highest_level,omitempty"` // elevated where the account can be

	Registered  time.Time `json:"registered,omitzero"`
	LastRun     time.Time `json:"last_run,omitzero"`
	LastSuccess time.Time `json:"last_success,omitzero"`
	State       uint32    `json:"task_state,omitempty"`
	LastResult  string    `json:"last_result,omitempty"` // HRESULT of the last run

	InTree  string    `json:"in_tree,omitempty"`         // does the tree lead to this task: yes, no, other (to another one)
	InTasks string    `json:"in_tasks,omitempty"`        // does the name in the tree have a task: yes, no
	HasSD   string    `json:"has_sd,omitempty"`          // has the name in the tree a security descriptor: yes, no
	Index   int       `json:"index"`                     // 1 boot, 2 log-on, 3 plain, 4 maintenance; 0 hides a task; -1 not there
	Buckets []string  `json:"buckets,omitempty"`         // the lists that the scheduler starts it from
	TreeKey time.Time `json:"tree_key_written,omitzero"` // an event of the name's own record
}

const taskCacheKey = `Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\`

// taskTreeDepth is how deep names in the tree are read; real ones lie at most
// five folders deep.
const taskTreeDepth = 12

var taskCache = artifacts.Define(artifacts.Artifact{
	Name:     "taskcache",
	Title:    "Task cache",
	DataType: "windows:registry:task_scheduler:task_cache:entry",
	About: `Task Scheduler uses this cache, not the XML files: one key per task with its actions, triggers and
times, and a tree of names that refer to them. Proves that a task was registered, when last (Last
registered Time: registered or updated), and that the scheduler started it at Launch Time; the last
result shows whether the program could be started (0x80070002: the file was gone). Does not prove
what the program did, and keeps one run only. Author and date are chosen by the creator. A task
without a name in the tree, a name without a security descriptor or with index 0 is hidden from the
tools of Windows but still runs. The times of the keys date the last change of each whole key. The
layout of actions and triggers is not published by Microsoft.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1053.005", "T1564"},
	Refs: []string{
		"https://github.com/GDATAAdvancedAnalytics/winreg-tasks",
		"https://learn.microsoft.com/openspecs/windows_protocols/ms-tsch/",
		"https://attack.mitre.org/techniques/T1053/005/",
	},
	Sources: taskCacheSources(),
}, decodeTaskCache)

func taskCacheSources() []artifacts.Source {
	out := []artifacts.Source{artifacts.Key(evidence.SOFTWARE, taskCacheKey+`Tasks\*`)}
	for n := range taskTreeDepth {
		out = append(out, artifacts.Key(evidence.SOFTWARE, taskCacheKey+`Tree`+strings.Repeat(`\*`, n+1)))
	}
	return out
}

func decodeTaskCache(in artifacts.Input, yield func(TaskCache) bool) error {
	if strings.HasPrefix(in.Source.Key, taskCacheKey+`Tree`) {
		return taskTree(in, yield)
	}
	d := taskCacheDecoder{in: in}
	for _, r := range d.task() {
		if !yield(r) {
			break
		}
	}
	return errors.Join(d.errs...)
}

// taskTree decodes one name. A folder has no Id.
func taskTree(in artifacts.Input, yield func(TaskCache) bool) error {
	var errs []error
	if len(in.Match) == taskTreeDepth && !in.Partial() && in.Key.NumSubkeys() > 0 {
		errs = append(errs, in.Errorf(in.AtKey(), "names deeper than %d folders are not read", taskTreeDepth))
	}
	id := in.Text("Id")
	if id == "" {
		return errors.Join(errs...)
	}
	t := TaskCache{Origin: in.AtKey(), Entry: autostartOf(in, "Scheduled task name"), View: "tree", ID: id, TaskPath: `\` +
		strings.Join(in.Match, `\`), InTasks: presentNo}
	if _, err := in.Hive.Key(taskCacheKey + `Tasks\` + id); err == nil {
		t.InTasks = presentYes
	}
	setTree(in, &t, in.Key)
	if in.From.State.Recovered() {
		t.Hidden = "" // its values may just be overwritten
	}
	t.TreeKey = time.Time{} // it is the record's own
	t.Buckets = taskBuckets(in, id)
	yield(t)
	return errors.Join(errs...)
}

// setTree reads what the name in the tree says of a task.
func setTree(in artifacts.Input, t *TaskCache, k hive.Key) {
	t.HasSD, t.Index, t.TreeKey = presentNo, -1, k.Written()
	if v, ok := in.Of(k).Find("SD"); ok {
		t.HasSD = presentYes
		s := hive.Security{Raw: in.Of(k).BytesOf(v)}
		t.Security, _ = s.SDDL()
	} else {
		t.Hidden = "its name in the tree has no security descriptor"
	}
	if n, ok := in.Of(k).Uint("Index"); ok && n <= 255 {
		t.Index = int(n)
		if n == 0 {
			t.Hidden = "its index is 0"
		}
	}
}

func taskBuckets(in artifacts.Input, id string) []string {
	var out []string
	for _, b := range []string{"Boot", "Logon", "Plain", "Maintenance"} {
		if _, err := in.Hive.Key(taskCacheKey + b + `\` + id); err == nil {
			out = append(out, b)
		}
	}
	return out
}

type taskCacheDecoder struct {
	in   artifacts.Input
	errs []error
}

// bytes reads a binary value that may be missing.
func (d *taskCacheDecoder) bytes(name string) (b []byte, at artifacts.Origin) {
	v, ok := d.in.Own().Find(name)
	if !ok {
		return nil, artifacts.Origin{}
	}
	return d.in.Own().BytesOf(v), d.in.At(v)
}

func (d *taskCacheDecoder) task() []TaskCache {
	in := d.in
	t := TaskCache{
		Origin: in.AtKey(), View: "task", ID: in.Key.Name(), TaskPath: in.Text("Path"), URI: in.Text("URI"),
		Author: in.Text("Author"), Date: in.Text("Date"), Source: in.Text("Source"), Description: in.Text("Description"),
		Schema: taskSchema(in), Index: -1,
	}
	if in.Partial() {
		// A deleted value is an older state of the task, whose path stays.
		if path := in.Of(in.Key).Text("Path"); path != "" {
			t.TaskPath = path
		}
		t.Origin = in.At(in.DeletedValues()[0])
	}
	if b, _ := d.bytes("Hash"); len(b) > 0 {
		t.Hash = hex.EncodeToString(b[:min(len(b), 64)])
	}
	d.dynamicInfo(&t)
	d.triggers(&t)
	hidden := d.tree(&t)
	steps := d.actions(&t)
	for _, s := range steps {
		t.Actions = append(t.Actions, s.String())
	}
	var out []TaskCache
	for i, s := range steps {
		r := t
		r.Action, r.Kind = i+1, s.kind
		off := t.Disabled
		r.Entry, r.Server, r.Class = taskAutostart(in, s)
		r.Disabled, r.Hidden = off, hidden
		out = append(out, r)
	}
	if len(out) == 0 {
		off := t.Disabled
		t.Entry = autostartOf(in, "Scheduled task")
		t.Disabled, t.Hidden = off, hidden
		out = append(out, t)
	}
	return out
}

func taskSchema(in artifacts.Input) string {
	n, ok := in.Uint("Schema")
	if !ok {
		return ""
	}
	return fmt.Sprintf("%d.%d", n>>16, n&0xFFFF)
}

// tree looks for the task's name and tells how the task hides.
func (d *taskCacheDecoder) tree(t *TaskCache) string {
	in := d.in
	if in.Partial() || in.From.State.Recovered() {
		return "" // what was beside a deleted task is gone as well
	}
	t.Buckets = taskBuckets(in, t.ID)
	t.InTree = presentNo
	if t.TaskPath == "" {
		return "the task has no path"
	}
	k, err := in.Hive.Key(taskCacheKey + `Tree\` + strings.Trim(t.TaskPath, `\`))
	if _, damaged := errors.AsType[*hive.FormatError](err); damaged {
		t.InTree = ""
		return "" // what is hidden may just be lost
	}
	if err != nil {
		return "its name is not in the tree"
	}
	t.InTree = presentYes
	if v, ok := in.Of(k).Find("Id"); !ok || !strings.EqualFold(in.Of(k).TextOf(v), t.ID) {
		t.InTree = "other"
	}
	setTree(in, t, k)
	if t.InTree == "other" {
		return "its name in the tree leads to another task"
	}
	return t.Hidden
}

func (d *taskCacheDecoder) dynamicInfo(t *TaskCache) {
	b, at := d.bytes("DynamicInfo")
	if b == nil {
		return
	}
	di, err := taskblob.ParseDynamicInfo(b)
	d.blob(at, err)
	t.Registered, t.LastRun, t.LastSuccess, t.State = di.Registered, di.LastRun, di.LastSuccess, di.State
	result := di.LastError
	if !di.Long && result == 0 && di.State&0x80000000 != 0 {
		result = di.State // Vista to 8 keep it here
	}
	if result != 0 {
		t.LastResult = fmt.Sprintf("0x%08X", result)
	}
}

// blob gives an error of a blob its place: the value.
func (d *taskCacheDecoder) blob(at artifacts.Origin, err error) {
	if err != nil {
		d.errs = append(d.errs, d.in.Wrap(at, err))
	}
}

func (d *taskCacheDecoder) actions(t *TaskCache) []taskStep {
	b, at := d.bytes("Actions")
	if b == nil {
		return nil
	}
	a, err := taskblob.ParseActions(b)
	d.blob(at, err)
	t.Context = a.Context
	if len(a.List) > taskMaxActions {
		d.blob(at, fmt.Errorf("%d actions, the scheduler takes %d", len(a.List), taskMaxActions))
		a.List = a.List[:taskMaxActions]
	}
	var out []taskStep
	for _, x := range a.List {
		switch x.Kind {
		case taskblob.Exec:
			out = append(out, taskStep{kind: "exec", command: x.Command, args: x.Arguments, dir: x.WorkingDir})
		case taskblob.COMHandler:
			out = append(out, taskStep{kind: "com", class: x.CLSID, data: x.Data})
		case taskblob.Email:
			out = append(out, taskStep{kind: "mail", where: x.To, subject: x.Subject, text: x.Body})
		case taskblob.Message:
			out = append(out, taskStep{kind: "message", subject: x.Subject, text: x.Body})
		}
	}
	return out
}

func (d *taskCacheDecoder) triggers(t *TaskCache) {
	b, at := d.bytes("Triggers")
	if b == nil {
		return
	}
	g, err := taskblob.ParseTriggers(b)
	d.blob(at, err)
	if len(b) < 48 {
		return // ends before the settings
	}
	t.XMLCRC32 = fmt.Sprintf("%08x", g.CRC32)
	t.HiddenTask = g.Flags&taskblob.Hidden != 0
	t.HighestLevel = g.Flags&taskblob.HighestRunLevel != 0
	t.Disabled = g.Flags&taskblob.Enabled == 0
	t.RunAs, t.RunAsSID = g.User.Name, g.User.SID
	for _, x := range g.List {
		t.Triggers = append(t.Triggers, cachedTrigger(x))
	}
}

// taskSessionStates are those of the schema, from 1.
var taskSessionStates = []string{"", "ConsoleConnect", "ConsoleDisconnect", "RemoteConnect", "RemoteDisconnect", "SessionLock",
	"SessionUnlock"}

// taskSchedules are the modes of a time, as the schema calls them.
var taskSchedules = []string{"", "ScheduleByDay", "ScheduleByWeek", "ScheduleByMonth", "ScheduleByMonthDayOfWeek"}

func cachedTrigger(x taskblob.Trigger) TaskTrigger {
	t := TaskTrigger{
		Kind: x.Kind.String(), Disabled: !x.Enabled, Start: taskMoment(x.Start), End: taskMoment(x.End),
		Interval: taskPeriod(x.Interval), Duration: taskPeriod(x.Duration), Delay: taskPeriod(x.Delay),
		User: x.User.Name, EventQuery: x.Query,
	}
	if t.User == "" {
		t.User = x.User.SID
	}
	if int(x.State) < len(taskSessionStates) {
		t.State = taskSessionStates[x.State]
	}
	if x.Kind == taskblob.TimeTrigger && x.Mode > 0 && int(x.Mode) < len(taskSchedules) {
		t.Kind, t.Schedule = "CalendarTrigger", taskSchedules[x.Mode]
	}
	return t
}

// taskMoment spells a boundary as the XML does: local digits have no zone.
func taskMoment(t taskblob.Time) string {
	switch {
	case t.Time.IsZero():
		return ""
	case t.Local:
		return t.Time.Format("2006-01-02T15:04:05")
	}
	return t.Time.Format("2006-01-02T15:04:05Z")
}

// taskPeriod spells seconds as the XML does: PT5M, P1D.
func taskPeriod(sec uint32) string {
	if sec == 0 || sec == 1<<32-1 {
		return ""
	}
	s := "P"
	if d := sec / 86400; d > 0 {
		s += fmt.Sprintf("%dD", d)
		if sec %= 86400; sec == 0 {
			return s
		}
	}
	s += "T"
	for _, u := range []struct {
		n    uint32
		name string
	}{{3600, "H"}, {60, "M"}, {1, "S"}} {
		if n := sec / u.n; n > 0 {
			s += fmt.Sprintf("%d%s", n, u.name)
			sec %= u.n
		}
	}
	return s
}

// taskGone are the results of a run whose program was not there.
var taskGone = []string{"0x80070002", "0x80070003"}

// Events gives the times of the task, once for all its actions.
func (t TaskCache) Events() []artifacts.Event {
	if t.Action > 1 {
		return nil
	}
	var out []artifacts.Event
	add := func(at time.Time, kind string, proof artifacts.Proof) {
		if !at.IsZero() {
			out = append(out, artifacts.Event{Time: at, Kind: kind, Proof: proof})
		}
	}
	ran := artifacts.Executed
	for _, gone := range taskGone {
		if t.LastResult == gone {
			ran = artifacts.Configured
		}
	}
	add(t.Registered, "Last registered Time", artifacts.Configured)
	add(t.LastRun, "Launch Time", ran)
	add(t.LastSuccess, "Last Successful Run Time", artifacts.Executed)
	return out
}

// Summary shows the task and what it starts.
func (t TaskCache) Summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Task: %s [Identifier: %s]", t.TaskPath, t.ID)
	if t.View == "tree" {
		b.WriteString(" name in the tree")
		if t.InTasks == presentNo {
			b.WriteString(" (no task of this id)")
		}
		return b.String() + t.state()
	}
	if t.Command != "" {
		fmt.Fprintf(&b, " %s", t.Command)
	}
	if t.Server != "" {
		fmt.Fprintf(&b, " (%s)", t.Server)
	}
	if t.LastResult != "" {
		fmt.Fprintf(&b, " last result: %s", t.LastResult)
	}
	return b.String() + t.state()
}

// Tags adds to the common marks that the task asks not to be listed.
func (t TaskCache) Tags() []string {
	tags := t.Entry.Tags()
	if t.HiddenTask {
		tags = append(tags, "hidden-task")
	}
	return tags
}
