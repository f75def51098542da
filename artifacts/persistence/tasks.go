package persistence

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A Task is one action of a scheduled task as its XML file tells it. A task
// with several actions has as many records.
type Task struct {
	artifacts.Origin
	Entry
	TaskPath      string          `json:"task_path"`         // path below the folder Tasks; of a loose file its URI
	Action        int             `json:"action"`            // which of the actions, from 1; 0 when there is none
	Actions       []string        `json:"actions,omitempty"` // all of them in one spelling, as taskcache has it too
	Kind          string          `json:"kind,omitempty"`    // of the action: exec, com, mail, message
	Server        string          `json:"server,omitempty"`  // the program behind a COM handler
	Class         string          `json:"class,omitempty"`   // does the machine have the COM handler's class: yes, no, unknown
	URI           string          `json:"uri,omitempty"`     // the path that the file claims
	Author        string          `json:"author,omitempty"`  // claimed
	Date          string          `json:"date,omitempty"`    // claimed, as written: local time unless it names a zone
	Source        string          `json:"source,omitempty"`
	Description   string          `json:"description,omitempty"`
	Security      string          `json:"security_descriptor,omitempty"`
	SchemaVersion string          `json:"schema_version,omitempty"`
	Context       string          `json:"context,omitempty"` // which principal the actions run as
	Principals    []TaskPrincipal `json:"principals,omitempty"`
	Triggers      []TaskTrigger   `json:"triggers,omitempty"`
	HiddenTask    bool            `json:"hidden_task,omitempty"` // the setting Hidden: not listed by default
	TimeLimit     string          `json:"execution_time_limit,omitempty"`
	Encoding      string          `json:"encoding"`   // of the file, whatever its label says
	XMLSHA256     string          `json:"xml_sha256"` // of the text without byte order mark, as the value Hash of taskcache has it
	XMLCRC32      string          `json:"xml_crc32"`  // the same as the triggers of taskcache have it
}

// A TaskPrincipal is an account that a task runs as.
type TaskPrincipal struct {
	ID        string `json:"id,omitempty"`
	User      string `json:"user,omitempty"`
	Group     string `json:"group,omitempty"`
	RunLevel  string `json:"run_level,omitempty"`
	LogonType string `json:"logon_type,omitempty"`
}

// A TaskTrigger is one reason for which a task starts.
type TaskTrigger struct {
	Kind       string `json:"kind"` // "LogonTrigger", "CalendarTrigger", …
	Disabled   bool   `json:"disabled,omitempty"`
	Start      string `json:"start,omitempty"`
	End        string `json:"end,omitempty"`
	Interval   string `json:"interval,omitempty"` // of the repetition: "PT1M"
	Duration   string `json:"duration,omitempty"`
	Delay      string `json:"delay,omitempty"`
	User       string `json:"user,omitempty"`
	Schedule   string `json:"schedule,omitempty"` // "ScheduleByDay", …
	State      string `json:"state,omitempty"`    // of a session: "ConsoleConnect"
	EventQuery string `json:"event_query,omitempty"`
}

