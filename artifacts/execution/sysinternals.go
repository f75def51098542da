package execution

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// Sysinternals is one tool whose licence a user has accepted.
type Sysinternals struct {
	artifacts.Origin
	Tool     string    `json:"tool"`
	Accepted bool      `json:"eula_accepted"`
	Suite    bool      `json:"suite_install,omitempty"` // accepted together with many others
	Written  time.Time `json:"key_written,omitzero" event:"Content Modification Time"`
}

var sysinternals = artifacts.Define(artifacts.Artifact{
	Name:     "sysinternals",
	Title:    "Sysinternals licence",
	DataType: "windows:registry:sysinternals_eula",
	About: `A Sysinternals tool asks for its licence on first start and records the acceptance under its own
name, even if the file was renamed. With -accepteula it also writes the value. Proves that the tool
was started by this user at or before the key's last write, unless many tools have nearly one time:
installers of the whole suite accept all licences at once without starting any, and such entries are
marked. It does not record how often or when else a tool ran. Entries outlive the tool. PsExec here
means that it was used from this machine; its target has the service PSEXESVC.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1569.002", "T1003.001", "T1570"},
	Refs:   []string{"https://attack.mitre.org/software/S0029/", "https://learn.microsoft.com/sysinternals/"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Sysinternals*\*`),
		artifacts.Key(evidence.SOFTWARE, `Sysinternals*\*`),
	},
}, decodeSysinternals)

// sysinternalsSuite is how many licences accepted within a minute are an
// installer's work: neither a person nor a script of an intruder starts twenty
// tools in that time. In a real hive 62 were accepted at once.
const sysinternalsSuite = 20

func decodeSysinternals(in artifacts.Input, yield func(Sysinternals) bool) error {
	if len(in.Match) != 2 {
		return nil
	}
	n, ok := in.Uint("EulaAccepted")
	if !ok {
		if n, ok = in.Uint("EulaAccepted2"); !ok { // PsExec alone has had a second edition of the licence
			return nil
		}
	}
	r := Sysinternals{Origin: in.AtKey(), Tool: in.Match[1], Accepted: n != 0, Written: in.Written()}
	times := sysinternalsTimes(in)
	from, _ := slices.BinarySearchFunc(times, r.Written.Add(-30*time.Second), time.Time.Compare)
	to, _ := slices.BinarySearchFunc(times, r.Written.Add(30*time.Second), time.Time.Compare)
	r.Suite = to-from >= sysinternalsSuite
	yield(r)
	return nil
}

// sysinternalsTimes are the last writes of all tools of the user, sorted, once
// for all of them.
func sysinternalsTimes(in artifacts.Input) []time.Time {
	p, err := in.Key.Parent()
	if err != nil {
		return nil
	}
	name := "sysinternals " + in.From.Snapshot + in.From.Path + strconv.FormatInt(p.Offset(), 10)
	return in.Once(name, func() any {
		var times []time.Time
		for k, err := range p.Subkeys() {
			if err == nil {
				times = append(times, k.Written())
			}
		}
		slices.SortFunc(times, time.Time.Compare)
		return times
	}).([]time.Time)
}

// Proof is weaker for a whole suite.
func (s Sysinternals) Proof() artifacts.Proof {
	if s.Suite || !s.Accepted {
		return artifacts.Configured
	}
	return artifacts.Executed
}

// Tags marks the work of an installer.
func (s Sysinternals) Tags() []string {
	if s.Suite {
		return []string{"suite-install"}
	}
	return nil
}

// Summary names the tool.
func (s Sysinternals) Summary() string {
	t := fmt.Sprintf("[%s] licence accepted", s.Tool)
	if s.Suite {
		t += " with the whole suite at once"
	}
	return t
}
