package scan

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/formats/eventjson"
	"github.com/artifactdump/artifactdump/artifacts/logons"
)

// LogonArtifacts are the artifacts that are made of event logs.
func LogonArtifacts() []string {
	var out []string
	for _, a := range catalogue.All() {
		if _, ok := a.Record().(events.Event); ok {
			out = append(out, a.Name)
		}
	}
	return out
}

// IsExport reports whether a path is a file of events that another program
// exported.
func IsExport(path string) (bool, error) {
	st, err := os.Stat(path)
	if err != nil || !st.Mode().IsRegular() {
		return false, err
	}
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head := make([]byte, 64<<10)
	n, err := io.ReadFull(f, head)
	if err != nil && n == 0 {
		return false, nil
	}
	return eventjson.Sniff(head[:n]), nil
}

// AddExport feeds a log-on analysis with a file of exported events. One file can
// have those of many machines; each is judged for itself. What cannot be read goes
// to damage. The reports must be closed.
func AddExport(ctx context.Context, b *logons.Builder, path string, damage func(error)) ([]*findings.Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list, err := catalogue.Select([]string{"eventlogons"})
	if err != nil {
		return nil, err
	}
	a := list[0]
	x := &exported{artifact: a, path: path, logons: b, judges: map[string]*findings.Evaluator{}}
	defer x.close()
	var scripts events.Joiner
	n := 0
	for e, err := range eventjson.Read(f) {
		if n++; n%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			damage(fmt.Errorf("%s: %w", path, err))
			continue
		}
		at := artifacts.Input{}.AtOffset(e.Offset)
		for _, e := range scripts.Add(events.Event{Origin: at, Record: events.FromExport(e)}) {
			x.add(e)
		}
	}
	for _, e := range scripts.End() {
		x.add(e)
	}
	var out []*findings.Report
	for _, h := range x.order {
		out = append(out, x.judges[h].Report()) // which the caller closes
	}
	return out, nil
}

// An exported file is one whose events are judged, those of each machine apart.
type exported struct {
	artifact *artifacts.Artifact
	path     string
	logons   *logons.Builder
	judges   map[string]*findings.Evaluator
	order    []string // of the machines
}

// close removes the temporary files of evaluations that came to no report.
func (x *exported) close() {
	for _, j := range x.judges {
		j.Close()
	}
}

func (x *exported) add(e events.Event) {
	host, _, _ := strings.Cut(strings.ToUpper(e.Computer), ".")
	rec := artifacts.Record{
		ID: fmt.Sprintf("%s#%d", filepath.Base(x.path), e.Position()), Artifact: x.artifact, Host: host, Data: e,
		From: artifacts.Locator{Path: x.path, Offset: e.Position(), State: artifacts.Live},
	}
	j := x.judges[host]
	if j == nil {
		j = findings.NewEvaluator(findings.Facts{Host: host, Prefetcher: -1}, nil)
		x.judges[host] = j
		x.order = append(x.order, host)
	}
	j.Add(&artifacts.Result{Artifact: x.artifact, From: rec.From, Records: []artifacts.Record{rec}})
	x.logons.Add(host, &e.Record, rec.ID)
}