var tasks = artifacts.Define(artifacts.Artifact{
	Name:     "tasks",
	Title:    "Scheduled task",
	DataType: "windows:tasks:xml",
	About: `Each scheduled task has an XML file with its actions, account and triggers. Proves that the task was
registered or that the file was placed there. Does not prove that it ever ran (the cache in SOFTWARE
keeps the last run); a file alone starts nothing, because Task Scheduler uses its cache. Author and
date are chosen by the creator, and the date is local time unless it names a zone. A loose task file
is recognised by its first element; its path in the task tree is then the one that the file claims.
Hash, checksum and actions allow a comparison with the cache, which shows tasks changed or hidden
without Task Scheduler.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1053.005"},
	Refs: []string{
		"https://learn.microsoft.com/windows/win32/taskschd/task-scheduler-schema",
		"https://learn.microsoft.com/openspecs/windows_protocols/ms-tsch/",
		"https://attack.mitre.org/techniques/T1053/005/",
	},
	Sources: []artifacts.Source{
		artifacts.SignedFiles(`%SystemRoot%\System32\Tasks\**`, collect.TaskFile),
		artifacts.Files(`%SystemRoot%\SysWOW64\Tasks\**`),
	},
}, decodeTasks)

func decodeTasks(in artifacts.Input, yield func(Task) bool) error {
	head := in.Data
	if n := taskMaxBytes; len(head) > n {
		for n > taskMaxBytes-utf8.UTFMax && !utf8.RuneStart(head[n]) {
			n--
		}
		head = head[:n]
	}
	text, encoding, body := taskText(head)
	body = in.Data[len(head)-len(body):]
	sum := sha256.Sum256(body)
	t := Task{
		Origin: in.AtOffset(0), TaskPath: taskPath(in.From.Path), Encoding: encoding,
		XMLSHA256: hex.EncodeToString(sum[:]), XMLCRC32: fmt.Sprintf("%08x", crc32.ChecksumIEEE(body)),
	}
	root, err := parseTaskXML(text)
	if len(head) < len(in.Data) {
		err = fmt.Errorf("the file has %d bytes, more than a task; only the first %d are read", len(in.Data), len(head))
	}
	if err != nil {
		err = in.Wrap(in.AtOffset(0), err)
	}
	if root == nil {
		return err
	}
	if root.name != "Task" {
		return errors.Join(err, in.Errorf(in.AtOffset(0), "the root element is %.40q, want Task", root.name))
	}
	t.SchemaVersion = root.attr("version")
	if info := root.child("RegistrationInfo"); info != nil {
		t.URI, t.Author, t.Source = info.text("URI"), info.text("Author"), info.text("Source")
		t.Description, t.Security = info.text("Description"), info.text("SecurityDescriptor")
		t.Date = info.text("Date")
		if in.Loose() && t.TaskPath == `\`+winpath.Base(in.From.Path) && strings.HasPrefix(t.URI, `\`) &&
			strings.EqualFold(winpath.Base(t.URI), winpath.Base(in.From.Path)) {
			t.TaskPath = t.URI
		}
		if _, _, ok := parseTaskTime(t.Date); !ok && t.Date != "" {
			err = errors.Join(err, in.Errorf(in.AtOffset(0), "the date %.40q is none", t.Date))
		}
	}
	for _, p := range root.child("Principals").children("Principal") {
		t.Principals = append(t.Principals, TaskPrincipal{p.attr("id"), p.text("UserId"), p.text("GroupId"), p.text("RunLevel"),
			p.text("LogonType")})
	}
	for _, g := range root.child("Triggers").children("") {
		t.Triggers = append(t.Triggers, taskTrigger(g))
	}
	off := false
	if set := root.child("Settings"); set != nil {
		off = strings.EqualFold(set.text("Enabled"), "false")
		t.HiddenTask = strings.EqualFold(set.text("Hidden"), "true")
		t.TimeLimit = set.text("ExecutionTimeLimit")
	}
	actions := root.child("Actions")
	t.Context = actions.attr("Context")
	list := actions.children("")
	if len(list) > taskMaxActions {
		err = errors.Join(err, in.Errorf(in.AtOffset(0), "%d actions, the scheduler takes %d", len(list), taskMaxActions))
		list = list[:taskMaxActions]
	}
	for _, a := range list {
		t.Actions = append(t.Actions, taskAction(a).String())
	}
	var out []Task
	for i, a := range list {
		r := t
		r.Action = i + 1
		r.setAction(in, taskAction(a))
		r.Disabled = off
		out = append(out, r)
	}
	if len(out) == 0 {
		t.Entry = autostartOf(in, "Scheduled task")
		t.Disabled = off
		out = append(out, t)
	}
	for _, r := range out {
		if !yield(r) {
			break
		}
	}
	return err
}

// taskMaxActions is how many actions a task can have: the schema of tasks,
// actionsType.
const taskMaxActions = 32

// A taskStep is one action of a task, from XML or from the cache.
type taskStep struct {
	kind                 string // exec, com, mail, message
	command, args, dir   string
	class, data          string
	subject, text, where string
}

// String spells an action the same way whatever it was read from.
func (s taskStep) String() string {
	switch s.kind {
	case "exec":
		out := "exec: " + s.command
		if s.args != "" {
			out += " " + s.args
		}
		if s.dir != "" {
			out += " [in " + s.dir + "]"
		}
		return out
	case "com":
		out := "com: " + strings.ToUpper(s.class)
		if s.data != "" {
			out += " " + s.data
		}
		return out
	case "mail":
		return "mail: " + s.where + ": " + s.subject
	case "message":
		return "message: " + s.subject + ": " + s.text
	}
	return s.kind
}

func taskAction(n *taskNode) taskStep {
	switch n.name {
	case "Exec":
		return taskStep{kind: "exec", command: n.text("Command"), args: n.text("Arguments"), dir: n.text("WorkingDirectory")}
	case "ComHandler":
		return taskStep{kind: "com", class: n.text("ClassId"), data: n.text("Data")}
	case "SendEmail":
		return taskStep{kind: "mail", where: n.text("To"), subject: n.text("Subject"), text: n.text("Body")}
	case "ShowMessage":
		return taskStep{kind: "message", subject: n.text("Title"), text: n.text("Body")}
	}
	return taskStep{kind: n.name}
}

func (t *Task) setAction(in artifacts.Input, s taskStep) {
	t.Kind = s.kind
	t.Entry, t.Server, t.Class = taskAutostart(in, s)
}

// taskAutostart finds the program of an action; of a COM handler it is the
// server that the class names.
func taskAutostart(in artifacts.Input, s taskStep) (a Entry, server, class string) {
	switch s.kind {
	case "exec":
		return autostartProgram(in, "Scheduled task", s.command, s.args), "", ""
	case "com":
		class = presentUnknown
		if comMachine(in) != nil {
			class = presentNo
			if _, ok := comClass(in, s.class, in.View32); ok {
				class = presentYes
			}
		}
		a, _ = autostartCOM(in, "Scheduled task", strings.ToUpper(s.class))
		server = a.Command
		a.Command = strings.TrimSpace(s.class + " " + s.data)
	default:
		a = autostartOf(in, "Scheduled task")
		a.Command = s.String()
	}
	return a, server, class
}

func taskTrigger(n *taskNode) TaskTrigger {
	t := TaskTrigger{
		Kind: n.name, Disabled: strings.EqualFold(n.text("Enabled"), "false"),
		Start: n.text("StartBoundary"), End: n.text("EndBoundary"),
		Delay: n.text("Delay"), User: n.text("UserId"), State: n.text("StateChange"), EventQuery: n.text("Subscription"),
	}
	if r := n.child("Repetition"); r != nil {
		t.Interval, t.Duration = r.text("Interval"), r.text("Duration")
	}
	for _, c := range n.children("") {
		if strings.HasPrefix(c.name, "ScheduleBy") {
			t.Schedule = c.name
		}
	}
	return t
}

// taskPath is the name of the task: the path of its file below Tasks.
func taskPath(path string) string {
	if i := winpath.IndexFold(path, `\tasks\`); i >= 0 {
		return path[i+len(`\tasks`):]
	}
	return `\` + winpath.Base(path)
}

// parseTaskTime reads a time of the schema, which is local unless it names a
// zone.
func parseTaskTime(s string) (t time.Time, local, ok bool) {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UTC(), false, plausible(t)
	}
	for _, layout := range []string{"2006-01-02T15:04:05.999999999", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true, plausible(t)
		}
	}
	return time.Time{}, false, false
}

// plausible keeps to the years that FILETIME and RFC 3339 can both write.
func plausible(t time.Time) bool { return t.Year() >= 1601 && t.Year() <= 9999 }

// Events gives the claimed date, once for a task.
func (t Task) Events() []artifacts.Event {
	at, local, ok := parseTaskTime(t.Date)
	if !ok || t.Action > 1 {
		return nil
	}
	return []artifacts.Event{{Time: at, Kind: "Creation Time (claimed)", Local: local}}
}

// Summary shows the task and what it starts.
func (t Task) Summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "[%s]", t.TaskPath)
	if t.Command != "" {
		fmt.Fprintf(&b, " %s", t.Command)
	}
	if t.Server != "" {
		fmt.Fprintf(&b, " (%s)", t.Server)
	}
	if t.Author != "" {
		fmt.Fprintf(&b, " Author: %s", t.Author)
	}
	for i, g := range t.Triggers {
		if i == 3 {
			b.WriteString(" …")
			break
		}
		fmt.Fprintf(&b, " %s", g.Kind)
		if g.Interval != "" {
			fmt.Fprintf(&b, " every %s", g.Interval)
		}
	}
	return b.String() + t.state()
}

// Tags adds to the common marks that the task asks not to be listed.
func (t Task) Tags() []string {
	tags := t.Entry.Tags()
	if t.HiddenTask {
		tags = append(tags, "hidden-task")
	}
	return tags
}
