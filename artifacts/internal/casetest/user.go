package casetest

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// userRun decodes one artifact and returns its records, without those that
// free space gave back, and the errors.
func UserRun(t testing.TB, tr *evidence.Tree, name string) ([]artifacts.Record, []*artifacts.DecodeError) {
	t.Helper()
	results, err := artifacts.Run(context.Background(), tr, Selected(t, name), &artifacts.Options{NoDeleted: true})
	if err != nil {
		t.Fatal(err)
	}
	var recs []artifacts.Record
	var errs []*artifacts.DecodeError
	for res := range results {
		recs = append(recs, res.Records...)
		errs = append(errs, res.Errors...)
	}
	return recs, errs
}

// userOf is the records of one user ("" means all) in their own type.
func UserOf[T any](recs []artifacts.Record, user string) []T {
	var out []T
	for _, r := range recs {
		if user == "" || r.User.Name == user {
			out = append(out, r.Data.(T))
		}
	}
	return out
}

// userCase decodes an artifact of a machine with only these cases and wants no
// error.
func UserCase(t testing.TB, name string, cases ...string) []artifacts.Record {
	t.Helper()
	return UserFS(t, corpus.NewMachine().With(append([]string{"system", "software", "accounts"}, cases...)...).FS(), name)
}

func UserFS(t testing.TB, fsys fs.FS, name string) []artifacts.Record {
	t.Helper()
	recs, errs := UserRun(t, testtree.OpenFS(t, fsys), name)
	for _, e := range errs {
		t.Errorf("undamaged evidence: %v", e)
	}
	return recs
}

// userDiff compares records but for the places they come from.
func UserDiff[T any](t testing.TB, got, want []T) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.IgnoreTypes(artifacts.Origin{}), cmpopts.IgnoreUnexported(artifacts.Origin{})); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// userDamaged decodes damaged evidence and wants one error that says so, in
// these words.
func UserDamaged(t testing.TB, m *corpus.Machine, name, words string) []artifacts.Record {
	t.Helper()
	recs, errs := UserRun(t, testtree.OpenFS(t, m.FS()), name)
	if len(errs) != 1 || !strings.Contains(errs[0].Error(), words) {
		t.Errorf("errors %v, want one that says %q", errs, words)
	}
	return recs
}

// userReal decodes an artifact of one real hive.
func UserReal(t testing.TB, name, file string) []artifacts.Record {
	t.Helper()
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	ev, err := evidence.Open(filepath.Join(dir, filepath.FromSlash(file)), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ev.Close() })
	recs, errs := UserRun(t, ev.Trees[0], name)
	for _, e := range errs {
		if e.Artifact == name {
			t.Errorf("undeclared: %v", e)
		}
	}
	return recs
}

func UserTime(y int, m time.Month, d, hour, minute, second, ticks int) time.Time {
	return time.Date(y, m, d, hour, minute, second, 100*ticks, time.UTC)
}

const DanielNT, miraNT = "Users/daniel/NTUSER.DAT", "Users/mira/NTUSER.DAT"

// equalJSON compares what two records say.
func EqualJSON(t testing.TB, a, b any) bool {
	t.Helper()
	x, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(x) == string(y)
}
