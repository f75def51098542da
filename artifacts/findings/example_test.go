package findings_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
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
	// critical C:\USERS\PUBLIC\FALCON SYNC\FSYNC.EXE
	// C-06 task \falcon update fired once, first at 2026-03-07 23:58:00 after it was made by daniel at 2026-03-07 23:53:20: C:\Users\Public\FALCON~1\fsync.exe -q
}

// A rule of one's own: autostarts of programs in the public folder.
func ExampleDefine() {
	public := findings.Define(findings.Rule{
		ID: "ACME-1", Title: "Autostart from Public", Level: findings.Medium,
		Why: "Nothing of ours starts from there.", Benign: "Nothing known.", Next: "Ask the owner.",
	}, func(x *findings.Look, rec persistence.Autostarter) {
		if a := rec.Autostart(); strings.HasPrefix(a.Image, `C:\Users\Public\`) {
			x.Hit(rec, "starts by "+a.Mechanism+" of "+x.Record().User.Name)
		}
	})
	ev, err := evidence.Open("../../corpus/files/incident", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ev.Close()
	tree := ev.Trees[0]
	list, err := catalogue.Select([]string{"runkeys"})
	if err != nil {
		fmt.Println(err)
		return
	}
	results, err := artifacts.Run(context.Background(), tree, list, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	report := findings.Evaluate(results, findings.FactsOf(tree, ev.Kind, []string{"runkeys"}), &findings.Options{Extra: []*findings.Rule{public}})
	for _, f := range report.Findings {
		for _, r := range f.Reasons {
			if r.RuleID == public.ID {
				fmt.Println(f.Subject, r.Says)
			}
		}
	}
	// Output:
	// C:\Users\Public\svchost.exe starts by Run of daniel
}
