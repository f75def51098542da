package output_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/communication"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/system"
)

// TestLocalTimes: no format says of a local time that it is UTC.
func TestLocalTimes(t *testing.T) {
	at := time.Date(2026, 3, 6, 18, 2, 3, 0, time.UTC)
	for name, c := range map[string]struct {
		data artifacts.Decoded
		want []string
	}{
		"setupapi":    {system.DeviceInstall{Start: at, Boot: at}, []string{"start_time", "boot_session"}},
		"firewalllog": {communication.FirewallLog{Time: at, Local: true}, []string{"time"}},
		"weblogs":     {communication.WebLog{Time: at}, nil},
	} {
		if got := artifacts.LocalTimes(c.data); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if got := artifacts.LocalTimes(communication.FirewallLog{Time: at}); got != nil {
			t.Errorf("a log in UTC: %q", got)
		}
		r := artifacts.Record{ID: "1", Data: c.data}
		for _, a := range catalogue.All() {
			artifacts.LocalTimes(a.Record()) // each names a field that is there
			if a.Name == name {
				r.Artifact = a
			}
		}
		for _, f := range output.Formats() {
			if !slices.Contains([]string{"text", "jsonl", "csv"}, f.Name) {
				continue
			}
			var b bytes.Buffer
			w := f.Records(&b, &output.Options{})
			if err := w.Record(&r); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			s := b.String()
			switch {
			case f.Name == "jsonl" && strings.Contains(s, `"local_times":["`+strings.Join(c.want, `","`)+`"]`) != (c.want != nil):
				t.Error(s)
			case f.Name == "text" && strings.Count(s, "2026-03-06T18:02:03.0000000 local") != len(c.want):
				t.Error(s)
			case f.Name == "csv" && strings.Contains(s, "18:02:03.0000000Z") != (c.want == nil):
				t.Error(s)
			}
		}
	}
}
