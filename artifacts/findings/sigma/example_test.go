package sigma_test

import (
	"fmt"
	"log"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts/findings/sigma"
)

func ExampleLoadFS() {
	rules := fstest.MapFS{"rule.yml": {Data: []byte(`
title: Shell of an office program
id: 6f0c6a5e-0000-4000-8000-000000000001
level: high
logsource: {product: windows, category: process_creation}
detection:
  parent: {ParentImage|endswith: ['\winword.exe', '\excel.exe']}
  shell: {Image|endswith: '\cmd.exe'}
  condition: parent and shell
`)}}
	set, err := sigma.LoadFS(rules, nil)
	if err != nil {
		log.Fatal(err)
	}
	event := &sigma.Event{Channel: "Microsoft-Windows-Sysmon/Operational", Provider: "Microsoft-Windows-Sysmon", ID: "1", Fields: []sigma.Field{
		{"ParentImage", `C:\Program Files\Office\WINWORD.EXE`}, {"Image", `C:\Windows\System32\cmd.exe`}}}
	set.NewMatcher().Match(event, func(r *sigma.Rule) bool {
		fmt.Println(r.Level, r.Title)
		return true
	})
	// Output: high Shell of an office program
}
