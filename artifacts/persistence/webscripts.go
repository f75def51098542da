package persistence

import (
	"fmt"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A WebScript is one file that a web server of this machine would run.
type WebScript struct {
	artifacts.Origin
	Name    string `json:"name"`
	Size    int64  `json:"size"`
	Excerpt string `json:"excerpt,omitempty" extra:"-"`
}

var webScripts = artifacts.Define(artifacts.Artifact{
	Name:     "webscripts",
	Title:    "Web server script",
	DataType: "windows:file:web_script",
	About: `Scripts and pages with code below the web root of Internet Information Services and of common
developer bundles. Proves that the file existed when the evidence was taken; its first lines are
shown. Does not prove that it is a web shell or that it was ever requested: web sites consist of
such files. The record has no time.`,
	Proves: artifacts.Present,
	Attack: []string{"T1505.003"},
	Refs:   []string{"https://attack.mitre.org/techniques/T1505/003/"},
	Sources: []artifacts.Source{
		artifacts.Files(`%SystemDrive%\inetpub\wwwroot\**\*.asp*`),
		artifacts.Files(`%SystemDrive%\inetpub\wwwroot\**\*.ash*`),
		artifacts.Files(`%SystemDrive%\inetpub\wwwroot\**\*.asm*`),
		artifacts.Files(`%SystemDrive%\inetpub\wwwroot\**\*.php*`),
		artifacts.Files(`%SystemDrive%\inetpub\wwwroot\**\*.jsp*`),
		artifacts.Files(`%SystemDrive%\xampp\htdocs\**\*.php*`),
		artifacts.Files(`%SystemDrive%\wamp*\www\**\*.php*`),
	},
}, func(in artifacts.Input, yield func(WebScript) bool) error {
	yield(WebScript{Origin: in.AtOffset(0), Name: winpath.Base(in.From.Path), Size: int64(len(in.Data)),
		Excerpt: autostartExcerpt(in.Data)})
	return nil
})

// Summary shows the name and what the file does first.
func (r WebScript) Summary() string {
	s := fmt.Sprintf("[%s] %d bytes", r.Name, r.Size)
	if r.Excerpt != "" {
		s += ": " + r.Excerpt
	}
	return s
}
