package persistence

import (
	"fmt"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/websites"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A WebScript is one file that a web server of this machine would run.
type WebScript struct {
	artifacts.Origin
	Name    string `json:"name"`
	Size    int64  `json:"size"`
	Runs    string `json:"runs,omitempty"` // what it gives the data of requests to: "eval"
	Excerpt string `json:"excerpt,omitempty" extra:"-"`
}

var webScripts = artifacts.Define(artifacts.Artifact{
	Name:     "webscripts",
	Title:    "Web server script",
	DataType: "windows:file:web_script",
	About: `Scripts and pages with code below the web root of Internet Information Services, of the folders that its
applicationHost.config gives addresses, and of common developer bundles. Proves that the file existed when the evidence was taken; its first lines are
shown, and what it gives the data of requests to that runs them, as web shells do. Does not prove that it is a web shell or that it was ever requested: web sites consist of
such files. The record has no time.`,
	Proves:  artifacts.Present,
	Attack:  []string{"T1505.003"},
	Refs:    []string{"https://attack.mitre.org/techniques/T1505/003/"},
	Sources: websites.DefaultScripts(),
	Beside:  []string{websites.ConfigFile},
	Named:   websites.Scripts,
}, func(in artifacts.Input, yield func(WebScript) bool) error {
	yield(WebScript{Origin: in.AtOffset(0), Name: winpath.Base(in.From.Path), Size: int64(len(in.Data)),
		Runs: websites.Runs(in.Data), Excerpt: autostartExcerpt(in.Data)})
	return nil
})

// Summary shows the name and what the file does first.
func (r WebScript) Summary() string {
	s := fmt.Sprintf("[%s] %d bytes", r.Name, r.Size)
	if r.Runs != "" {
		s += ", gives what requests send to " + r.Runs
	}
	if r.Excerpt != "" {
		s += ": " + r.Excerpt
	}
	return s
}
