package persistence

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/regpol"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A GroupPolicy is one setting that a group policy brings: a registry value, or
// an item of the preferences such as a task, a service or a file.
type GroupPolicy struct {
	artifacts.Origin
	Entry
	Kind     string    `json:"kind"`             // registry value, task, immediate task, service, file, group, shortcut, drive
	Name     string    `json:"name,omitempty"`   // of the item or value
	Action   string    `json:"action,omitempty"` // create, replace, update, delete
	RegKey   string    `json:"registry_key,omitempty"`
	Value    string    `json:"value,omitempty"`
	Policy   string    `json:"policy,omitempty"` // GUID of the policy, where the path has it
	Account  string    `json:"run_as,omitempty"`
	From     string    `json:"from_path,omitempty"`
	To       string    `json:"to_path,omitempty"`
	Password bool      `json:"password_stored,omitempty"` // cpassword is there: anybody can decrypt it
	Changed  time.Time `json:"changed,omitzero"`          // as the editor of the policy wrote it
}

var groupPolicy = artifacts.Define(artifacts.Artifact{
	Name:     "grouppolicy",
	Title:    "Group policy",
	DataType: "windows:group_policy:item",
	About: `Registry values that a group policy sets (Registry.pol), and items of its preferences: scheduled and immediate tasks, services, files,
groups, shortcuts and drives, as the machine keeps copies of them. Proves that the policy that applied to this machine or user held the item;
an immediate task runs once, as soon as the policy arrives. It does not prove that the item was applied or ran. Content Modification Time is
the changed time of a preference item: the clock of the computer on which the policy was edited, in UTC. Values of Registry.pol have no time.
A stored password (cpassword) is only said to be there; its key is public.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1484.001", "T1053.005", "T1552.006"},
	Refs: []string{
		"https://learn.microsoft.com/openspecs/windows_protocols/ms-gpreg/",
		"https://learn.microsoft.com/openspecs/windows_protocols/ms-gppref/",
		"https://attack.mitre.org/techniques/T1484/001/",
	},
	Sources: groupPolicySources(),
}, decodeGroupPolicy)

// groupPolicyFiles are the files of preferences that start or place something.
var groupPolicyFiles = []string{"ScheduledTasks", "Services", "Registry", "Files", "Groups", "Shortcuts", "Drives"}

func groupPolicySources() []artifacts.Source {
	out := []artifacts.Source{
		artifacts.Files(`%SystemRoot%\System32\GroupPolicy\Machine\Registry.pol`),
		artifacts.Files(`%SystemRoot%\System32\GroupPolicy\User\Registry.pol`),
		artifacts.Files(`%SystemRoot%\System32\GroupPolicyUsers\*\User\Registry.pol`),
	}
	for _, f := range groupPolicyFiles {
		out = append(out,
			artifacts.Files(`%SystemRoot%\System32\GroupPolicy\DataStore\**\Preferences\`+f+`\`+f+`.xml`),
			artifacts.Files(`%ProgramData%\Microsoft\Group Policy\History\**\Preferences\`+f+`\`+f+`.xml`))
	}
	return out
}

func decodeGroupPolicy(in artifacts.Input, yield func(GroupPolicy) bool) error {
	if winpath.Ext(in.From.Path) == ".pol" {
		return groupPolicyValues(in, yield)
	}
	text, _, _ := taskText(in.Data[:min(len(in.Data), taskMaxBytes)])
	root, err := parseTaskXML(text)
	policy := policyGUID(in.From.Path)
	for _, n := range root.children("") {
		props := n.child("Properties")
		if props == nil {
			continue
		}
		r := groupPolicyItem(in, n, props)
		r.Policy = policy
		if !yield(r) {
			return nil
		}
	}
	if err != nil {
		return in.Errorf(in.AtOffset(0), "%w", err)
	}
	return nil
}

// groupPolicyValues reads Registry.pol.
func groupPolicyValues(in artifacts.Input, yield func(GroupPolicy) bool) error {
	list, err := regpol.Parse(in.Data)
	for _, e := range list {
		r := GroupPolicy{Origin: in.AtOffset(e.Offset), Kind: "registry value", Name: e.Value, RegKey: e.Key, Value: policyValue(e),
			Action: "set"}
		if e.Deletes() {
			r.Action = "delete"
		}
		r.Entry = autostartOf(in, "Group policy value")
		low := strings.ToLower(e.Key)
		if r.Action == "set" && (strings.HasSuffix(low, `\policies\explorer\run`) || strings.HasSuffix(low, `\currentversion\run`) ||
			strings.HasSuffix(low, `\currentversion\runonce`)) {
			r.Entry = autostartCommand(in, "Group policy value", r.Value)
		}
		r.Scope = policyScope(in.From.Path)
		if !yield(r) {
			return nil
		}
	}
	if fe, ok := errors.AsType[*wire.FormatError](err); ok {
		return in.Wrap(in.AtOffset(fe.Offset), fe)
	}
	return err
}

// policyValue spells the data of a value.
func policyValue(e regpol.Entry) string {
	switch {
	case (e.Type == 1 || e.Type == 2) && len(e.Data)%2 == 0:
		return wire.UTF16Z(e.Data)
	case e.Type == 4 && len(e.Data) == 4:
		return fmt.Sprint(le.Uint32(e.Data))
	}
	return fmt.Sprintf("%x", e.Data[:min(len(e.Data), 256)])
}

func policyScope(path string) string {
	if strings.Contains(strings.ToLower(path), `\user\`) {
		return "user"
	}
	return "machine"
}

// policyGUID is the part of a path that names the policy.
func policyGUID(path string) string {
	for part := range strings.SplitSeq(path, `\`) {
		if len(part) == 38 && part[0] == '{' && part[37] == '}' {
			return part
		}
	}
	return ""
}

// policyActions are the letters of actions. [MS-GPPREF] 2.2.1.1
var policyActions = map[string]string{"C": "create", "R": "replace", "U": "update", "D": "delete"}

// groupPolicyItem reads an item of the preferences.
func groupPolicyItem(in artifacts.Input, n, props *taskNode) GroupPolicy {
	r := GroupPolicy{Origin: in.AtOffset(0), Name: n.attr("name"),
		Action: cmp.Or(policyActions[props.attr("action")], props.attr("action"))}
	if t, err := time.Parse(time.DateTime, n.attr("changed")); err == nil {
		r.Changed = t
	}
	r.Password = props.attr("cpassword") != ""
	r.Entry = autostartOf(in, "Group policy")
	switch n.name {
	case "Task", "TaskV2", "ImmediateTask", "ImmediateTaskV2":
		r.Kind = "task"
		if strings.HasPrefix(n.name, "Immediate") {
			r.Kind = "immediate task"
		}
		r.Account = props.attr("runAs")
		program, args := props.attr("appName"), props.attr("args")
		for _, exec := range props.child("Task").child("Actions").children("Exec") {
			program, args = cmp.Or(exec.text("Command"), program), cmp.Or(exec.text("Arguments"), args)
			break
		}
		if program != "" {
			r.Entry = autostartProgram(in, "Group policy "+r.Kind, program, args)
		}
	case "NTService":
		r.Kind, r.Name, r.Value = "service", cmp.Or(props.attr("serviceName"),
			r.Name), strings.TrimSpace(props.attr("startupType")+" "+props.attr("serviceAction"))
		r.Account = props.attr("accountName")
		if p := props.attr("program"); p != "" {
			r.Entry = autostartProgram(in, "Group policy service", p, props.attr("args"))
		}
	case "File":
		r.Kind, r.From, r.To = "file", props.attr("fromPath"), props.attr("targetPath")
	case "Registry":
		r.Kind, r.RegKey, r.Name, r.Value = "registry value", props.attr("hive")+`\`+props.attr("key"), props.attr("name"), props.attr("value")
	case "Shortcut":
		r.Kind, r.To = "shortcut", props.attr("shortcutPath")
		if p := props.attr("targetPath"); p != "" && strings.Contains(strings.ToLower(r.To), "startup") {
			r.Entry = autostartProgram(in, "Group policy shortcut", p, props.attr("arguments"))
		} else {
			r.From = p
		}
	case "Drive":
		r.Kind, r.From, r.To, r.Account = "drive", props.attr("path"), props.attr("letter"), props.attr("userName")
	default:
		r.Kind = strings.ToLower(n.name)
		r.Account = props.attr("userName")
		for _, m := range props.child("Members").children("Member") {
			r.Value = strings.TrimPrefix(r.Value+"; "+m.attr("action")+" "+m.attr("name"), "; ")
		}
	}
	r.Scope = policyScope(in.From.Path)
	return r
}

// Events gives the time at which an item was edited.
func (r GroupPolicy) Events() []artifacts.Event {
	if r.Changed.IsZero() {
		return nil
	}
	return []artifacts.Event{{Time: r.Changed, Kind: "Content Modification Time"}}
}

// Summary shows what the item does.
func (r GroupPolicy) Summary() string {
	s := fmt.Sprintf("[%s] %s", r.Kind, strings.TrimSpace(r.Action+" "+strings.TrimPrefix(r.RegKey+`\`+strings.TrimSuffix(r.Name, ":"),
		`\`)))
	switch {
	case r.Command != "":
		s += ": " + r.Command
	case r.From != "" || r.To != "":
		s += ": " + strings.Trim(r.From+" to "+r.To, " ")
	case r.Value != "":
		s += " = " + r.Value
	}
	if r.Account != "" {
		s += ", account: " + r.Account
	}
	if r.Password {
		s += " (a password is stored)"
	}
	return s + r.state()
}
