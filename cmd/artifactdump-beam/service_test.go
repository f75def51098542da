package main

import (
	"bytes"
	"fmt"
	"net"
	"path/filepath"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"

	"github.com/artifactdump/artifactdump/artifacts/fleet"
	"github.com/artifactdump/artifactdump/corpus"
)

// TestJobService gives the job to a job service at an address, as to that of a cluster: the results are those of the plain comparison.
func TestJobService(t *testing.T) {
	defer func(runner, endpoint, environment string) {
		*runners.Runner, *jobopts.Endpoint, *jobopts.EnvironmentType = runner, endpoint, environment
	}(*runners.Runner, *jobopts.Endpoint, *jobopts.EnvironmentType)
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	if _, err := prism.CreateJobServer(t.Context(), prism.Options{Port: port}); err != nil {
		t.Fatal(err)
	}
	*runners.Runner, *jobopts.Endpoint, *jobopts.EnvironmentType = "universal", fmt.Sprintf("localhost:%d", port), "LOOPBACK"

	dir := t.TempDir()
	var paths, made []string
	cases := filepath.Join(dir, "cases")
	for _, m := range corpus.Fleet(10, 2)[:4] {
		p := filepath.Join(dir, "evidence", m.Name)
		if err := m.Write(p); err != nil {
			t.Fatal(err)
		}
		paths, made = append(paths, p), append(made, filepath.Join(cases, caseName(p)))
	}
	out, plain := filepath.Join(dir, "fleet"), filepath.Join(dir, "plain")
	if err := parsed(t, "--evidence", filepath.Join(dir, "evidence", "*"), "-o", out, "--cases", cases).run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := fleet.Run(t.Context(), fleet.Options{Cases: made, Dir: plain, Version: version()}); err != nil {
		t.Fatal(err)
	}
	want, got := results(t, plain), results(t, out)
	if len(want) < 5 || len(got) != len(want) {
		t.Errorf("%d files, want %d", len(got), len(want))
	}
	for name, b := range want {
		if !bytes.Equal(got[name], b) {
			t.Errorf("%s differs", name)
		}
	}
	if len(paths) != 4 {
		t.Errorf("%d machines", len(paths))
	}
}
