package main

import (
	"bytes"
	"context"
	"regexp"
	"testing"
)

// TestVersion reads what a report of a bug names.
func TestVersion(t *testing.T) {
	defer func(v, c, d string) { stamped, stampedCommit, stampedDate = v, c, d }(stamped, stampedCommit, stampedDate)
	stamped, stampedCommit, stampedDate = "1.2.3", "0123abcd", "2026-03-08"
	want := regexp.MustCompile(`^artifactdump version 1\.2\.3\ncommit 0123abcd of 2026-03-08\ngo\S+.* for \w+/\w+\n$`)
	if got := printed(t, "version"); !want.MatchString(got) {
		t.Errorf("got %q", got)
	}
	if code := run(context.Background(), []string{"artifactdump", "version", "x"}, &bytes.Buffer{}, &bytes.Buffer{}); code != exitUsage {
		t.Errorf("with an argument: exit %d", code)
	}
}
