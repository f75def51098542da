package verify

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
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

// TestVerifyRecords compares a $MFT with what the witness reads of it, and with a
// witness that lies about one record.
func TestVerifyRecords(t *testing.T) {
	at := time.Date(2026, 3, 6, 10, 0, 0, 0, time.UTC)
	vol := ntfsmeta.New(ntfsmeta.Spec{Made: at})
	dir := vol.Mkdir(ntfsmeta.Root, "folder", at.Add(time.Hour))
	vol.Stream(vol.Create(dir, "a.exe", []byte("MZ"), at.Add(2*time.Hour)), "Zone.Identifier", []byte("[ZoneTransfer]"), at.Add(3*time.Hour))
	vol.Delete(vol.Create(dir, "b.txt", nil, at), at.Add(4*time.Hour))
	data := vol.MFT()
	a := ask(witnessQuestion{MFT: true, Data: data, RecordSize: 1024})
	v := &Verdict{}
	compareAnswer(v, data, 1024, 0, a)
	if v.Differences() > 0 || v.Agreed < 100 {
		t.Errorf("%d agreed: %+v", v.Agreed, v.Unexplained)
	}
	last := &a.Records[len(a.Records)-1]
	last.Sequence++
	last.LSN++
	last.InUse = !last.InUse
	last.Names[0].Name += "x"
	last.Standard[1]++
	last.Streams = append(last.Streams, witnessStream{"s", 1})
	v = &Verdict{}
	compareAnswer(v, data, 1024, 0, a)
	var fields []string
	for _, d := range v.Unexplained {
		fields = append(fields, d.Field)
		if d.Bytes == "" || d.Offset != int64(len(data))-1024 {
			t.Errorf("%+v", d)
		}
	}
	if got := strings.Join(fields, " "); got != "sequence use lsn times names streams" {
		t.Error(got)
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

// TestWitnessThatCannotStart: where no child can run, no file is called different.
func TestWitnessThatCannotStart(t *testing.T) {
	w, err := newWitness(t.Context(), filepath.Join(t.TempDir(), "gone"))
	if w != nil || err == nil || !strings.Contains(err.Error(), "cannot be started") {
		t.Errorf("got %v, %v", w, err)
	}
}
