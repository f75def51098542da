package ntfs

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
)

// words writes numbers as extended attributes hold them.
func words(list ...uint32) []byte {
	var b []byte
	for _, n := range list {
		b = le.AppendUint32(b, n)
	}
	return b
}

// TestWSL reads the Linux owner, mode and device of files, also from a record that is
// free, and the names of the fields.
func TestWSL(t *testing.T) {
	v := ntfsmeta.New(ntfsmeta.Spec{Made: corpusDay})
	script := v.Create(ntfsmeta.Root, "run.sh", []byte("#!/bin/sh"), corpusDay)
	v.Extended(script, "$LXUID", words(1000), corpusDay)
	v.Extended(script, "$lxgid", words(100), corpusDay) // names of attributes have no case
	v.Extended(script, "$LXMOD", words(0o100755), corpusDay)
	device := v.Create(ntfsmeta.Root, "sda", nil, corpusDay)
	v.Extended(device, "OTHER", []byte("seven b"), corpusDay)
	v.Extended(device, "$LXDEV", words(8, 1), corpusDay)
	v.Extended(device, "$LXUID", []byte{1, 2}, corpusDay) // too short
	plain := v.Create(ntfsmeta.Root, "plain.txt", nil, corpusDay)
	v.Delete(script, corpusDay)

	mft := v.MFT()
	_, all := readAll(t, mft)
	w, ok := all[entryOf(script)].WSL()
	if !ok || w.UID == nil || *w.UID != 1000 || w.GID == nil || *w.GID != 100 || w.Mode == nil || *w.Mode != 0o100755 || w.Major != nil {
		t.Errorf("script: %+v %t", w, ok)
	}
	w, ok = all[entryOf(device)].WSL()
	if !ok || w.UID != nil || w.Major == nil || *w.Major != 8 || w.Minor == nil || *w.Minor != 1 {
		t.Errorf("device: %+v %t", w, ok)
	}
	if w, ok := all[entryOf(plain)].WSL(); ok {
		t.Errorf("plain file: %+v", w)
	}
	var got []string
	rec := mft[entryOf(device)*1024:][:1024]
	for _, f := range RecordFields(rec) {
		if f.Name == "$LXDEV" || f.Name == "OTHER" {
			got = append(got, fmt.Sprintf("%s %x", f.Name, rec[f.Offset:f.Offset+int64(f.Size)]))
		}
	}
	if want := []string{"OTHER 736576656e2062", "$LXDEV 0800000001000000"}; !slices.Equal(got, want) {
		t.Errorf("fields %q, want %q", got, want)
	}
}

// TestWSLExtension: extended attributes that are in an extension record are those of
// its base.
func TestWSLExtension(t *testing.T) {
	var r Record
	var ext []byte
	eachEA(nil, func(string, int, []byte) { t.Error("an empty list has an entry") })
	list := append([]byte{0, 0, 0, 0, 0, 6, 4, 0}, "$LXUID\x00\x2A\x00\x00\x00"...)
	r.EA = list
	ext = joinable(&r)
	r.reset(7, 0)
	r.attributes(ext, 0, 7, 0)
	if w, ok := r.WSL(); !ok || *w.UID != 42 {
		t.Errorf("%+v", w)
	}
	for n := range list { // cut anywhere, it is no list
		r.EA = bytes.Clone(list[:n])
		if w, ok := r.WSL(); ok {
			t.Errorf("%d bytes: %+v", n, w)
		}
	}
}
