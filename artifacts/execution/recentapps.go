package execution

import (
	"cmp"
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// RecentApp is one program in the list that search kept of recent use.
type RecentApp struct {
	artifacts.Origin
	AppID    string          `json:"app_id"`
	Path     string          `json:"path,omitempty"`
	Runs     uint64          `json:"number_of_executions"`
	LastRun  time.Time       `json:"last_run,omitzero" event:"Last Time Executed"`
	Items    []RecentAppItem `json:"items,omitempty"`
	KeyWrite time.Time       `json:"key_written,omitzero"`
}

// A RecentAppItem is a file that was opened with the program.
type RecentAppItem struct {
	Name     string    `json:"name,omitempty"`
	Path     string    `json:"path"`
	Accessed time.Time `json:"accessed,omitzero"`
}

var recentApps = artifacts.Define(artifacts.Artifact{
	Name:     "recentapps",
	Title:    "RecentApps",
	DataType: "windows:registry:recentapps",
	About: `Windows 10 from 1607 to 1709 records for its search which programs a user started, how often, when
last, and the files opened with them. Proves that this user started the program and opened the
files. Later versions no longer write the key but keep its entries: old times do not mean that the
program was not used since.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1204.002"},
	Refs:   []string{"https://df-stream.com/2017/10/recentapps/"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Search\RecentApps\*`),
	},
}, decodeRecentApps)

func decodeRecentApps(in artifacts.Input, yield func(RecentApp) bool) error {
	r := RecentApp{
		Origin:   in.AtKey(),
		AppID:    in.Text("AppId"),
		Path:     in.Text("AppPath"),
		KeyWrite: in.Written(),
	}
	r.Runs, _ = in.Uint("LaunchCount")
	n, _ := in.Uint("LastAccessedTime")
	r.LastRun = wire.Time(n)
	if !in.Partial() {
		if items, ok := in.Own().Subkey("RecentItems"); ok {
			for k := range in.Of(items).Subkeys() {
				r.Items = append(r.Items, RecentAppItem{in.Of(k).Text("DisplayName"), in.Of(k).Text("Path"),
					in.Of(k).Time("LastAccessedTime")})
			}
		}
	}
	if r.AppID == "" && r.Path == "" {
		if in.Remnant() {
			return nil
		}
		return in.Errorf(in.AtKey(), "neither AppId nor AppPath")
	}
	yield(r)
	return nil
}

// Program returns the path where one is stored.
func (r RecentApp) Program() string { return pathOf(cmp.Or(r.Path, r.AppID)) }

// Summary counts starts and files.
func (r RecentApp) Summary() string {
	return fmt.Sprintf("[%s] was executed %d times, %d files opened", cmp.Or(r.Path, r.AppID), r.Runs, len(r.Items))
}

// Events gives the last opening of each file.
func (r RecentApp) Events() []artifacts.Event {
	var out []artifacts.Event
	for _, i := range r.Items {
		if !i.Accessed.IsZero() {
			out = append(out, artifacts.Event{Time: i.Accessed, Kind: "Last Access Time", Proof: artifacts.Interacted,
				Message: fmt.Sprintf("RecentApps [%s] opened %s", cmp.Or(r.Path, r.AppID), i.Path)})
		}
	}
	return out
}
