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
// to damage.
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
	judges := map[string]*findings.Evaluator{}
	var order []string
	n := 0
	for e, err := range eventjson.Read(f) {
		if n++; n%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			damage(fmt.Errorf("%s: %w", path, err))
			continue
		}
		r := events.FromExport(e)
		host, _, _ := strings.Cut(strings.ToUpper(r.Computer), ".")
		rec := artifacts.Record{
			ID: fmt.Sprintf("%s#%d", filepath.Base(path), e.Offset), Artifact: a, Host: host, Data: events.Event{Record: r},
			From: artifacts.Locator{Path: path, Offset: e.Offset, State: artifacts.Live},
		}
		j := judges[host]
		if j == nil {
			j = findings.NewEvaluator(findings.Facts{Host: host, Prefetcher: -1}, nil)
			judges[host] = j
			order = append(order, host)
		}
		j.Add(&artifacts.Result{Artifact: a, From: rec.From, Records: []artifacts.Record{rec}})
		b.Add(host, &r, rec.ID)
	}
	var out []*findings.Report
	for _, h := range order {
		out = append(out, judges[h].Report())
	}
	return out, nil
}
