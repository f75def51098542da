package lists_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/lists"
)

func ExampleSet_Text() {
	l, err := lists.Parse(strings.NewReader("hxxp://relay[.]heron[.]example/x\n203.0.113.0/24;scanner;80\n"), "indicators.txt", lists.Indicators)
	if err != nil {
		log.Fatal(err)
	}
	set := &lists.Set{Lists: []*lists.List{l}}
	set.Text("curl http://relay.heron.example/x --resolve 203.0.113.77", func(m lists.Match) {
		fmt.Printf("%s %s %q %q\n", m.Kind, m.Value, m.Name, m.Level)
	})
	// Output:
	// url relay.heron.example/x "" ""
	// address 203.0.113.77 "scanner" "high"
}
