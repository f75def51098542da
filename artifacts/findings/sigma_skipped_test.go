package findings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/findings/sigma"
)

// TestSkippedSigma: the coverage names each rule that cannot be judged, with file
// and line. (The YAML reader counts from the line before where brackets do not fit.)
func TestSkippedSigma(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.yml": "title: A\nlogsource: {product: windows\ndetection:\n",
		"b.yml": "title: B\nlogsource:\n  product: windows\ndetection:\n  x:\n    F: 1\n  condition: x and (y\n",
		"c.yml": "title: C\nlogsource:\n  product: windows\ndetection:\n  x:\n    F: 1\n  condition: x and (y\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	set, err := sigma.Load([]string{dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	rep := NewEvaluator(Facts{Host: "x"}, &Options{Sigma: set}).Report()
	var why string
	for _, c := range rep.Coverage {
		if c.RuleID == "sigma" {
			why = strings.Join(c.Why, "\n")
		}
	}
	for _, want := range []string{"a.yml:1", "b.yml:7", "c.yml:7"} {
		if !strings.Contains(why, want) {
			t.Errorf("%s is not named: %s", want, why)
		}
	}
}
