package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

// A manifest says what went in, what came out, and what was damaged: enough to
// repeat a run and to check every file of it. Keys are only ever added.
type manifest struct {
	Tool     string              `json:"tool"`
	Schema   int                 `json:"schema"`
	Version  string              `json:"version"`
	Commit   string              `json:"commit,omitempty"`
	Go       string              `json:"go"`
	Platform string              `json:"platform"`
	Command  []string            `json:"command_line"`
	State    string              `json:"state"` // running, complete, interrupted, failed
	Error    string              `json:"error,omitempty"`
	Started  string              `json:"started"`
	Ended    string              `json:"ended,omitempty"`
	Seconds  float64             `json:"seconds,omitempty"`
	Options  manifestOptions     `json:"options"`
	Evidence []*manifestEvidence `json:"evidence"`
	Hosts    []*manifestHost     `json:"hosts"`

	started time.Time
}

type manifestOptions struct {
	Artifacts []string `json:"artifacts,omitempty"` // none means all
	Formats   []string `json:"formats"`
	Host      string   `json:"host,omitempty"`
	Rules     []string `json:"rules,omitempty"`
	NoDeleted bool     `json:"no_deleted,omitempty"`
	NoLogs    bool     `json:"no_logs,omitempty"`
	NoShadows bool     `json:"no_shadows,omitempty"`
	Level     string   `json:"level,omitempty"`
}

type manifestEvidence struct {
	Path   string   `json:"path"`
	Kind   string   `json:"kind,omitempty"`
	Size   int64    `json:"size,omitempty"`
	SHA256 string   `json:"sha256,omitempty"` // of a file, when asked for
	Notes  []string `json:"notes,omitempty"`
	Error  string   `json:"error,omitempty"`
}

type manifestHost struct {
	Name        string             `json:"name"`
	NameFrom    string             `json:"name_from"`
	Folder      string             `json:"folder,omitempty"`
	Evidence    string             `json:"evidence"`
	Tree        int                `json:"tree,omitempty"`
	State       string             `json:"state"`
	RunID       string             `json:"run_id,omitempty"`
	Product     string             `json:"os,omitempty"`
	Build       string             `json:"build,omitempty"`
	MachineGUID string             `json:"machine_guid,omitempty"`
	TimeZone    string             `json:"timezone,omitempty"`
	Bias        int                `json:"timezone_bias_minutes"`
	SystemRoot  string             `json:"system_root,omitempty"`
	Users       []manifestUser     `json:"users,omitempty"`
	Counts      manifestCounts     `json:"counts"`
	Seconds     manifestSeconds    `json:"seconds"`
	Inputs      []*manifestInput   `json:"inputs"`
	Outputs     []outputFile       `json:"outputs"`
	Damaged     []manifestDamage   `json:"damaged"`
	More        int                `json:"damaged_more,omitempty"` // beyond those that are listed
	Notes       []string           `json:"notes,omitempty"`
	Artifacts   []manifestArtifact `json:"artifacts"`
}

type manifestUser struct {
	Name    string `json:"name"`
	SID     string `json:"sid,omitempty"`
	Profile string `json:"profile,omitempty"`
}

type manifestSeconds struct {
	Reading float64 `json:"reading"`
	Writing float64 `json:"writing"`
}

type manifestCounts struct {
	Inputs   int            `json:"inputs"`
	Records  int            `json:"records"`
	Hidden   int            `json:"repeated_records"` // that only repeat one of another control set or of the live hive
	Events   int            `json:"events"`
	Joined   int            `json:"joined_events"` // that older copies told, too
	Oldest   string         `json:"oldest,omitempty"`
	Newest   string         `json:"newest,omitempty"`
	Findings map[string]int `json:"findings"`
	Damaged  int            `json:"damaged"`
}

