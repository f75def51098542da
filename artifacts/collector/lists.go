package collector

import (
	"archive/zip"
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"os"
	"os/user"
	"runtime"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// lists writes what the layout says of the files, then the log and the manifest.
func (m *machine) lists(plan *Plan) error {
	type list struct {
		name  string
		write func(*json.Encoder) error
	}
	lists := []list{
		{"uploads.json", m.uploads},
		{"results/Windows.KapeFiles.Targets%2FAll Matches Metadata.json", m.metadata},
		{"client_info.json", m.client},
		{"collection_context.json", m.context},
	}
	if m.o.kape() {
		lists = nil
		if err := m.copyLog(); err != nil {
			return err
		}
	}
	for _, l := range lists {
		if _, err := m.jsonEntry(l.name, l.write); err != nil {
			return err
		}
	}
	sum, err := m.jsonEntry("artifactdump/files.jsonl", m.files)
	if err != nil {
		return err
	}
	if err := m.writeLog(); err != nil {
		return err
	}
	m.sum.ManifestSHA256, err = m.jsonEntry("artifactdump/manifest.json", func(e *json.Encoder) error {
		e.SetIndent("", "  ")
		return e.Encode(m.manifest(plan, sum))
	})
	return err
}

// jsonEntry writes an entry of JSON and returns its SHA-256.
func (m *machine) jsonEntry(name string, write func(*json.Encoder) error) (string, error) {
	w, err := m.begin(&zip.FileHeader{Name: m.prefix + name, Method: zip.Deflate})
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	b := bufio.NewWriter(io.MultiWriter(w, hash.Hash(sum)))
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := write(e); err != nil {
		return "", err
	}
	if err := b.Flush(); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func (m *machine) uploads(e *json.Encoder) error {
	type line struct {
		Timestamp  string   `json:"Timestamp"`
		Started    string   `json:"started"`
		Path       string   `json:"vfs_path"`
		Components []string `json:"_Components"`
		Size       int64    `json:"file_size"`
		Uploaded   int64    `json:"uploaded_size"`
		Type       string   `json:"Type"`
	}
	return m.rows.each(func(r *row) error {
		if r.Line.Stored == "" {
			return nil
		}
		at := r.Line.ReadAt
		l := line{at, at, strings.Join(r.Components[2:], `\`), r.Components, r.Line.Size, r.Line.StoredSize, ""}
		if err := e.Encode(l); err != nil {
			return err
		}
		if len(r.Spans) == 0 {
			return nil
		}
		l.Components = append(r.Components[:len(r.Components)-1:len(r.Components)-1], r.Components[len(r.Components)-1]+".idx")
		l.Path, l.Type = l.Path+".idx", "idx"
		return e.Encode(l)
	})
}

// timeForm is RFC 3339 with the resolution of a FILETIME.
const timeForm = "2006-01-02T15:04:05.0000000Z"

func shownTime(ft uint64) string {
	if ft == 0 {
		return ""
	}
	const epoch = 11644473600
	return time.Unix(int64(ft/1e7)-epoch, int64(ft%1e7)*100).UTC().Format(timeForm)
}

// metadata writes the times of the files where programs that read Velociraptor's collections look for them. The times of a copy are
// not among them.
func (m *machine) metadata(e *json.Encoder) error {
	return m.rows.each(func(r *row) error {
		if r.Line.Stored == "" || r.Line.Copied {
			return nil
		}
		si := r.Line.SI
		return e.Encode(struct {
			SourceFile   string
			Size         int64
			Created      string
			Modified     string
			LastAccessed string
			Changed      string
		}{strings.Join(r.Components[2:], `\`), r.Line.Size, shownTime(si[0]), shownTime(si[1]), shownTime(si[2]), shownTime(si[3])})
	})
}

func (m *machine) client(e *json.Encoder) error {
	version := strings.TrimSpace(m.about.Product + " " + m.about.Build)
	return e.Encode(struct{ Hostname, Fqdn, OS, PlatformVersion string }{m.name, m.name, "windows", version})
}

func (m *machine) context(e *json.Encoder) error {
	return e.Encode(struct {
		Session   string   `json:"session_id"`
		Created   int64    `json:"create_time"`
		Artifacts []string `json:"artifacts_with_results"`
	}{"F.artifactdump", m.started.UnixMicro(), []string{"Windows.KapeFiles.Targets/All Matches Metadata"}})
}

// files writes the list of the files, which has everything that is known of each.
func (m *machine) files(e *json.Encoder) error {
	return m.rows.each(func(r *row) error { return e.Encode(&r.Line) })
}

// A fileLine is one line of files.jsonl.
type fileLine struct {
	Path         string     `json:"path"`
	Snapshot     string     `json:"snapshot,omitempty"`
	Stream       string     `json:"stream,omitempty"`
	Stored       string     `json:"stored,omitempty"`
	Same         string     `json:"same_as,omitempty"` // the entry of the file that an older copy has unchanged
	Size         int64      `json:"size"`
	StoredSize   int64      `json:"stored_size"`
	SHA256       string     `json:"sha256,omitempty"`
	StoredSHA256 string     `json:"stored_sha256,omitempty"`
	Again        string     `json:"sha256_again,omitempty"` // of a second reading, of a file that changed
	SI           [4]uint64  `json:"si"`
	FN           [4]uint64  `json:"fn"`
	Source       string     `json:"source"`
	Copied       bool       `json:"copied,omitempty"`
	MFT          string     `json:"mft,omitempty"`
	Attributes   uint32     `json:"attributes,omitempty"`
	Runs         [][3]int64 `json:"runs,omitempty"` // of clusters: offset in the file, offset in the volume, length
	RunsOmitted  int        `json:"runs_omitted,omitempty"`
	Kind         string     `json:"kind"`
	Of           []string   `json:"of,omitempty"`
	State        string     `json:"state"`
	Error        string     `json:"error,omitempty"`
	ReadAt       string     `json:"read_at"`
}

// footprint is what a collection leaves on a machine that it is run on.
const footprint = `On a running machine the collector itself leaves: its Prefetch file, its start in UserAssist, BAM, Amcache, ShimCache and
SRUM, a log-on or UAC event, records in $J where the zip is written to an NTFS volume of the machine, and the keys of a USB disk that it
was run from. Raw reads change no last-access times.`

func (m *machine) writeLog() error {
	w, err := m.create("artifactdump/collect.log", time.Time{})
	if err != nil {
		return err
	}
	for _, l := range m.log {
		if _, err := fmt.Fprintln(w, l); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(w, footprint)
	return err
}

// A manifest says what was collected, by what, when, and what was not there.
type manifest struct {
	Tool     string            `json:"tool"`
	Program  string            `json:"program_sha256,omitempty"`
	System   string            `json:"system"`
	Command  []string          `json:"command,omitempty"`
	Source   string            `json:"source"`
	Kind     string            `json:"source_kind"`
	Machine  string            `json:"machine"`
	GUID     string            `json:"machine_guid,omitempty"`
	Product  string            `json:"product,omitempty"`
	Build    string            `json:"build,omitempty"`
	Zone     string            `json:"time_zone,omitempty"`
	User     string            `json:"user,omitempty"` // who ran the program, and whether with the rights of an administrator
	Elevated bool              `json:"elevated"`
	Started  string            `json:"started"`
	Ended    string            `json:"ended"`
	Local    string            `json:"local_time"` // of the clock that Started and Ended are of
	Volumes  []manifestVolume  `json:"volumes"`
	Counts   map[string]int64  `json:"counts"`
	Limits   map[string]int64  `json:"limits"`
	States   map[string]int    `json:"states"`
	Changed  []string          `json:"changed"` // files that another program wrote while they were read
	Cut      []string          `json:"cut"`     // files of which a limit left something out
	Absent   []string          `json:"absent"`
	Problems []string          `json:"problems"`
	Notes    []string          `json:"notes,omitempty"`     // of the source: partitions, what is encrypted
	Traces   string            `json:"footprint,omitempty"` // what the collector leaves on a running machine
	Hashes   map[string]string `json:"sha256"`
}

type manifestVolume struct {
	Name     string `json:"name"`
	Snapshot string `json:"snapshot,omitempty"`
	Device   string `json:"device"`
	Accessor string `json:"accessor"`
	Stored   string `json:"stored"`
	Listed   int64  `json:"listed,omitempty"`
	Listing  string `json:"listing,omitempty"`
	Scope    string `json:"listing_scope,omitempty"`
	Serial   string `json:"serial,omitempty"`
	Label    string `json:"label,omitempty"`
	Size     int64  `json:"size,omitempty"`
	Cluster  int    `json:"cluster_size,omitempty"`
	Locker   string `json:"bitlocker,omitempty"` // of a running machine: none, unlocked, unknown
}

func (m *machine) manifest(plan *Plan, files string) *manifest {
	now := m.o.now()
	x := &manifest{
		Tool: m.o.Tool, Program: programSum(), System: runtime.GOOS + "/" + runtime.GOARCH, Command: m.o.Command, Source: m.ev.Path,
		Kind: m.ev.Kind, Machine: m.name, Started: m.started.Format(time.RFC3339Nano), Ended: now.Format(time.RFC3339Nano),
		Local: now.Local().Format(time.RFC3339), Absent: plan.Absent, Problems: []string{},
		Elevated: elevated(), GUID: m.about.GUID, Product: m.about.Product, Build: m.about.Build, Zone: m.about.TimeZone,
		Limits: map[string]int64{"max_file": m.o.maxFile(), "max_total": m.o.maxTotal()},
		Hashes: map[string]string{"artifactdump/files.jsonl": files}, Notes: m.ev.Notes,
	}
	if m.ev.Live() {
		x.Traces = strings.ReplaceAll(footprint, "\n", " ")
	}
	if u, err := user.Current(); err == nil {
		x.User = u.Username
	}
	var listed int64
	for _, d := range m.order {
		v := manifestVolume{Name: d.Volume, Snapshot: d.Snapshot, Device: d.Device, Accessor: d.Accessor, Stored: d.Stored,
			Listed: d.Listed, Listing: d.Listing, Scope: d.Scope}
		if d.Snapshot == "" {
			v.Locker = m.ev.BitLocker(d.Volume)
		}
		if n, ok := d.fsys.(*ntfs.Volume); ok {
			v.Serial, v.Label, v.Size, v.Cluster = fmt.Sprintf("%016X", n.Serial), n.Label, n.Size, n.ClusterSize()
		}
		x.Volumes = append(x.Volumes, v)
		listed += d.Listed
	}
	x.States, x.Changed, x.Cut = m.rows.states, m.rows.changed, m.rows.cut
	x.Counts = map[string]int64{"files": int64(m.rows.n), "same": m.rows.same, "stored_bytes": m.rows.stored, "listed": listed}
	for _, err := range append(plan.Errors, m.tree.Problems()...) {
		x.Problems = append(x.Problems, err.Error())
	}
	return x
}

// programSum returns the SHA-256 of the running program's file, "" when it cannot be read.
func programSum() string {
	name, err := os.Executable()
	if err != nil {
		return ""
	}
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return ""
	}
	return hex.EncodeToString(sum.Sum(nil))
}
