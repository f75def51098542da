package artifacts_test

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"strings"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
)

// A Backup is one line of the log of a backup program.
type Backup struct {
	artifacts.Origin
	Time time.Time `json:"time" event:"Backup Time"`
	Path string    `json:"path"`
}

// Summary shows what was copied.
func (b Backup) Summary() string { return "[" + b.Path + "] was copied" }

// An artifact of one's own: a log that is read line by line, whatever its size.
func ExampleDefine() {
	backups := artifacts.Define(artifacts.Artifact{
		Name: "backups", Title: "Backup", DataType: "acme:backup:file", Proves: artifacts.Present,
		Sources: []artifacts.Source{artifacts.LargeFiles(`%ProgramData%\Acme\backup.log`)},
	}, func(in artifacts.Input, yield func(Backup) bool) error {
		pos := int64(0)
		lines := bufio.NewScanner(in.Stream)
		for lines.Scan() {
			at := in.AtOffset(pos)
			pos += int64(len(lines.Bytes())) + 1
			stamp, path, _ := strings.Cut(lines.Text(), " ")
			t, err := time.Parse(time.RFC3339, stamp)
			if err != nil {
				in.Note(at, err)
				continue
			}
			if !yield(Backup{Origin: at, Time: t, Path: path}) {
				return nil
			}
		}
		return lines.Err()
	})

	ev, err := evidence.OpenFS(fstest.MapFS{
		"Windows/System32/ntdll.dll":  {},
		"ProgramData/Acme/backup.log": {Data: []byte("2026-03-01T10:00:00Z C:\\a.doc\nbroken\n2026-03-01T10:00:02Z C:\\b.doc\n")},
	}, "example", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer ev.Close()
	results, err := artifacts.Run(context.Background(), ev.Trees[0], []*artifacts.Artifact{backups}, nil)
	if err != nil {
		log.Fatal(err)
	}
	for res := range results {
		for i := range res.Records {
			r := &res.Records[i]
			fmt.Println(r.Events()[0].Message, "at offset", r.From.Offset)
		}
		for _, err := range res.Errors {
			fmt.Println(err)
		}
	}
	// Output:
	// Backup [C:\a.doc] was copied at offset 0
	// Backup [C:\b.doc] was copied at offset 37
	// backups: C:\ProgramData\Acme\backup.log at offset 0x1e: parsing time "broken" as "2006-01-02T15:04:05Z07:00": cannot parse "broken" as "2006"
}

// What starts automatically on a machine, by whatever mechanism.
func ExampleAs() {
	ev, err := evidence.Open("../corpus/files/incident", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer ev.Close()
	list, err := catalogue.Select([]string{"runkeys", "startupfolder"})
	if err != nil {
		log.Fatal(err)
	}
	results, err := artifacts.Run(context.Background(), ev.Trees[0], list, nil)
	if err != nil {
		log.Fatal(err)
	}
	for res := range results {
		for i := range res.Records {
			a, ok := artifacts.As[persistence.Autostarter](&res.Records[i])
			if ok && strings.Contains(a.Autostart().Image, `\Public\`) {
				fmt.Println(a.Autostart().Mechanism, a.Autostart().Image)
			}
		}
	}
	// Output:
	// Run C:\Users\Public\svchost.exe
}
