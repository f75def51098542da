package ntfs_test

import (
	"slices"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/corpus"
)

// FuzzFields names the fields of damaged records within their bytes.
func FuzzFields(f *testing.F) {
	v := corpus.Metadata()
	mft := v.MFT()
	f.Add(mft[:1024])
	f.Add(mft[len(mft)-1024:])
	f.Add(v.J()[:256])
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, x := range slices.Concat(ntfs.RecordFields(b), ntfs.ChangeFields(b)) {
			if x.Offset < 0 || x.Offset+int64(x.Size) > int64(len(b)) {
				t.Fatalf("%s at %d, %d bytes of %d", x.Name, x.Offset, x.Size, len(b))
			}
		}
	})
}

// TestRecordFields names what the record of the implant holds.
func TestRecordFields(t *testing.T) {
	mft := corpus.Metadata().MFT()
	has := func(b []byte, name, value string) bool {
		return slices.ContainsFunc(ntfs.RecordFields(b), func(f ntfs.Field) bool { return f.Name == name && f.Value == value })
	}
	found := false
	for off := 0; off+1024 <= len(mft); off += 1024 {
		b := mft[off : off+1024]
		if has(b, "name", "cache.dll") {
			found = has(b, "created", "2023-11-08T09:00:00Z") && has(b, "name: created", "2026-03-06T18:02:50.441002Z") && has(b, "signature", `"FILE"`)
		}
	}
	if !found {
		t.Error("the record of cache.dll is not explained")
	}
}
