package output

import (
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A row is an event as every tabular format sees it.
type row struct {
	id, datetime, desc, message, dataType, parser string
	hostname, username, sid                       string
	sourceFile, sha256, snapshot                  string
	path, executable, keyPath, valueName          string
	confidence                                    string
	tags                                          []string
	extra                                         []artifacts.Field
	micros, filetime                              int64
	offset                                        int64
	state                                         string
}

// timeLayout writes UTC with the seven digits that a FILETIME holds.
const timeLayout = "2006-01-02T15:04:05.0000000Z"

// FormatTime writes t as all text formats of ours do.
func FormatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(timeLayout)
}

func (r *row) set(e *artifacts.Event) {
	rec := e.Record
	from := &rec.From
	*r = row{
		id: e.ID, datetime: FormatTime(e.Time), desc: e.Kind, message: e.Message,
		dataType: e.DataType, parser: rec.Artifact.Name,
		hostname: rec.Host, username: rec.User.Name, sid: rec.User.SID,
		sourceFile: from.Path, sha256: from.SHA256, snapshot: from.Snapshot,
		path: e.Path(), keyPath: from.Key, valueName: from.Value,
		confidence: string(e.Proof), tags: rec.Tags(),
		micros: e.Time.UnixMicro(), filetime: artifacts.FileTime(e.Time),
		offset: from.Offset, state: string(from.State), extra: r.extra[:0],
	}
	r.executable = winpath.Base(rec.Program())
	if e.Local {
		r.tags = append(slices.Clip(r.tags), "local-time")
		// The digits are no UTC time: say so where a reader looks first.
		r.datetime = r.datetime[:len(r.datetime)-1]
	}
	if e.Estimate {
		r.tags = append(slices.Clip(r.tags), "estimate")
	}
	r.extra = append(r.extra, e.Extra...)
	if len(e.Also) > 0 {
		var places []string
		for _, l := range e.Also {
			places = append(places, strings.TrimSpace(l.Snapshot+" "+l.Path))
		}
		r.extra = append(r.extra, artifacts.Field{Name: "also_in", Value: strings.Join(places, "; ")})
	}
	for _, f := range artifacts.Fields(rec.Data) {
		if f.Value != "" {
			r.extra = append(r.extra, f)
		}
	}
}
