package output_test

import (
	"context"
	"fmt"
	"log"

	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

func ExampleTimeline() {
	ev, err := evidence.Open("../../corpus/files/incident", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer ev.Close()
	list, err := catalogue.Select([]string{"prefetch"})
	if err != nil {
		log.Fatal(err)
	}
	for row, err := range output.Timeline(context.Background(), ev.Trees[0], list, nil) {
		if err != nil {
			log.Fatal(err)
		}
		if row.Executable == "WHOAMI.EXE" && row.Kind == "Last Time Executed" {
			fmt.Println(row.Datetime(), row.Path)
		}
	}
	// Output:
	// 2026-03-06T18:09:40.4488162Z \windows\system32\whoami.exe
}
