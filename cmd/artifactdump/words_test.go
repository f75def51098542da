package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// words are expressions that texts for users avoid, each with what to write instead.
var words = []struct{ not, but string }{
	{`\bset-ups?\b`, "installer, setup"},
	{`\bheaps? of\b|\ba heap\b`, "loose files"},
	{`\bscanned at a time\b`, "scanned in parallel"},
	{`\b(go|goes|going|went) on\b`, "resume, continue"},
	{`\bbeg[aiu]n(s|ning)? anew\b`, "start over"},
	{`\b(leave|leaves|leaving|left)( \w+){0,5} aside\b`, "skip"},
	{`\b(stand|stands|stood) (in|behind|beside)\b`, "is in, is stored in, follows"},
	{`\b(bear|bears|bore) (a|the|its|no|times)\b`, "has, is named"},
	{`\btells?\b`, "shows, records, gives, reports"},
	{`\bas Windows comes\b|\bWindows comes with\b`, "by default"},
	{`\b(what|that|which) (is|are) no [a-z]|\b(is|are) none\b`, "not an X"},
	{`\bwhatever (its|their|the) (case|name|names|input|content)\b`, "case-insensitively, any"},
	{`\btakes? [0-9.,]+ (MB|MiB|GB)\b`, "uses, needs"},
	{`\bhas gone\b`, "closed"},
	{`\bof (Microsoft's|ours|theirs)\b`, "from Microsoft, our"},
	{`\bvirus scan`, "antivirus"},
	{`\b(throw|throws|threw|thrown) away\b`, "delete, move to the Recycle Bin"},
	{`\bstarts? by (itself|themselves)\b|\bautoruns?\b`, "autostart, starts automatically"},
	{`\bremember(s|ed|ing)?\b`, "records"},
	{`\binnocent\b`, "benign"},
	{`\bbe it\b`, "a plain list"},
}

// wordsAllowed are exact texts in which such an expression is right.
var wordsAllowed = []string{
	"autorun.inf", // the name of a file
	"AutoRun",     // the name of a value
	"no longer",
}

var addresses = regexp.MustCompile(`https?://\S+`)

// TestWords refuses the expressions above in help texts, rules, artifacts and documents.
func TestWords(t *testing.T) {
	testcost.Again(t)
	var list []*regexp.Regexp
	for _, w := range words {
		list = append(list, regexp.MustCompile(`(?i)`+w.not))
	}
	check := func(where, text string) {
		text = addresses.ReplaceAllString(text, "")
		for _, ok := range wordsAllowed {
			text = strings.ReplaceAll(text, ok, "")
		}
		for i, re := range list {
			if m := re.FindString(text); m != "" {
				t.Errorf("%s: %q; write: %s", where, m, words[i].but)
			}
		}
	}
	var help func(path string, list []*cli.Command)
	flags := func(path string, list []cli.Flag) {
		for _, f := range list {
			if f, ok := f.(cli.DocGenerationFlag); ok {
				check(path+": a flag", f.GetUsage())
			}
		}
	}
	help = func(path string, list []*cli.Command) {
		for _, c := range list {
			name := path + " " + c.Name
			check(name, c.Usage+"\n"+c.Description)
			flags(name, c.Flags)
			help(name, c.Subcommands)
		}
	}
	app := newApp(nil, nil)
	check("artifactdump --help", app.Usage+"\n"+app.Description)
	help("artifactdump", app.Commands)
	for _, r := range findings.Rules() {
		check("rule "+r.ID, strings.Join([]string{r.Title, r.Why, r.Benign, r.Next}, "\n"))
	}
	for _, a := range catalogue.All() {
		check("artifact "+a.Name, a.Title+"\n"+strings.Join(strings.Fields(a.About), " "))
	}
	var pages []string
	for _, glob := range []string{"../../*.md", "../../docs/*.md", "../../docs/formats/*.md"} {
		found, err := filepath.Glob(glob)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %d pages, %v", glob, len(found), err)
		}
		pages = append(pages, found...)
	}
	for _, page := range pages {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(b), "\n") {
			check(strings.TrimPrefix(page, "../../")+":"+strconv.Itoa(i+1), line)
		}
	}
}
