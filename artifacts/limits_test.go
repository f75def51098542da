package artifacts_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

// A row is a record of the artifacts that these tests define.
type row struct {
	artifacts.Origin
	Text string `json:"text"`
}

func whole(in artifacts.Input, yield func(row) bool) error {
	yield(row{in.AtOffset(0), string(in.Data)})
	return nil
}

// TestMaxWhole reads files at the limit and above it: the error names the file
// and the limit, and nothing is decoded.
func TestMaxWhole(t *testing.T) {
	tree := testtree.OpenFS(t, fstest.MapFS{
		"Windows/System32/config/none": {},
		"Windows/a.txt":                {Data: []byte("12345678")},
		"Windows/b.txt":                {Data: []byte("123456789")},
	})
	list := []*artifacts.Artifact{artifacts.Define(artifacts.Artifact{
		Name: "text", Sources: []artifacts.Source{artifacts.Files(`%SystemRoot%\*.txt`)},
	}, whole)}
	for limit, want := range map[int64]int{0: 2, 9: 2, 8: 1, 7: 0} {
		results, err := artifacts.Run(t.Context(), tree, list, &artifacts.Options{MaxWhole: limit})
		if err != nil {
			t.Fatal(err)
		}
		records, errs := 0, 0
		for res := range results {
			records += len(res.Records)
			for _, e := range res.Errors {
				errs++
				var large *artifacts.TooLargeError
				if !errors.As(e, &large) || large.Limit != limit || !errors.Is(e, evidence.ErrTooLarge) || !strings.Contains(e.Error(), "MaxWhole") || !strings.HasSuffix(e.From.Path, ".txt") {
					t.Errorf("limit %d: %v", limit, e)
				}
			}
		}
		if records != want || errs != 2-want {
			t.Errorf("limit %d: %d records and %d errors, want %d and %d", limit, records, errs, want, 2-want)
		}
	}
}

// TestManyErrors runs a decoder that finds more errors than are kept: the others
// are counted.
func TestManyErrors(t *testing.T) {
	tree := testtree.OpenFS(t, fstest.MapFS{"Windows/System32/config/none": {}, "Windows/a.txt": {}})
	list := []*artifacts.Artifact{artifacts.Define(artifacts.Artifact{
		Name: "text", Sources: []artifacts.Source{artifacts.Files(`%SystemRoot%\*.txt`)},
	}, func(in artifacts.Input, yield func(row) bool) error {
		var errs []error
		for i := range 10_007 {
			errs = append(errs, fmt.Errorf("error %d", i))
		}
		return errors.Join(errs...)
	})}
	results, err := artifacts.Run(t.Context(), tree, list, nil)
	if err != nil {
		t.Fatal(err)
	}
	for res := range results {
		if n := len(res.Errors); n != 10_001 || !strings.Contains(res.Errors[n-1].Error(), "7 more errors") {
			t.Errorf("%d errors, the last %v", n, res.Errors[n-1])
		}
	}
}
