package execution

import (
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A GraphicsApp is the program that used a graphics library last.
type GraphicsApp struct {
	artifacts.Origin
	Name    string    `json:"name"`
	Library string    `json:"library"` // Direct3D, DirectDraw
	Written time.Time `json:"key_written,omitzero" event:"Last Time Executed"`
}

var graphicsApps = artifacts.Define(artifacts.Artifact{
	Name:     "graphicsapps",
	Title:    "Last program of a graphics library",
	DataType: "windows:registry:most_recent_application",
	About: `Direct3D, DirectDraw and other libraries of DirectX keep the name of the program that used them last, for the
user or the machine. Proves that a program of this name ran and drew with the library when the key was
written. The folder is not stored, and only the last program is: games, players and browsers overwrite
it, as does the preview of Explorer (DllHost.exe). Current versions of DirectX rarely write it.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1204.002"},
	Refs:   []string{"https://github.com/ForensicArtifacts/artifacts/blob/main/artifacts/data/windows.yaml"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\*\MostRecentApplication`),
		artifacts.Key(evidence.SOFTWARE, `Microsoft\*\MostRecentApplication`),
	},
}, decodeGraphicsApps)

func decodeGraphicsApps(in artifacts.Input, yield func(GraphicsApp) bool) error {
	v, ok := in.Own().Find("Name")
	if !ok {
		return nil
	}
	g := GraphicsApp{Origin: in.At(v), Library: in.Matched(0), Name: in.Own().TextOf(v)}
	if !in.Partial() {
		g.Written = in.Written()
	}
	if g.Name != "" {
		yield(g)
	}
	return nil
}

// Program returns the name.
func (g GraphicsApp) Program() string { return g.Name }

// Summary says which library it was.
func (g GraphicsApp) Summary() string {
	return fmt.Sprintf("[%s] was the last program to use %s", g.Name, g.Library)
}
