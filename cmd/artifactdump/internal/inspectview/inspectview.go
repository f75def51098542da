// Package inspectview lists the rows of one file: those of a container by package
// inspect, and of every other file by the artifact that reads it.
package inspectview

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/inspect"
)

// ofArtifacts are kinds of files that an artifact reads, beside the names of the
// artifacts themselves.
var ofArtifacts = map[string]string{"task": "tasks", "job": "jobs"}

// Kinds returns the kinds of files that have a name of their own.
func Kinds() []string { return slices.Sorted(slices.Values(append(inspect.Kinds(), "task", "job"))) }

// Known reports whether a file can be read as a kind: one of [Kinds], or the name
// of an artifact that lies in files.
func Known(kind string) bool {
	return slices.Contains(Kinds(), kind) || artifactOf(kind) != nil
}

// artifactOf returns the artifact that reads files of a kind, nil for none.
func artifactOf(kind string) *artifacts.Artifact {
	if name := ofArtifacts[kind]; name != "" {
		kind = name
	}
	for _, a := range catalogue.All() {
		if a.Name == kind && slices.ContainsFunc(a.Sources, func(s artifacts.Source) bool { return s.Glob != "" }) {
			return a
		}
	}
	return nil
}

// begins are the first bytes of files that no package but an artifact reads.
var begins = []struct{ head, kind string }{
	{"#Software: Microsoft", "weblogs"}, {"NP\x00", "notepad"}, {"PReg\x01\x00\x00\x00", "grouppolicy"},
	{"\x08\x00\x00\x00\x08\x00\x00\x00", "defenderdetections"},
	{"**********************\r\nWindows PowerShell transcript start", "pstranscripts"},
	{"**********************\r\nPowerShell transcript start", "pstranscripts"},
}

// KindOf tells the kind of a file by its first bytes, or else by its name, and
// returns "" for what it does not know.
func KindOf(f inspect.File) string {
	if kind, err := inspect.Detect(f); err == nil {
		return kind
	}
	head := make([]byte, min(collect.SniffSize, max(0, f.Size)))
	n, _ := f.ReadAt(head, 0)
	head = head[:n]
	switch collect.Sniff(head) {
	case collect.TaskFile:
		return "task"
	case collect.JobFile:
		return "job"
	case collect.RecycleFile:
		return "recyclebin"
	}
	for _, b := range begins {
		if bytes.HasPrefix(bytes.TrimPrefix(head, []byte("\uFEFF")), []byte(b.head)) {
			return b.kind
		}
	}
	if head = bytes.TrimPrefix(head, []byte("\uFEFF")); bytes.HasPrefix(head, []byte("#")) && bytes.Contains(head, []byte("\n#Fields: ")) {
		return "weblogs" // its lines with # have no order
	}
	if kind := kindByName(filepath.Base(f.Path)); kind != "" {
		return kind
	}
	return kindByFolder(f.Path)
}

// kindByFolder returns the artifact of a file that lies in a folder like the one in which a
// pattern looks: AnyDesk\ad.trace, .ssh\known_hosts.
func kindByFolder(path string) string {
	path, err := filepath.Abs(path)
	if err != nil {
		return ""
	}
	name, folder := filepath.Base(path), filepath.Base(filepath.Dir(path))
	for _, a := range catalogue.All() {
		for _, s := range a.Sources {
			parts := strings.Split(s.Glob, `\`)
			n := len(parts)
			if n < 3 || len(strings.Trim(parts[n-2], "*?")) < 3 || strings.Contains(parts[n-2], "%") || ordinary[strings.ToLower(parts[n-2])] {
				continue
			}
			if evidence.MatchName(parts[n-2], folder) && evidence.MatchName(parts[n-1], name) {
				return a.Name
			}
		}
	}
	return ""
}

// ordinary are folders that hold files of all kinds.
var ordinary = map[string]bool{
	"system32": true, "temp": true, "config": true, "logs": true, "desktop": true, "documents": true, "programs": true,
}

// kindByName returns the artifact one of whose patterns ends in a name like this,
// and says more of it than its extension.
func kindByName(name string) string {
	for _, a := range catalogue.All() {
		for _, s := range a.Sources {
			last := s.Glob[strings.LastIndexByte(s.Glob, '\\')+1:]
			stem := strings.TrimSuffix(last, filepath.Ext(last))
			if len(strings.Trim(stem, "*?")) >= 3 && evidence.MatchName(last, name) {
				return a.Name
			}
		}
	}
	return ""
}

// Write writes the rows of one file of a kind, "" for that of [KindOf], and counts
// them. A nil text writer means JSON lines.
func Write(ctx context.Context, w io.Writer, path, kind string, opts inspect.Options, text func(*inspect.Row, []byte) []byte) (int, error) {
	if kind == "" {
		f, err := inspect.Open(path)
		if err != nil {
			return 0, err
		}
		kind = KindOf(f.File)
		f.Close()
	}
	a := artifactOf(kind)
	if a == nil || slices.Contains(inspect.Kinds(), kind) {
		return inspect.Write(ctx, w, path, kind, opts, text)
	}
	x := &writer{w: w, path: path, kind: kind, text: text}
	err := x.records(ctx, a, opts)
	return x.rows, err
}

type writer struct {
	w          io.Writer
	path, kind string
	text       func(*inspect.Row, []byte) []byte
	rows       int
	buf        []byte
}

// records writes a row for each record of the artifact.
func (x *writer) records(ctx context.Context, a *artifacts.Artifact, opts inspect.Options) error {
	ev, err := evidence.Open(x.path, &evidence.Options{AnyFile: true})
	if err != nil {
		return err
	}
	defer ev.Close()
	results, err := artifacts.Run(ctx, ev.Trees[0], []*artifacts.Artifact{a}, &artifacts.Options{Full: true, NoDeleted: !opts.Recovered})
	if err != nil {
		return err
	}
	var errs []error
	for res := range results {
		for _, e := range res.Errors {
			errs = append(errs, e)
		}
		for i := range res.Records {
			r := &res.Records[i]
			if r.From.State.Recovered() && !opts.Recovered {
				continue
			}
			if err := x.record(r); err != nil {
				return &inspect.WriteError{Err: err}
			}
		}
	}
	return errors.Join(append(errs, ctx.Err())...)
}

// record writes one row. A field that is called as one of the row itself gets the
// name record_ and its own.
func (x *writer) record(r *artifacts.Record) error {
	row := inspect.Row{Kind: x.kind, Offset: r.From.Offset}
	if r.From.State != artifacts.Live {
		row.State = string(r.From.State)
	}
	b, err := json.Marshal(r.Data)
	if err != nil {
		return err
	}
	if local := artifacts.LocalTimes(r.Data); len(local) > 0 {
		row.Add("local_times", local)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		key := fmt.Sprint(name)
		if slices.Contains([]string{"kind", "path", "offset", "state", "damage"}, key) {
			key = "record_" + key
		}
		row.Add(key, plain(value))
	}
	if x.text != nil {
		x.buf = x.text(&row, x.buf[:0])
	} else {
		x.buf = row.AppendJSON(x.buf[:0], x.path)
	}
	x.rows++
	_, err = x.w.Write(x.buf)
	return err
}

// plain makes a Go string of a JSON text, which people read without its quotes.
func plain(value json.RawMessage) any {
	if string(value) == "null" {
		return nil
	}
	var s string
	if json.Unmarshal(value, &s) == nil {
		return s
	}
	return value
}
