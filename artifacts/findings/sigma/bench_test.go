package sigma

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

// manyRules are 3,030 rules: each shared rule thirty times, with texts of its own
// in all copies but one, so that no two copies share a test.
func manyRules(b *testing.B) *Set {
	fsys := fstest.MapFS{}
	err := filepath.WalkDir(testtree.Evidence(b, "sigma", "rules"), func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		doc, err := os.ReadFile(p)
		for i := range 30 {
			text := string(doc)
			if i > 0 {
				text = strings.NewReplacer(".exe'", fmt.Sprintf(".ex%d'", i), "- '", fmt.Sprintf("- 'q%d", i)).Replace(text)
			}
			fsys[fmt.Sprintf("%s-%d.yml", d.Name(), i)] = &fstest.MapFile{Data: []byte(text)}
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	set, err := LoadFS(fsys, &Options{Statuses: []string{"all"}})
	if err != nil {
		b.Fatal(err)
	}
	return set
}

// BenchmarkMatch judges the events of a clean machine by 3,000 rules. An
// operation is one event.
func BenchmarkMatch(b *testing.B) {
	set := manyRules(b)
	b.Logf("%d rules, %d skipped", len(set.Rules()), len(set.Skipped()))
	var events []*Event
	truthEvents(b, testtree.Evidence(b, "evtx", "truth.jsonl.gz"), func(_ string, e *Event) { events = append(events, e) })
	m := set.NewMatcher()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m.Match(events[i%len(events)], func(*Rule) bool { return true })
	}
}

// BenchmarkProcess judges a process creation, which most rules are about.
func BenchmarkProcess(b *testing.B) {
	set := manyRules(b)
	m := set.NewMatcher()
	e := process("Image", `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`, "CommandLine", `powershell.exe -NoProfile -ExecutionPolicy Bypass -File "C:\Program Files\Vendor\Agent\collect.ps1" -Verbose`,
		"ParentImage", `C:\Windows\System32\svchost.exe`, "ParentCommandLine", `C:\Windows\System32\svchost.exe -k netsvcs -p -s Schedule`, "User", `NT AUTHORITY\SYSTEM`,
		"OriginalFileName", "PowerShell.EXE", "Company", "Microsoft Corporation", "Hashes", "SHA256=0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF")
	b.ReportAllocs()
	for b.Loop() {
		m.Match(e, func(*Rule) bool { return true })
	}
}
