package prefetch_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/scca"
	"github.com/artifactdump/artifactdump/prefetch"
	"github.com/google/go-cmp/cmp"
)

// What the corpus writes is what the parser reads, for every version, variant and container.
func TestRoundTrip(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(scca.Samples())) {
		s := scca.Samples()[name]
		t.Run(name, func(t *testing.T) { roundTrip(t, s) })
	}
}

func roundTrip(t *testing.T, s scca.Spec) {
	t.Helper()
	f, err := prefetch.Parse(s.Build(), &prefetch.Options{Traces: true})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fileOf(&s), meaning(f)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if v := f.Verify(nil, nil); v.Status != prefetch.Verified || v.Path != s.Path {
		t.Errorf("Verify = %s, %s (%s), want verified, %s", v.Status, v.Path, v.Why, s.Path)
	}
	if !f.NameMatches(`C:\Windows\Prefetch\` + s.FileName()) {
		t.Errorf("NameMatches(%s) = false for %s", s.FileName(), f.FileName())
	}
}

// fileOf is the File that a spec stands for.
func fileOf(s *scca.Spec) *prefetch.File {
	f := &prefetch.File{
		Version: prefetch.Version(s.Version), Variant: s.Variant, Compressed: s.MAM,
		Executable: "CMD.EXE", Hash: scca.Hash(s.Version, s.Path), Flags: s.Flags, RunCount: s.RunCount, LastRuns: s.LastRuns,
	}
	if s.Version >= scca.Win10 {
		f.ExecutablePath = s.Path
	}
	for _, file := range s.Files {
		m := prefetch.Metric{Name: file.Name, FirstTrace: uint32(len(f.Traces)), Traces: uint32(len(file.Pages)), Flags: file.Flags}
		for _, p := range file.Pages {
			tr := prefetch.Trace{Offset: int64(p.Offset)}
			if p.Skip {
				tr.Bits |= prefetch.TraceNotPrefetched
			}
			if p.Image {
				tr.Bits |= prefetch.TraceImage
			}
			if p.Data {
				tr.Bits |= prefetch.TraceData
			}
			f.Traces = append(f.Traces, tr)
			m.Highest = max(m.Highest, tr.Offset)
			if s.Version > scca.XP {
				m.ImagePages += uint32(tr.Bits >> 1 & 1)
				m.DataPages += uint32(tr.Bits >> 2 & 1)
				m.Prefetched += uint32(^tr.Bits & 1)
			}
		}
		if s.Version > scca.XP {
			m.MFT = prefetch.Reference{Entry: file.Entry, Sequence: file.Sequence}
		}
		f.Files = append(f.Files, m)
	}
	for _, v := range s.Volumes {
		w := prefetch.Volume{Device: v.Device, Serial: v.Serial, Created: v.Created}
		for _, d := range v.Directories {
			if s.Version == scca.XP {
				d += `\`
			}
			w.Directories = append(w.Directories, d)
		}
		for _, r := range v.Refs {
			w.Refs = append(w.Refs, prefetch.Reference(r))
		}
		f.Volumes = append(f.Volumes, w)
	}
	return f
}

// meaning is f without what a spec does not say: sizes, raw times, usage bits, unknown fields.
func meaning(f *prefetch.File) *prefetch.File {
	g := *f
	g.Container, g.RawLastRuns, g.Unknown, g.Size, g.DeclaredSize = prefetch.Container{}, nil, prefetch.Unknown{}, 0, 0
	g.Volumes, g.Traces = slices.Clone(f.Volumes), slices.Clone(f.Traces)
	for i := range g.Volumes {
		g.Volumes[i].RawCreated, g.Volumes[i].Unknown36 = 0, 0
	}
	for i := range g.Traces {
		g.Traces[i].History, g.Traces[i].Used = 0, 0
	}
	return &g
}

// Specs of any shape come back: many files, many volumes, none, long names, all of Unicode.
func TestRoundTripShapes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	alphabet := []rune(`ABCXYZ0189_$~ .-{}ÄÖÜßÉœЖШ日本語한글𠮷😀` + "\u2028\u00A0\uFFFD\uFFFF")
	word := func(n int) string {
		w := make([]rune, 1+r.IntN(n))
		for i := range w {
			w[i] = alphabet[r.IntN(len(alphabet))]
		}
		return string(w)
	}
	for i := range 300 {
		base := scca.Samples()[slices.Sorted(maps.Keys(scca.Samples()))[i%len(scca.Samples())]]
		s := base
		s.RunCount = uint32(len(s.LastRuns)) + r.Uint32N(1000)
		if s.Version >= scca.Win8 && r.IntN(3) == 0 {
			s.LastRuns = s.LastRuns[:1+r.IntN(8)]
			s.RunCount = uint32(len(s.LastRuns))
		}
		s.Files, s.Volumes = nil, nil
		for v := range 1 + r.IntN(5) {
			vol := scca.Volume{Serial: r.Uint32(), Created: base.Volumes[0].Created.Add(time.Duration(r.IntN(1e9)) * 100)}
			vol.Device = scca.VolumeName(vol.Created, vol.Serial)
			if s.Version < scca.Win10 {
				vol.Device = base.Volumes[0].Device[:len(base.Volumes[0].Device)-1] + string(rune('1'+v))
			}
			for range r.IntN(20) {
				vol.Directories = append(vol.Directories, vol.Device+`\`+word(40))
			}
			for range r.IntN(20) {
				vol.Refs = append(vol.Refs, scca.Ref{Entry: r.Uint64() >> 16, Sequence: uint16(r.Uint32())})
			}
			for range r.IntN(30) {
				file := scca.File{Name: vol.Device + `\` + word(60), Flags: r.Uint32N(0x400)}
				if s.Version > scca.XP {
					file.Entry, file.Sequence = r.Uint64()>>16, uint16(r.Uint32())
				}
				for k := range r.IntN(9) {
					file.Pages = append(file.Pages, scca.Page{Offset: uint64(k+1) * 4096, Image: r.IntN(2) == 0, Data: r.IntN(2) == 0, Skip: r.IntN(2) == 0})
				}
				s.Files = append(s.Files, file)
			}
			s.Volumes = append(s.Volumes, vol)
		}
		f, err := prefetch.Parse(s.Build(), &prefetch.Options{Traces: true})
		if err != nil {
			t.Fatalf("shape %d: %v", i, err)
		}
		if diff := cmp.Diff(fileOf(&s), meaning(f)); diff != "" {
			t.Fatalf("shape %d: -want +got\n%s", i, diff)
		}
	}
}
