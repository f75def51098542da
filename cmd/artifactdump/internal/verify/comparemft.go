package verify

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// mftPiece is how much of a $MFT the witness is asked about at once.
const mftPiece = 2 << 20

// mftFiles returns the file tables of the evidence, as the artifact mft finds
// them.
func mftFiles(t *evidence.Tree) (files []*evidence.File, errs []error) {
	add := func(list []*evidence.File) {
		for _, f := range list {
			if !slices.ContainsFunc(files, func(o *evidence.File) bool { return o.Path == f.Path && o.Snapshot == f.Snapshot }) {
				files = append(files, f)
			}
		}
	}
	for _, a := range catalogue.All() {
		if a.Name != "mft" {
			continue
		}
		for _, s := range a.Sources {
			found, failed := t.Glob(s.Glob)
			errs = append(errs, failed...)
			add(found)
			if s.Signature != "" {
				add(t.Signed(s.Signature))
			}
		}
	}
	return files, errs
}

// compareMFT compares every file record of a $MFT. Records are compared one by
// one, without their extension records.
func compareMFT(w *Witness, f *evidence.File) (*Verdict, error) {
	v := &Verdict{Path: f.Path, Kind: "mft"}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	buf := make([]byte, mftPiece)
	size := 0
	for at := int64(0); ; {
		n, err := io.ReadFull(r, buf)
		if size == 0 {
			size = ntfs.RecordSize(buf[:n])
		}
		whole := buf[:n/size*size]
		if v.Witness == "" && len(whole) > 0 {
			compareRecords(v, w, whole, size, at)
		}
		at += int64(len(whole))
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			if n > len(whole) {
				err = fmt.Errorf("ends %d bytes into a file record", n-len(whole))
				return v, err
			}
			return v, nil
		case err != nil:
			return v, err
		}
	}
}

func compareRecords(v *Verdict, w *Witness, data []byte, size int, at int64) {
	a, died, err := w.ask(witnessQuestion{MFT: true, Data: data, RecordSize: size})
	switch {
	case died || err != nil:
		v.Witness = "died: " + err.Error()
		return
	case a.Error != "":
		v.Witness = "refused: " + a.Error
		return
	case len(a.Records) != len(data)/size:
		v.Witness = "answered only a part"
		return
	}
	compareAnswer(v, data, size, at, a)
}

// compareAnswer holds the witness's answer against our reading of whole records.
func compareAnswer(v *Verdict, data []byte, size int, at int64, a witnessAnswer) {
	next := 0
	opts := &ntfs.RecordOptions{RecordSize: size}
	for r, err := range ntfs.Records(bytes.NewReader(bytes.Clone(data)), opts) {
		if err != nil {
			break // whole records in memory: it cannot be
		}
		i := int(r.Entry)
		for ; next < i; next++ {
			compareNone(v, data[next*size:], &a.Records[next], at+int64(next*size))
		}
		next = i + 1
		compareRecord(v, data[i*size:(i+1)*size], r, &a.Records[i], at+r.Offset)
	}
	for ; next < len(a.Records); next++ {
		compareNone(v, data[next*size:], &a.Records[next], at+int64(next*size))
	}
}

// compareNone looks at a position that holds no record for us.
func compareNone(v *Verdict, b []byte, p *witnessRecord, at int64) {
	if p.Error != "" || len(p.Names) == 0 && p.Standard == nil {
		v.Agreed++
		return
	}
	v.differ(Difference{"record", fmt.Sprintf("position %d", at), at, "none", "read", hexBytes(b, 0, 48)})
}

func compareRecord(v *Verdict, b []byte, r *ntfs.Record, p *witnessRecord, at int64) {
	field := func(name, ours, theirs string) {
		if ours == theirs {
			v.Agreed++
			return
		}
		for i := range mftDivergences {
			if d := &mftDivergences[i]; (d.field == name || d.field == "record") && d.is != nil && d.is(r, b) {
				v.known(d.divergence, 1)
				return
			}
		}
		v.differ(Difference{name, "file record " + r.Reference().String(), at, ours, theirs, hexBytes(b, 0, 64)})
	}
	if p.Error != "" || r.Damage&ntfs.Baad != 0 {
		field("record", readText(r.Damage&ntfs.Baad == 0), readText(p.Error == ""))
		return
	}
	field("sequence", fmt.Sprint(r.Sequence), fmt.Sprint(p.Sequence))
	field("use", fmt.Sprint(r.InUse(), r.Flags&2 != 0, r.Links), fmt.Sprint(p.InUse, p.Directory, p.Links))
	field("lsn", fmt.Sprint(r.LSN), fmt.Sprint(p.LSN))
	ours, theirs := "none", "none"
	if r.HasStandard {
		ours = fmt.Sprint(sinceEpoch(r.Standard.Times))
	}
	if p.Standard != nil {
		theirs = fmt.Sprint(*p.Standard)
	}
	field("times", ours, theirs)
	var a, c []string
	for i := range r.Names {
		n := &r.Names[i]
		a = append(a, fmt.Sprint(n.Name(), " ", n.Parent, " ", sinceEpoch(n.Times)))
	}
	for _, n := range p.Names {
		c = append(c, fmt.Sprint(n.Name, " ", ntfs.NewReference(n.Parent, n.ParentSequence), " ", n.Times))
	}
	field("names", strings.Join(a, "; "), strings.Join(c, "; "))
	a, c = nil, nil
	for i := range r.Streams {
		a = append(a, fmt.Sprintf("%q %d", r.Streams[i].Name(), r.Streams[i].Size))
	}
	for _, s := range p.Streams {
		c = append(c, fmt.Sprintf("%q %d", s.Name, s.Size))
	}
	field("streams", strings.Join(a, "; "), strings.Join(c, "; "))
}

func readText(read bool) string {
	if read {
		return "read"
	}
	return "not read"
}

// sinceEpoch turns FILETIMEs into units of 100 ns since 1970.
func sinceEpoch(t ntfs.Times) (out [4]int64) {
	for i, x := range t {
		out[i] = int64(x) - 116_444_736_000_000_000
	}
	return out
}
