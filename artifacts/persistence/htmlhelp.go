package persistence

import (
	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// An HTMLHelp is the DLL that the help viewer loads.
type HTMLHelp struct{ Hook }

var htmlHelp = artifacts.Define(artifacts.Artifact{
	Name:     "htmlhelp",
	Title:    "HTML Help author DLL",
	DataType: "windows:registry:htmlhelp_author",
	About: `The DLL of the HTML Help authoring tools, which the help control (hhctrl.ocx) loads in every program that
opens a help file. Proves that the value was set. Does not prove that the DLL was loaded. Windows has no
such value; HTML Help Workshop sets one for hha.dll. The time is that of the key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1546", "T1574"},
	Refs: []string{
		"https://persistence-info.github.io/Data/htmlhelpauthor.html",
		"https://www.hexacorn.com/blog/2018/04/22/beyond-good-ol-run-key-part-76/",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\HtmlHelp Author`),
		artifacts.Key(evidence.SOFTWARE, `Microsoft\HtmlHelp Author`),
	},
}, func(in artifacts.Input, yield func(HTMLHelp) bool) error {
	h := hooksOf(in, "HtmlHelp Author")
	h.value("location", func(v hive.Value) { h.dll(v, "HTML Help author DLL") })
	return hookRecords(h, func(r Hook) HTMLHelp { return HTMLHelp{r} }, yield)
})
