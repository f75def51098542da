package execution

import (
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	format "github.com/artifactdump/artifactdump/artifacts/formats/cit"
)

// A CIT is a program in the tables of the customer improvement program.
type CIT struct {
	artifacts.Origin
	Path        string    `json:"path"`
	CommandLine string    `json:"command_line,omitempty"`
	Linked      time.Time `json:"link_time,omitzero"`
	CheckSum    uint32    `json:"checksum,omitempty"`
	Start       time.Time `json:"collection_start,omitzero" zone:"local"`
	Period      time.Time `json:"period_start,omitzero" zone:"local"`
	Hours       int       `json:"hours"` // in which it ran
	First       time.Time `json:"first_hour,omitzero" event:"First Time Executed,local"`
	Last        time.Time `json:"last_hour,omitzero" event:"Last Time Executed,local"`
}

var citPrograms = artifacts.Define(artifacts.Artifact{
	Name:     "cit",
	Title:    "CIT usage bitmaps",
	DataType: "windows:registry:cit",
	About: `On Windows 7 to 10 a value for each week holds, for every program of the machine, in which hours of the week it ran or had the focus. Proves
that the program ran within these hours. Does not prove at which minute, how often, nor as which account. The times are the beginnings of the first and
the last hour, by the machine's own clock: local time without a zone, not UTC. The layout is that of public research; no real value was at hand.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1204.002"},
	Refs: []string{
		"https://dfir.ru/2018/12/02/the-cit-database-and-the-syscache-hive/",
		"https://docs.dissect.tools/en/latest/",
	},
	Sources: []artifacts.Source{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows NT\CurrentVersion\AppCompatFlags\CIT\System`)},
}, decodeCIT)

func decodeCIT(in artifacts.Input, yield func(CIT) bool) error {
	for v := range in.Own().All() {
		b := in.Own().BytesOf(v)
		if len(b) == 0 {
			continue
		}
		db, err := format.Parse(b)
		if err != nil {
			in.Note(in.At(v), err)
		}
		if db == nil {
			continue
		}
		for _, p := range db.Programs {
			r := CIT{Origin: in.At(v), Path: p.Path, CommandLine: p.CommandLine, Linked: p.Linked, CheckSum: p.CheckSum, Start: db.Start,
				Period: db.Period,
				Hours:  len(p.Hours)}
			if n := len(p.Hours); n > 0 {
				r.First, r.Last = p.Hours[0], p.Hours[n-1]
			}
			if !yield(r) {
				return nil
			}
		}
	}
	return nil
}

// Program returns the path of the program.
func (r CIT) Program() string { return r.Path }

// Summary shows in how many hours the program ran.
func (r CIT) Summary() string {
	return fmt.Sprintf("[%s] ran in %d hours of the week of %s", r.Path, r.Hours, r.Period.Format(time.DateOnly))
}
