package findings_test

import (
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

// TestTableAlone judges a real machine by its $MFT alone: the records of Prefetch files show
// that four of the five programs with forged times ran, one of them under a name of Windows,
// and that one came from the Internet.
func TestTableAlone(t *testing.T) {
	mft := testtree.Unpack(t, testtree.Evidence(t, "ntfs", "mft/tdungan.mft.gz"))
	r := evaluate(t, testtree.Tree(t, map[string][]byte{"$MFT": mft}), "folder", 2, nil)
	for _, name := range []string{`\system32\dllhost\svchost.exe`, `\system32\hydrakatz.exe`, `\system32\pe.exe`} {
		want(t, r, name, findings.Critical, "N-05")
	}
	want(t, r, `\system32\hyvy.exe`, findings.Critical, "N-05", "N-06")
	want(t, r, `\system32\sekurlsa.dll`, findings.High, "N-05")
	for _, f := range r.Findings {
		if f.Level >= findings.High && f.Title != "Forged file times" {
			t.Errorf("%s of %s is %s", f.Title, f.Subject, f.Level)
		}
	}
}