func (c manifestCounts) String() string {
	n := 0
	var levels []string
	for _, l := range slices.Backward(findings.Levels()) {
		if k := c.Findings[l]; k > 0 {
			n += k
			levels = append(levels, fmt.Sprintf("%d %s", k, l))
		}
	}
	s := fmt.Sprintf("%s, %s, %s", count(c.Events, "event"), count(c.Records, "record"), count(n, "finding"))
	if n > 0 {
		s += " (" + strings.Join(levels, ", ") + ")"
	}
	if c.Damaged > 0 {
		s += fmt.Sprintf(", %d damaged", c.Damaged)
	}
	return s
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// A manifestInput is one file of the evidence that was read.
type manifestInput struct {
	Path     string   `json:"path"`
	Snapshot string   `json:"snapshot,omitempty"`
	Size     int64    `json:"size"`
	SHA256   string   `json:"sha256,omitempty"`
	Kind     string   `json:"kind,omitempty"` // of a hive; "transaction log"
	Parsers  []string `json:"parsers,omitempty"`
	Status   string   `json:"status"` // ok, partial, failed, skipped
	Error    string   `json:"error,omitempty"`
	Offset   int64    `json:"error_offset,omitempty"`
	Records  int      `json:"records"`
	Events   int      `json:"events"`

	modified time.Time // of the machine's own file, where the evidence kept it
}

type manifestDamage struct {
	Path     string `json:"path"`
	Snapshot string `json:"snapshot,omitempty"`
	Parser   string `json:"parser"`
	Key      string `json:"key_path,omitempty"`
	Value    string `json:"value_name,omitempty"`
	Offset   int64  `json:"offset"`
	Error    string `json:"error"`
}

type manifestArtifact struct {
	Name    string `json:"name"`
	Sources int    `json:"sources"`
	Records int    `json:"records"`
	Errors  int    `json:"errors"`
}

// maxDamage is how many pieces of damage are listed one by one.
const maxDamage = 10_000

func newManifest(s *scan, paths []string) *manifest {
	m := &manifest{
		Tool: "artifactdump", Schema: 1, Version: version(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Command: withoutPassword(os.Args), State: "running", Started: output.FormatTime(s.started), started: s.started,
		Evidence: []*manifestEvidence{}, Hosts: []*manifestHost{},
	}
	m.Commit, _ = commit()
	m.Options = manifestOptions{
		Artifacts: s.c.StringSlice("artifact"), Host: s.c.String("host"), Rules: s.c.StringSlice("rules"),
		NoDeleted: s.c.Bool("no-deleted"), NoLogs: s.c.Bool("no-logs"), NoShadows: s.c.Bool("no-shadows"), Level: s.level.String(),
	}
	for _, p := range paths {
		m.Evidence = append(m.Evidence, &manifestEvidence{Path: p})
	}
	for _, f := range s.formats {
		m.Options.Formats = append(m.Options.Formats, f.Name)
	}
	return m
}

const manifestName = "manifest.json"

// write replaces the manifest in one step. Machines that were not begun, or
// are not done, are not in it.
func (m *manifest) write(dir string) error {
	now := *m
	now.Hosts = slices.DeleteFunc(slices.Clone(m.Hosts), func(h *manifestHost) bool { return h == nil })
	b, err := output.Marshal(&now)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, manifestName), indented(b))
}

// writeFile replaces a small file in one step.
func writeFile(name string, b []byte) error {
	err := os.WriteFile(name+".tmp", b, 0o666)
	if err == nil {
		err = os.Rename(name+".tmp", name)
	}
	if err != nil {
		os.Remove(name + ".tmp")
	}
	return err
}

func indented(b []byte) []byte {
	var v json.RawMessage = b
	out, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return b
	}
	return append(out, '\n')
}

func readManifest(dir string) (*manifest, error) {
	b, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		return nil, err
	}
	m := new(manifest)
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("%s: %w", manifestName, err)
	}
	if m.Tool != "artifactdump" {
		return nil, fmt.Errorf("%s is not of artifactdump", manifestName)
	}
	return m, nil
}

// isCase reports whether a folder holds a case, whole or not, and so may be
// replaced.
func isCase(dir string) bool {
	_, err := readManifest(dir)
	return err == nil
}

// differs says what keeps a run from going on with another one's work.
func (m *manifest) differs(old *manifest) string {
	samePath := func(a, b *manifestEvidence) bool { return a.Path == b.Path }
	a, _ := json.Marshal(m.Options)
	b, _ := json.Marshal(old.Options)
	switch {
	case old.Schema != m.Schema || old.Version != m.Version || old.Commit != m.Commit:
		return "it was begun by version " + old.Version
	case string(a) != string(b):
		return "it was begun with other options"
	case !slices.EqualFunc(m.Evidence, old.Evidence, samePath):
		return "it was begun with other evidence"
	}
	return ""
}

// complete returns a machine of the earlier run when all its outputs are as
// they were written, nil when it has to be done again.
func (m *manifest) complete(ctx context.Context, part string, h *host, earlier []*manifestHost) (*manifestHost, error) {
	for _, old := range earlier {
		if old.State != "complete" || old.Name != h.name || old.Folder != h.folder || old.Tree != h.tree || old.Evidence != m.Evidence[h.evidence].Path {
			continue
		}
		for _, o := range old.Outputs {
			sum, err := hashFile(ctx, filepath.Join(part, h.folder, filepath.FromSlash(o.Name)))
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err != nil || sum != o.SHA256 {
				return nil, nil
			}
		}
		return old, nil
	}
	return nil, nil
}

func (m *manifest) end(err error) {
	now := time.Now()
	m.Ended = output.FormatTime(now)
	m.Seconds = wholeMillis(now.Sub(m.started))
	switch {
	case err == nil:
		m.State = "complete"
	case errors.Is(err, context.Canceled):
		m.State = "interrupted"
	default:
		m.State, m.Error = "failed", err.Error()
	}
}

