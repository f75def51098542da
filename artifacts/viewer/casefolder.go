package viewer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

// maxLine bounds a line of a case's files: a row with names of 64 KB is far below.
const maxLine = 64 << 20

// A caseManifest is what a page needs of manifest.json.
type caseManifest struct {
	Tool     string `json:"tool"`
	Machines []struct {
		Name     string `json:"name"`
		Folder   string `json:"folder"`
		Evidence string `json:"evidence"`
		OS       string `json:"os"`
		Build    string `json:"build"`
		TimeZone string `json:"timezone"`
		Bias     int    `json:"timezone_bias_minutes"`
		Counts   struct {
			Events int `json:"events"`
		} `json:"counts"`
	} `json:"hosts"`
}

// IsCase reports whether a path is a case folder.
func IsCase(path string) bool {
	m, err := readManifest(path)
	return err == nil && m.Tool == "artifactdump" && len(m.Machines) > 0
}

func readManifest(dir string) (*caseManifest, error) {
	b, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		return nil, err
	}
	m := new(caseManifest)
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("manifest.json: %w", err)
	}
	return m, nil
}

// OpenCase returns the inputs of a case folder, one for each machine, and how many rows
// the manifest counts. Rows are read from timeline.jsonl when they are asked for.
func OpenCase(dir string) (out []*Input, rows int, err error) {
	m, err := readManifest(dir)
	if err != nil {
		return nil, 0, err
	}
	for i := range m.Machines {
		h := &m.Machines[i]
		if h.Folder != "" && !filepath.IsLocal(h.Folder) {
			return nil, 0, fmt.Errorf("manifest.json: folder %q is outside the case", h.Folder)
		}
		folder := filepath.Join(dir, h.Folder)
		in := &Input{
			Evidence: h.Evidence,
			Machines: []output.Machine{{Name: h.Name, OS: h.OS, Build: h.Build, TimeZone: h.TimeZone, Bias: h.Bias, Input: h.Evidence}},
			Rows:     caseRows(filepath.Join(folder, "timeline.jsonl")),
		}
		if in.Findings, err = jsonLines(filepath.Join(folder, "findings.jsonl")); err != nil {
			return nil, 0, err
		}
		if in.Sessions, err = csvFile(filepath.Join(folder, "sessions.csv")); err != nil {
			return nil, 0, err
		}
		if in.Logons, err = csvFile(filepath.Join(folder, "logons.csv")); err != nil {
			return nil, 0, err
		}
		if _, err := os.Stat(filepath.Join(folder, "timeline.jsonl")); err != nil {
			return nil, 0, fmt.Errorf("the case has no timeline.jsonl: %w", err)
		}
		rows += h.Counts.Events
		out = append(out, in)
	}
	return out, rows, nil
}

// lines yields the lines of a file.
func lines(path string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close()
		s := bufio.NewScanner(f)
		s.Buffer(make([]byte, 64<<10), maxLine)
		for s.Scan() {
			if len(bytes.TrimSpace(s.Bytes())) > 0 && !yield(s.Bytes(), nil) {
				return
			}
		}
		if err := s.Err(); err != nil {
			yield(nil, fmt.Errorf("%s: %w", path, err))
		}
	}
}

func jsonLines(path string) ([][]byte, error) {
	var out [][]byte
	for b, err := range lines(path) {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, nil
		case err != nil:
			return nil, err
		case !json.Valid(b):
			return nil, fmt.Errorf("%s: line %d is not JSON", path, len(out)+1)
		}
		out = append(out, bytes.Clone(b))
	}
	return out, nil
}

func csvFile(path string) ([]map[string]string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list, err := table(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

func caseRows(path string) iter.Seq2[*output.Row, error] {
	return func(yield func(*output.Row, error) bool) {
		n := 0
		for b, err := range lines(path) {
			n++
			var r *output.Row
			if err == nil {
				if r, err = ParseRow(b); err != nil {
					err = fmt.Errorf("%s: line %d: %w", path, n, err)
				}
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// A rowLine is a line of timeline.jsonl.
type rowLine struct {
	Datetime   string          `json:"datetime"`
	Kind       string          `json:"timestamp_desc"`
	Message    string          `json:"message"`
	DataType   string          `json:"data_type"`
	Parser     string          `json:"parser"`
	Host       string          `json:"hostname"`
	User       string          `json:"username"`
	SID        string          `json:"user_sid"`
	Source     string          `json:"source_file"`
	SHA256     string          `json:"source_sha256"`
	Snapshot   string          `json:"snapshot"`
	Path       string          `json:"path"`
	Executable string          `json:"executable"`
	Key        string          `json:"key_path"`
	Value      string          `json:"value_name"`
	Tags       []string        `json:"tag"`
	Proof      string          `json:"confidence"`
	ID         string          `json:"id"`
	Offset     int64           `json:"offset"`
	State      string          `json:"state"`
	Extra      json.RawMessage `json:"extra"`
	RecordID   string          `json:"record_id"`
	Level      string          `json:"level"`
	Rules      []string        `json:"rules"`
	FindingIDs []string        `json:"finding_ids"`
	TimeKind   string          `json:"time_kind"`
}

const timeLayout = "2006-01-02T15:04:05.0000000"

// ParseRow reads a line of timeline.jsonl.
func ParseRow(line []byte) (*output.Row, error) {
	var l rowLine
	if err := json.Unmarshal(line, &l); err != nil {
		return nil, err
	}
	digits, utc := strings.CutSuffix(l.Datetime, "Z")
	t, err := time.Parse(timeLayout, digits)
	if err != nil {
		return nil, fmt.Errorf("datetime %q is not a time", l.Datetime)
	}
	r := &output.Row{
		Time: t, ID: l.ID, Kind: l.Kind, Message: l.Message, DataType: l.DataType, Parser: l.Parser, Host: l.Host, User: l.User, SID: l.SID,
		Source: l.Source, SHA256: l.SHA256, Snapshot: l.Snapshot, Path: l.Path, Executable: l.Executable, Key: l.Key, Value: l.Value,
		Tags: l.Tags, Proof: artifacts.Proof(l.Proof), Offset: l.Offset, State: artifacts.State(l.State), RecordID: l.RecordID, Level: l.Level,
		Rules: l.Rules, FindingIDs: l.FindingIDs, TimeKind: l.TimeKind, Local: !utc,
	}
	r.Extra, err = extras(l.Extra)
	return r, err
}

// extras reads the object of extra fields in its order.
func extras(b json.RawMessage) ([]artifacts.Field, error) {
	if len(b) == 0 || string(b) == "null" {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("extra is not an object")
	}
	var out []artifacts.Field
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		value, err := d.Token()
		if err != nil {
			return nil, err
		}
		s, ok := value.(string)
		if !ok {
			return nil, fmt.Errorf("extra field %v is not a text", name)
		}
		out = append(out, artifacts.Field{Name: name.(string), Value: s})
	}
	if _, err := d.Token(); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return out, nil
}
