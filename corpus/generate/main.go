// Command generate writes the incident to files/incident, with the digests of all files beside it.
// go generate ./corpus runs it in the folder of the package.
package main

import (
	"fmt"
	"os"

	"github.com/artifactdump/artifactdump/corpus"
)

func main() {
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, "usage: generate (it writes the folder files)")
		os.Exit(2)
	}
	if err := corpus.WriteFiles("files"); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}
