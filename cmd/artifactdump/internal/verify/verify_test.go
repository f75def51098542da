package verify

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/scca"
)

// TestVerifyFindsDifferences feeds the comparison a witness that lies.
func TestVerifyFindsDifferences(t *testing.T) {
	spec := scca.Sample(26, 0)
	v := &Verdict{}
	got := comparePrefetchAnswer(v, "X.pf", spec.Build(), witnessAnswer{Prefetch: witnessPrefetch{Executable: "OTHER.EXE"}})
	if len(got.Unexplained) < 3 {
		t.Errorf("a witness that disagrees on everything left %d differences: %+v", len(got.Unexplained), got.Unexplained)
	}
	for _, d := range got.Unexplained {
		if d.Bytes == "" {
			t.Errorf("%s: no bytes to decide by", d.Field)
		}
	}
}

func TestOraclesFresh(t *testing.T) {
	var b bytes.Buffer
	writeOracles(&b)
	have, err := os.ReadFile("../../../../docs/oracles.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != b.String() {
		t.Error("docs/oracles.md is not what the tables say: go generate ./cmd/artifactdump")
	}
	if !strings.Contains(b.String(), "| run count |") {
		t.Error("the table of Prefetch divergences is missing")
	}
}
