package scan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// An inventory gathers what the manifest says of one machine's inputs while
// results come in.
type inventory struct {
	machine *MachineManifest
	tree    *evidence.Tree
	inputs  map[string]*Input
	byName  map[string]int // of artifacts
	all     io.Writer      // of damaged.jsonl, when the manifest cannot list all
	create  func() (io.Writer, error)
	err     error // of writing it
	bytes   int64 // of the inputs
}

// newInventory begins an inventory. create opens the file for damage beyond what
// the manifest lists.
func newInventory(h *MachineManifest, tree *evidence.Tree, create func() (io.Writer, error)) *inventory {
	return &inventory{machine: h, tree: tree, inputs: map[string]*Input{}, byName: map[string]int{}, create: create}
}

func (v *inventory) input(path, snapshot string) *Input {
	k := snapshot + "|" + path
	in := v.inputs[k]
	if in == nil {
		in = &Input{Path: path, Snapshot: snapshot, Status: "ok"}
		v.inputs[k] = in
		v.machine.Inputs = append(v.machine.Inputs, in)
		if f, ok := v.tree.LookupCopy(path, snapshot); ok {
			if st, err := f.Stat(); err == nil {
				in.Size = st.Size()
				v.bytes += in.Size
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
			i = len(v.machine.Artifacts)
			v.byName[name] = i
			v.machine.Artifacts = append(v.machine.Artifacts, ArtifactCounts{Name: name})
		}
		a := &v.machine.Artifacts[i]
		if !res.More {
			a.Sources++
		}
		a.Records += len(res.Records)
		a.Errors += len(res.Errors)
	}
	v.machine.Counts.Records += len(res.Records)
	v.machine.Counts.Hidden += res.Hidden
	v.machine.Notes = append(v.machine.Notes, res.Notes...)
	for _, e := range res.Errors {
		v.damage(Damage{e.From.Path, e.From.Snapshot, name, e.From.Key, e.From.Value, e.From.Offset, e.Err.Error()})
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
	in.Records += len(res.Records) - v.beside(res, name)
	if len(res.Errors) > 0 && in.Error == "" {
		in.Error, in.Offset = res.Errors[0].Err.Error(), res.Errors[0].From.Offset
		in.Status = "failed"
	}
	if in.Status == "failed" && in.Records > 0 {
		in.Status = "partial"
	}
}

// beside adds the files that records came from other than the source of a result:
// the logs of its database. It returns the number of these records.
func (v *inventory) beside(res *artifacts.Result, name string) int {
	n := 0
	for i := range res.Records {
		from := &res.Records[i].From
		if from.Path == res.From.Path {
			continue
		}
		n++
		in := v.input(from.Path, from.Snapshot)
		in.SHA256 = from.SHA256
		in.Records++
		if !slices.Contains(in.Parsers, name) {
			in.Parsers = append(in.Parsers, name)
		}
	}
	return n
}

func (v *inventory) damage(d Damage) {
	v.machine.Counts.Damaged++
	if len(v.machine.Damaged) < maxDamage {
		v.machine.Damaged = append(v.machine.Damaged, d)
		return
	}
	if v.machine.More++; v.err != nil {
		return
	}
	if v.all == nil {
		if v.all, v.err = v.create(); v.err == nil {
			v.err = jsonLines(v.all, v.machine.Damaged)
		}
	}
	if v.err == nil {
		v.err = jsonLines(v.all, []Damage{d})
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
			in := v.input(l.Path, l.Snapshot)
			in.Kind = "transaction log"
			var err error
			if in.Size, in.SHA256, err = hashed(l); err != nil {
				in.Status, in.Error = "failed", err.Error()
			}
		}
	}
	v.machine.Counts.Inputs = len(v.machine.Inputs)
	v.machine.InputsHash = InputsHash(v.machine.Inputs)
}

// runID names a run by what went into it, so that the same evidence gives the
// same files.
func (v *inventory) runID(version string) string {
	h := sha256.New()
	fmt.Fprintln(h, version)
	for _, in := range v.machine.Inputs {
		fmt.Fprintln(h, in.Snapshot, in.Path, in.SHA256)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// InputsHash is one SHA-256 for all files that were read of a machine: that of the
// lines "SHA-256, two spaces, path", sorted, of those that were hashed. A file of a
// shadow copy has the name of the copy and a space before its path.
func InputsHash(inputs []*Input) string {
	var lines []string
	for _, in := range inputs {
		if in.SHA256 != "" {
			lines = append(lines, in.SHA256+"  "+strings.TrimSpace(in.Snapshot+" "+in.Path)+"\n")
		}
	}
	if len(lines) == 0 {
		return ""
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return hex.EncodeToString(sum[:])
}

// hashed reads a file once, for its size and SHA-256.
func hashed(f *evidence.File) (size int64, hash string, err error) {
	r, _, err := f.Reader()
	if err != nil {
		return 0, "", err
	}
	defer r.Close()
	sum := sha256.New()
	size, err = io.Copy(sum, r)
	if err != nil {
		return size, "", err
	}
	return size, hex.EncodeToString(sum.Sum(nil)), nil
}
