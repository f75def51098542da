package pffile

import (
	"cmp"
	"fmt"
	"io"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/prefetch"
)

// The JSON object of one file. Names and order are an interface.
type object struct {
	Path        string   `json:"path"`
	SHA256      string   `json:"sha256,omitempty"`
	Version     uint32   `json:"version,omitempty"`
	Compressed  bool     `json:"compressed"`
	Executable  string   `json:"executable,omitempty"`
	Hash        string   `json:"hash,omitempty"`
	HashOK      *bool    `json:"hash_ok,omitempty"`
	HashStatus  string   `json:"hash_status,omitempty"`
	ImagePath   string   `json:"image_path,omitempty"`
	Recovered   bool     `json:"path_recovered,omitempty"`
	CommandLine string   `json:"command_line,omitempty"`
	Hint        uint32   `json:"prefetch_hint,omitempty"`
	Package     string   `json:"package,omitempty"`
	AppID       string   `json:"app_id,omitempty"`
	RunCount    uint32   `json:"run_count"`
	LastRuns    []string `json:"last_runs"`
	ClockBack   bool     `json:"clock_set_back,omitempty"`
	Scenario    bool     `json:"scenario,omitempty"`
	Volumes     []volume `json:"volumes"`
	Files       []metric `json:"files"`
	Damage      []damage `json:"damage,omitempty"`
	Error       string   `json:"error,omitempty"`
	Candidates  int      `json:"candidates,omitempty"`
	HashNote    string   `json:"hash_note,omitempty"`
}

type volume struct {
	Device      string   `json:"device"`
	Serial      string   `json:"serial"`
	Created     string   `json:"created,omitempty"`
	Directories []string `json:"directories"`
	Refs        []ref    `json:"refs"`
}

type ref struct {
	Entry    uint64 `json:"entry"`
	Sequence uint16 `json:"sequence"`
}

// start and duration are the classic names of the first two fields of a file
// metrics entry; their true meaning is the first trace entry and the number
// of entries, given under their own names beside them.
type metric struct {
	Name       string  `json:"name"`
	Entry      uint64  `json:"entry"`
	Sequence   uint16  `json:"sequence"`
	Flags      uint32  `json:"flags"`
	Start      uint32  `json:"start"`
	Duration   uint32  `json:"duration"`
	Prefetched uint32  `json:"prefetched"`
	ImagePages uint32  `json:"image_pages"`
	DataPages  uint32  `json:"data_pages"`
	Traces     []trace `json:"traces,omitempty"`
}

type trace struct {
	Offset int64 `json:"offset"`
	Bits   uint8 `json:"bits"`
}

type damage struct {
	Offset  int64  `json:"offset"`
	Struct  string `json:"struct"`
	Problem string `json:"problem"`
	Kind    string `json:"kind"`
}

func (f *File) object() object {
	j := object{Path: f.Path, SHA256: f.SHA256, LastRuns: []string{}, Volumes: []volume{}, Files: []metric{}}
	if f.Err != nil {
		j.Error = f.Err.Error()
	}
	p := f.Prefetch
	if p == nil {
		return j
	}
	v := &f.Verify
	j.Version, j.Compressed, j.Executable, j.RunCount = uint32(p.Version), p.Compressed, p.Executable, p.RunCount
	j.Hash = fmt.Sprintf("%08X", p.Hash)
	j.HashStatus = v.Status.String()
	j.HashNote = v.Why
	if v.Status.OK() || v.Status == prefetch.Mismatch {
		j.HashOK = new(v.Status.OK())
	}
	j.ImagePath = cmp.Or(v.Path, p.ExecutablePath)
	j.Recovered, j.CommandLine, j.Hint, j.Candidates = v.Recovered, v.CommandLine, v.Hint, v.Candidates
	j.Package, j.AppID = cmp.Or(v.Package, p.PackageFullName), v.AppID
	j.ClockBack, j.Scenario = p.ClockSetBack, p.Flags&1 != 0
	for _, t := range p.LastRuns {
		if !t.IsZero() {
			j.LastRuns = append(j.LastRuns, output.FormatTime(t))
		}
	}
	for _, v := range p.Volumes {
		pv := volume{v.Device, fmt.Sprintf("%08X", v.Serial), output.FormatTime(v.Created), v.Directories, make([]ref, 0, len(v.Refs))}
		if pv.Directories == nil {
			pv.Directories = []string{}
		}
		for _, r := range v.Refs {
			pv.Refs = append(pv.Refs, ref{r.Entry, r.Sequence})
		}
		j.Volumes = append(j.Volumes, pv)
	}
	for _, m := range p.Files {
		pm := metric{m.Name, m.MFT.Entry, m.MFT.Sequence, m.Flags, m.FirstTrace, m.Traces, m.Prefetched, m.ImagePages, m.DataPages, nil}
		for _, t := range p.TracesOf(m) {
			pm.Traces = append(pm.Traces, trace{t.Offset, t.Bits})
		}
		j.Files = append(j.Files, pm)
	}
	for _, d := range p.Damage {
		j.Damage = append(j.Damage, damage{d.Offset, d.Struct, d.Problem, d.Kind.String()})
	}
	return j
}

// JSON writes the file as a line of JSON.
func (f *File) JSON(w io.Writer) error {
	b, err := output.Marshal(f.object())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", b)
	return err
}
