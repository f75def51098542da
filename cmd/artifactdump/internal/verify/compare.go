package verify

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/prefetch"
)

var peerVersions = map[prefetch.Version]string{
	prefetch.V17: "WinXP", prefetch.V23: "Vista", prefetch.V26: "Win8.1", prefetch.V30: "Win10", prefetch.V31: "Win11",
}

func comparePrefetch(w *Witness, path string, b []byte) *Verdict {
	v := &Verdict{Path: path, Kind: "prefetch"}
	a, died, err := w.ask(witnessQuestion{Data: b})
	if died || err != nil {
		v.Witness = "died: " + err.Error()
	}
	return comparePrefetchAnswer(v, path, b, a)
}

// comparePrefetchAnswer holds the witness's answer against our reading.
func comparePrefetchAnswer(v *Verdict, path string, b []byte, a witnessAnswer) *Verdict {
	f, err := prefetch.Parse(b, nil)
	if a.Error != "" {
		v.Witness = "refused: " + a.Error
	}
	if f == nil {
		// Both may refuse; a witness that reads anything that is not a Prefetch file is
		// covered by the row on damage.
		if v.Witness == "" {
			v.known(prefetchDivergences[1].divergence, 1)
		} else {
			v.Agreed++
			v.Witness += "; ours: " + err.Error()
		}
		return v
	}
	if v.Witness != "" {
		if i := explainPrefetch("file", f); i >= 0 {
			v.known(prefetchDivergences[i].divergence, 1)
		} else {
			v.differ(Difference{Field: "file", Where: path, Ours: "read", Theirs: v.Witness, Bytes: hexBytes(b, 0, 32)})
		}
		return v
	}
	data, fields, _ := prefetch.Explain(b, nil)
	p := a.Prefetch
	field := func(name, at string, ours, theirs string) {
		if ours == theirs {
			v.Agreed++
			return
		}
		if i := explainPrefetch(name, f); i >= 0 {
			v.known(prefetchDivergences[i].divergence, 1)
			return
		}
		d := Difference{Field: name, Where: path, Ours: ours, Theirs: theirs}
		for _, x := range fields {
			if x.Name == at {
				d.Offset, d.Bytes = int64(x.Offset), hexBytes(data, x.Offset, x.Size)
			}
		}
		v.differ(d)
	}
	field("executable", "executable name", f.Executable, p.Executable)
	field("hash", "prefetch hash", fmt.Sprintf("0x%08X", f.Hash), p.Hash)
	field("version", "format version", peerVersions[f.Version], p.Version)
	field("run count", "run count", fmt.Sprint(f.RunCount), fmt.Sprint(p.RunCount))
	field("run times", "run time 0", seconds(f.LastRuns), fmt.Sprint(dropUnset(p.LastRuns)))
	names := make([]string, len(f.Files))
	for i, m := range f.Files {
		names[i] = m.Name
	}
	field("files", "filename strings offset", strings.Join(names, "\n"), strings.Join(p.Files, "\n"))
	return v
}

func seconds(ts []time.Time) string {
	out := []int64{}
	for _, t := range ts {
		if !t.IsZero() {
			out = append(out, t.Unix())
		}
	}
	return fmt.Sprint(out)
}

// dropUnset drops what the peer makes of a FILETIME of zero.
func dropUnset(ts []int64) []int64 {
	out := []int64{}
	for _, t := range ts {
		if t > 0 && t < 253402300800 {
			out = append(out, t)
		}
	}
	return out
}

func hexBytes(b []byte, off, n int) string {
	if off < 0 || off > len(b) {
		return ""
	}
	return fmt.Sprintf("% x", b[off:min(off+min(n, 64), len(b))])
}
