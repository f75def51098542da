package findings

import (
	"path/filepath"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
)

// BenchmarkEventRules measures all rules over events per event, on the logs of a
// server that was attacked and of a machine that was not.
func BenchmarkEventRules(b *testing.B) {
	root := evidenceFolder(b)
	for _, set := range []string{"museum-win11-rathbunvm", "museum-server2022-aptsimulatorvm"} {
		b.Run(set, func(b *testing.B) {
			paths, _ := filepath.Glob(filepath.Join(root, "evtx", set, "*.evtx"))
			var results []artifacts.Result
			n := 0
			for _, p := range paths {
				var recs []artifacts.Record
				for _, ev := range readLog(b, p) {
					recs = append(recs, artifacts.Record{ID: "x", Artifact: logArtifact, Data: ev, From: artifacts.Locator{Path: p, State: artifacts.Live}})
				}
				n += len(recs)
				results = append(results, artifacts.Result{Artifact: logArtifact, Records: recs})
			}
			b.ResetTimer()
			for b.Loop() {
				e := NewEvaluator(Facts{Host: "test"}, nil)
				for i := range results {
					e.Add(&results[i])
				}
				e.finishEvents(e.rules)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/event")
		})
	}
}
