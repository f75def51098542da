package persistence

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// A PendingRename is one file that Windows renames or deletes at the next
// boot.
type PendingRename struct {
	artifacts.Origin
	Value   string    `json:"list"` // PendingFileRenameOperations, or the same with a number
	Item    int       `json:"item"`
	Action  string    `json:"action"` // delete, rename, replace
	From    string    `json:"from"`
	To      string    `json:"to,omitempty"`
	Written time.Time `json:"key_written,omitzero"`
}

var pendingRenames = artifacts.Define(artifacts.Artifact{
	Name:     "pendingrenames",
	Title:    "Pending file rename",
	DataType: "windows:registry:pending_file_rename",
	About: `Files that the session manager will rename, replace or delete at the next boot, because they were in
use: pairs of source and target in PendingFileRenameOperations; an empty target deletes. Proves that
a program with administrator rights requested it since the last boot. Does not prove that the file
existed or which program asked: installers and updaters do so routinely. The paths reveal a program
that deletes itself or replaces a DLL at boot. The time is that of the whole key, which changes for
many other reasons.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1070.004", "T1547"},
	Refs:   []string{"https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-movefileexw"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\Session Manager`),
	},
}, decodePendingRenames)

func decodePendingRenames(in artifacts.Input, yield func(PendingRename) bool) error {
	var out []PendingRename
	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		if !strings.HasPrefix(strings.ToLower(v.Name()), "pendingfilerenameoperations") {
			continue
		}
		recs, err := pendingPairs(in, v)
		out = append(out, recs...)
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
		}
	}
	for _, r := range out {
		if !yield(r) {
			break
		}
	}
	return errors.Join(errs...)
}

func pendingPairs(in artifacts.Input, v hive.Value) ([]PendingRename, error) {
	list, err := v.Texts()
	if err != nil && len(list) == 0 {
		return nil, err
	}
	var out []PendingRename
	for i := 0; i < len(list); i += 2 {
		r := PendingRename{Origin: in.At(v), Value: v.Name(), Item: i/2 + 1, From: pendingPath(list[i]), Written: in.Written()}
		if i+1 < len(list) {
			r.To = list[i+1]
		}
		if r.From == "" && r.To == "" {
			continue // the end of the list
		}
		switch {
		case r.To == "":
			r.Action = "delete"
		case strings.HasPrefix(r.To, "!"):
			r.Action = "replace"
		default:
			r.Action = "rename"
		}
		r.To = pendingPath(strings.TrimPrefix(r.To, "!"))
		out = append(out, r)
	}
	return out, err
}

// pendingPath takes the marks off: *1 and *2 in front of a source tell how
// the pair came to be, \??\ leads to the names of Win32.
func pendingPath(p string) string {
	if len(p) > 2 && p[0] == '*' && p[1] >= '0' && p[1] <= '9' {
		p = p[2:]
	}
	return strings.TrimPrefix(p, `\??\`)
}

// Program returns what will be there, or what will be gone.
func (r PendingRename) Program() string {
	if r.To != "" {
		return r.To
	}
	return r.From
}

// Events gives the time of the key, once for a list.
func (r PendingRename) Events() []artifacts.Event {
	return artifacts.KeyEvent(r.Item-1, r.Written, "Pending file renames ("+r.Value+")")
}

// Summary describes what happens to the file.
func (r PendingRename) Summary() string {
	if r.To == "" {
		return fmt.Sprintf("[%s] at the next boot", strings.TrimSpace(r.Action+" "+r.From))
	}
	return fmt.Sprintf("[%s %s to %s] at the next boot", r.Action, r.From, r.To)
}
