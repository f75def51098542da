package findings_test

import (
	"context"
	"fmt"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
)

func Example() {
	ev, err := evidence.Open("../../corpus/files/incident", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ev.Close()
	tree := ev.Trees[0]
	results, err := artifacts.Run(context.Background(), tree, catalogue.All(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	report := findings.Evaluate(results, findings.FactsOf(tree, ev.Kind, nil), nil)
	first := report.Findings[0]
	fmt.Println(first.Level, first.Subject)
	fmt.Println(first.Reasons[0].RuleID, first.Reasons[0].Says)
	// Output:
	// critical C:\USERS\PUBLIC\SVCHOST.EXE
	// M-01 svchost.exe ran from \users\public, where Windows does not keep it
}
