package execution

import (
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// Radar is one program that the leak diagnosis has looked at.
type Radar struct {
	artifacts.Origin
	Name     string    `json:"name"`
	Detected time.Time `json:"last_detection,omitzero" event:"Last Detection Time"`
	Written  time.Time `json:"key_written,omitzero"`
}

var radar = artifacts.Define(artifacts.Artifact{
	Name:     "radar",
	Title:    "RADAR leak diagnosis",
	DataType: "windows:registry:radar",
	About: `When a program uses much memory, Windows checks it for a leak and records its name. Proves that a
program of this name ran at the detection time. Only the name is stored, not the folder, so a
program that uses the name of another cannot be distinguished. Only programs that used much memory
are listed.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1204.002"},
	Refs:   []string{"https://harelsegev.github.io/posts/the-mystery-of-the-heapleakdetection-registry-key/"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SOFTWARE, `Microsoft\RADAR\HeapLeakDetection\DiagnosedApplications\*`),
	},
}, decodeRadar)

func decodeRadar(in artifacts.Input, yield func(Radar) bool) error {
	r := Radar{Origin: in.AtKey(), Written: in.Written()}
	if len(in.Match) > 0 {
		r.Name = in.Match[0]
	}
	v, ok := in.Own().Find("LastDetectionTime")
	if !ok {
		if !in.Partial() {
			yield(r)
		}
		return nil
	}
	r.Origin = in.At(v)
	b, err := v.Bytes()
	if err == nil && len(b) != 8 {
		err = fmt.Errorf("%d bytes, a time has 8", len(b))
	}
	r.Detected = wire.TimeAt(b, 0)
	yield(r)
	return in.Wrap(in.At(v), err)
}

// Program returns the name.
func (r Radar) Program() string { return r.Name }

// Summary says what happened.
func (r Radar) Summary() string { return fmt.Sprintf("[%s] was running and used much memory", r.Name) }
