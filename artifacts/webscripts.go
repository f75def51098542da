package artifacts

import (
	"fmt"

	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A WebScript is one file that a web server of this machine would run.
type WebScript struct {
	Origin
	Name    string `json:"name"`
	Size    int64  `json:"size"`
	Excerpt string `json:"excerpt,omitempty" extra:"-"`
}

var webScripts = Define(Artifact{
	Name:     "webscripts",
	Title:    "Web server script",
	DataType: "windows:file:web_script",
	About: `Scripts and pages with code below the web root of Internet Information Services and of the common bundles for developers. Proves
that the file was there when the evidence was taken, with the first lines shown. Does not prove that it is a back door, nor that anybody
asked for it: web sites consist of such files. The record has no time.`,
	Proves: Present,
	Attack: []string{"T1505.003"},
	Refs:   []string{"https://attack.mitre.org/techniques/T1505/003/"},
	Sources: []Source{
		Files(`%SystemDrive%\inetpub\wwwroot\**\*.asp*`),
		Files(`%SystemDrive%\inetpub\wwwroot\**\*.ash*`),
		Files(`%SystemDrive%\inetpub\wwwroot\**\*.asm*`),
		Files(`%SystemDrive%\inetpub\wwwroot\**\*.php*`),
		Files(`%SystemDrive%\inetpub\wwwroot\**\*.jsp*`),
		Files(`%SystemDrive%\xampp\htdocs\**\*.php*`),
		Files(`%SystemDrive%\wamp*\www\**\*.php*`),
	},
}, func(in Input, yield func(WebScript) bool) error {
	yield(WebScript{Origin: in.AtOffset(0), Name: winpath.Base(in.From.Path), Size: int64(len(in.Data)), Excerpt: autostartExcerpt(in.Data)})
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
