package prefetch_test

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/scca"
	"github.com/artifactdump/artifactdump/prefetch"
	"github.com/google/go-cmp/cmp"
)

// FuzzParse feeds files that may be anything. None makes the parser panic, or hold more than a small multiple of what it was given; the
// same bytes give the same File; every damage lies inside the file; strict and plain parsing agree on whether there is one.
func FuzzParse(f *testing.F) {
	samples := scca.Samples()
	for _, name := range slices.Sorted(maps.Keys(samples)) {
		s := samples[name]
		f.Add(s.Build())
	}
	for _, d := range scca.Damages {
		for _, name := range []string{"v17", "v26", "v30b", "v31-mam"} {
			if d.Applies(samples[name]) {
				f.Add(d.Build(samples[name]))
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		opts := &prefetch.Options{Traces: true, MaxSize: 1 << 20}
		got, err := prefetch.Parse(b, opts)
		again, err2 := prefetch.Parse(slices.Clone(b), opts)
		if !reflect.DeepEqual(got, again) {
			t.Fatalf("the same bytes give another File: %s", cmp.Diff(got, again))
		}
		if (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() {
			t.Fatalf("the same bytes give %v and %v", err, err2)
		}
		if got == nil {
			if _, ok := errors.AsType[*prefetch.FormatError](err); !ok {
				if _, ok := errors.AsType[*prefetch.LimitError](err); !ok {
					t.Fatalf("no File, and error %v", err)
				}
			}
			return
		}
		checkOffsets(t, got, len(b))
		checkBounds(t, got)
		_, strict := prefetch.Parse(b, &prefetch.Options{MaxSize: 1 << 20, Strict: true})
		if (strict != nil) != (err != nil || len(got.Damage) > 0) {
			t.Fatalf("strict error %v; error %v, %d damages", strict, err, len(got.Damage))
		}
		v := got.Verify(nil, nil)
		if v.Status.OK() {
			sum := prefetch.Hash(got.Version, v.Path, v.CommandLine) + v.Hint
			if v.Package != "" {
				sum += prefetch.HashPackage(v.Package, v.AppID)
			}
			if sum != got.Hash && got.Version != prefetch.V17 && !slices.ContainsFunc(got.Damage, func(d *prefetch.FormatError) bool { return d.Kind == prefetch.UnpairedSurrogate }) {
				t.Fatalf("%+v, but its parts give %08X, not %08X", v, sum, got.Hash)
			}
		}
	})
}

// checkBounds: no section gives more than its bytes can hold.
func checkBounds(t *testing.T, f *prefetch.File) {
	t.Helper()
	if n := len(f.Files); n*20 > f.Size {
		t.Fatalf("%d files in %d bytes", n, f.Size)
	}
	if n := len(f.Traces); n*8 > f.Size {
		t.Fatalf("%d traces in %d bytes", n, f.Size)
	}
	text, refs := len(f.Executable)+len(f.ExecutablePath)+len(f.PackageFullName), 0
	for _, m := range f.Files {
		text += len(m.Name)
	}
	for _, v := range f.Volumes {
		text += len(v.Device)
		for _, d := range v.Directories {
			text += len(d)
		}
		refs += len(v.Refs)
	}
	// A unit of two bytes becomes at most three. The names, the volumes and the record may each be of the whole file.
	if text > 3*f.Size*3/2+100 || refs*8 > f.Size {
		t.Fatalf("%d bytes of text and %d references in %d bytes", text, refs, f.Size)
	}
	if len(f.Damage) > 202 {
		t.Fatalf("%d damages", len(f.Damage))
	}
}