// wholeMillis is a duration in seconds, to the millisecond.
func wholeMillis(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }

// hashFile takes the SHA-256 of a file.
func hashFile(ctx context.Context, name string) (string, error) {
	f, err := openQuietly(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	buf := make([]byte, 1<<20)
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := f.Read(buf)
		h.Write(buf[:n])
		if err == io.EOF {
			return hex.EncodeToString(h.Sum(nil)), nil
		}
		if err != nil {
			return "", err
		}
	}
}

// An inventory gathers what the manifest says of one machine's inputs while
// results come in.
type inventory struct {
	host   *manifestHost
	tree   *evidence.Tree
	inputs map[string]*manifestInput
	byName map[string]int // of artifacts
}

func newInventory(h *manifestHost, tree *evidence.Tree) *inventory {
	return &inventory{host: h, tree: tree, inputs: map[string]*manifestInput{}, byName: map[string]int{}}
}

func (v *inventory) input(path, snapshot string) *manifestInput {
	k := snapshot + "|" + path
	in := v.inputs[k]
	if in == nil {
		in = &manifestInput{Path: path, Snapshot: snapshot, Status: "ok"}
		v.inputs[k] = in
		v.host.Inputs = append(v.host.Inputs, in)
		if f, ok := v.tree.LookupCopy(path, snapshot); ok {
			if st, err := f.Stat(); err == nil {
				in.Size = st.Size()
			}
			if t, err := f.Times(); err == nil && t.Original {
				in.modified = t.Modified
			}
		}
	}
	return in
}

func (v *inventory) add(res *artifacts.Result) {
	name := "hive"
	if res.Artifact != nil {
		name = res.Artifact.Name
		i, ok := v.byName[name]
		if !ok {
			i = len(v.host.Artifacts)
			v.byName[name] = i
			v.host.Artifacts = append(v.host.Artifacts, manifestArtifact{Name: name})
		}
		a := &v.host.Artifacts[i]
		a.Sources++
		a.Records += len(res.Records)
		a.Errors += len(res.Errors)
	}
	v.host.Counts.Records += len(res.Records)
	v.host.Counts.Hidden += res.Hidden
	v.host.Notes = append(v.host.Notes, res.Notes...)
	for _, e := range res.Errors {
		v.damage(manifestDamage{e.From.Path, e.From.Snapshot, name, e.From.Key, e.From.Value, e.From.Offset, e.Err.Error()})
	}
	if res.From.Path == "" {
		return
	}
	in := v.input(res.From.Path, res.From.Snapshot)
	if res.From.SHA256 != "" {
		in.SHA256 = res.From.SHA256
	}
	if name != "hive" && !slices.Contains(in.Parsers, name) {
		in.Parsers = append(in.Parsers, name)
	}
	in.Records += len(res.Records)
	if len(res.Errors) > 0 && in.Error == "" {
		in.Error, in.Offset = res.Errors[0].Err.Error(), res.Errors[0].From.Offset
		in.Status = "failed"
	}
	if in.Status == "failed" && in.Records > 0 {
		in.Status = "partial"
	}
}

func (v *inventory) damage(d manifestDamage) {
	v.host.Counts.Damaged++
	if len(v.host.Damaged) < maxDamage {
		v.host.Damaged = append(v.host.Damaged, d)
	} else {
		v.host.More++
	}
}

// close adds the hives that no artifact read, and the transaction logs.
func (v *inventory) close() {
	hives, _ := v.tree.Hives()
	for _, h := range hives {
		in := v.input(h.Path, h.Snapshot)
		in.Kind = string(h.Kind)
		if st, err := h.Stat(); err == nil {
			in.Size = st.Size()
		}
		if in.SHA256 == "" {
			in.SHA256 = h.SHA256()
		}
		if len(in.Parsers) == 0 && in.Status == "ok" {
			in.Status = "skipped"
		}
		for _, l := range h.Logs {
			b, err := l.Bytes()
			in := v.input(l.Path, l.Snapshot)
			in.Kind, in.Size = "transaction log", int64(len(b))
			if err != nil {
				in.Status, in.Error = "failed", err.Error()
				continue
			}
			sum := sha256.Sum256(b)
			in.SHA256 = hex.EncodeToString(sum[:])
		}
	}
	v.host.Counts.Inputs = len(v.host.Inputs)
}

// runID names a run by what went into it, so that the same evidence gives the
// same files.
func (v *inventory) runID() string {
	h := sha256.New()
	fmt.Fprintln(h, version())
	for _, in := range v.host.Inputs {
		fmt.Fprintln(h, in.Snapshot, in.Path, in.SHA256)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
