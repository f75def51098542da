package search_test

import (
	"fmt"
	"log"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/search"
)

func ExampleQuery_Match() {
	q, err := search.Parse(`host:PC path:*.exe -known /run count \d+/`)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range []*output.Row{
		{Host: "PC", Path: `\windows\a.exe`, Message: "run count 7"},
		{Host: "PC", Path: `\windows\known.exe`, Message: "run count 7"},
		{Host: "SRV", Path: `\windows\a.exe`, Message: "run count 7"},
	} {
		fmt.Println(q.Match(r))
	}
	// Output:
	// true
	// false
	// false
}
