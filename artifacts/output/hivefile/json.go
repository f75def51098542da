package hivefile

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/hive"
)

// A Key is a key with its values, as it is written in JSON.
type Key struct {
	Path    string  `json:"path"`
	Written string  `json:"written,omitempty"`
	Class   string  `json:"class,omitempty"`
	Offset  int64   `json:"offset"`
	Flags   uint16  `json:"flags,omitempty"`
	Deleted string  `json:"deleted,omitempty"`
	Lost    string  `json:"unreachable,omitempty"`
	Values  []Value `json:"values"`
}

// A Value is a value as it is written in JSON.
type Value struct {
	Name   string `json:"name"`
	Type   uint32 `json:"type"`
	Text   string `json:"type_name"`
	Size   uint32 `json:"size"`
	Offset int64  `json:"offset"`
	SHA256 string `json:"sha256"`
	Data   any    `json:"data,omitempty"` // text, list of texts, number; hex for bytes
}

// KeyOf returns a key with those of its values that can be read.
func KeyOf(k hive.Key) Key {
	j := Key{Path: k.Path(), Written: output.FormatTime(k.Written()), Offset: k.Offset(), Flags: uint16(k.Flags()), Values: []Value{}}
	j.Class, _ = k.ClassName()
	for v, err := range k.Values() {
		if err == nil {
			j.Values = append(j.Values, ValueOf(v))
		}
	}
	return j
}

// ValueOf returns a value with its data as far as that can be read.
func ValueOf(v hive.Value) Value {
	b, _ := v.Bytes()
	sum := sha256.Sum256(b)
	j := Value{Name: v.Name(), Type: uint32(v.Type()), Text: v.Type().String(), Size: v.Size(), Offset: v.Offset(),
		SHA256: hex.EncodeToString(sum[:])}
	switch v.Type().Base() {
	case hive.String, hive.ExpandString, hive.Link:
		if t, err := v.Text(); err == nil {
			j.Data = t
		}
	case hive.MultiString:
		if t, err := v.Texts(); err == nil {
			j.Data = t
		}
	case hive.DWord, hive.DWordBigEndian, hive.QWord:
		if n, err := v.Uint(); err == nil {
			j.Data = n
		}
	}
	if j.Data == nil && len(b) > 0 {
		j.Data = hex.EncodeToString(b)
	}
	return j
}

// RemnantOf returns a recovered key, or a recovered value with the path of its key.
func RemnantOf(r hive.Remnant) Key {
	k := Key{Path: r.Path, Offset: r.Offset}
	if r.IsKey {
		k = KeyOf(r.Key)
	} else {
		k.Values = []Value{ValueOf(r.Value)}
	}
	if k.Deleted = r.Note(); r.Unreachable {
		k.Deleted, k.Lost = "", r.Note()
	}
	return k
}

// TrimRoot drops the name under which a live system would mount the hive, so
// that HKLM\SYSTEM\Select finds Select in a SYSTEM hive.
func TrimRoot(h *hive.Hive, path string) string {
	if _, err := h.Key(path); err == nil {
		return path
	}
	parts := strings.Split(strings.Trim(path, `\`), `\`)
	if len(parts) == 0 {
		return path
	}
	skip := 0
	switch strings.ToUpper(parts[0]) {
	case "HKLM", "HKEY_LOCAL_MACHINE", "HKU", "HKEY_USERS":
		skip = 2
	case "HKCU", "HKEY_CURRENT_USER":
		skip = 1
	}
	if skip == 0 || skip > len(parts) {
		return path
	}
	return strings.Join(parts[skip:], `\`)
}
