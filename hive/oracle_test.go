package hive

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"www.velocidex.com/golang/regparser"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// divergences lists where regparser, which is a witness and no judge, reads something else, and why.
var divergences = []struct {
	field, when, why string
	is               func(k Key, v Value) bool
}{
	{"key name", "the name has a byte above 0x7F or is UTF-16", "the peer returns the stored bytes undecoded (regf section 10)",
		func(k Key, _ Value) bool { return !plain(k.RawName(), k.Flags()&KeyNarrowName != 0) }},
	{"value name", "the name has a byte above 0x7F or is UTF-16", "the peer returns the stored bytes undecoded (regf section 10)",
		func(_ Key, v Value) bool { return !plain(v.RawName(), v.Flags()&vkNarrow != 0) }},
	{"key name", "the name runs past its cell", "the peer reads on into the next cell",
		func(k Key, _ Value) bool { return len(k.RawName()) < int(k.u16(nkNameLen)) }},
	{"time", "always below a second", "the peer divides the FILETIME down to seconds; compared in seconds", nil},
	{"time", "FILETIME before 1970", "the peer's unsigned seconds wrap: zero is the year 60056",
		func(k Key, _ Value) bool { return k.Written().Unix() < 0 }},
	{"data", "inline data of other than 4 bytes", "the peer always returns the 4 bytes of the field (regf section 7.2)",
		func(_ Key, v Value) bool { return v.Inline() && v.Size() != 4 }},
	{"data", "data that begins with \"db\"", "the peer takes any such data for big data; version and size decide (regf section 7.3)",
		func(_ Key, v Value) bool { b, _ := v.Bytes(); return bytes.HasPrefix(b, []byte("db")) }},
	{"data", "MULTI_SZ of odd length", "the peer appends a byte to the raw data",
		func(_ Key, v Value) bool { return v.Type() == MultiString && v.Size()%2 != 0 }},
	{"data", "big data", "the peer takes what a segment's cell has, at most the rest; a segment holds 16344 bytes (regf section 7.3)",
		func(_ Key, v Value) bool { return v.big() }},
	{"data", "no data at all", "the peer follows the offset, which means nothing, and finds a signature there (regf section 7.2)",
		func(_ Key, v Value) bool { return v.Size() == 0 }},
	{"data", "data longer than its cell or the file", "the peer reads on into the next cells",
		func(_ Key, v Value) bool { _, err := v.Bytes(); return err != nil }},
	{"values", "predefined handle", "the peer reads a handle as a count (regf section 5)",
		func(k Key, _ Value) bool { return k.Flags()&KeyPredefined != 0 }},
	{"values", "a list or a value that is damaged", "the peer reads past the end of the list and leaves out what is no value",
		func(k Key, _ Value) bool {
			for _, err := range k.Values() {
				if err != nil {
					return true
				}
			}
			return false
		}},
}

func plain(raw []byte, narrow bool) bool {
	return narrow && !bytes.ContainsFunc(raw, func(r rune) bool { return r > 0x7E || r == 0xFFFD })
}

func explained(field string, k Key, v Value) bool {
	for _, d := range divergences {
		if d.field == field && d.is != nil && d.is(k, v) {
			return true
		}
	}
	return false
}

// compare reads every key that both find at the same place, and returns what no divergence explains.
func compare(t *testing.T, h *Hive) {
	t.Helper()
	reg, err := regparser.NewRegistry(bytes.NewReader(h.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	keys, problems := 0, 0
	differ := func(k Key, field string, got, peer any) {
		if problems++; problems < 10 {
			t.Errorf("%s: %s = %v, peer %v", k.Path(), field, got, peer)
		}
	}
	for k, err := range h.Keys() {
		if err != nil || k.Offset()+80 > int64(len(h.Bytes())) {
			continue
		}
		keys++
		p := reg.Profile.CM_KEY_NODE(reg.Reader, k.Offset()+4)
		if got := k.Name(); got != p.Name() && !explained("key name", k, Value{}) {
			differ(k, "name", got, p.Name())
		}
		if got := k.Written().Unix(); got != p.LastWriteTime().Unix() && !explained("time", k, Value{}) {
			differ(k, "time", got, p.LastWriteTime().Unix())
		}
		if explained("values", k, Value{}) {
			continue
		}
		peers := p.Values()
		i := 0
		for v, err := range k.Values() {
			if err != nil {
				continue
			}
			if i == len(peers) {
				differ(k, "number of values", "more", len(peers))
				break
			}
			pv := peers[i]
			i++
			if got := v.Name(); got != pv.ValueName() && !explained("value name", k, v) {
				differ(k, "value name", got, pv.ValueName())
			}
			if uint32(v.Type()) != pv.Type() {
				differ(k, "type", v.Type(), pv.Type())
			}
			if explained("data", k, v) {
				continue
			}
			b, _ := v.Bytes()
			d := pv.ValueData()
			if !bytes.Equal(b, d.Data) {
				differ(k, v.Name()+": data", fmt.Sprintf("%.20x", b), fmt.Sprintf("%.20x", d.Data))
			}
			if v.Type() == DWord && v.Size() == 4 {
				if n, err := v.Uint(); err != nil || n != d.Uint64 {
					differ(k, v.Name()+": number", n, d.Uint64)
				}
			}
		}
		if i < len(peers) {
			differ(k, "number of values", i, len(peers))
		}
	}
	if keys == 0 {
		t.Error("no keys compared")
	}
}

func TestOracle(t *testing.T) {
	for version := uint32(3); version <= 6; version++ {
		h, err := Open(variety(version).Build(), nil)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, h)
	}
	h, err := Open(regf.Sound().Build(), nil)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, h)
}

func TestOracleEvidence(t *testing.T) {
	for _, name := range evidenceHives(t, ".truth.tsv.gz") {
		if info, err := os.Stat(filepath.Join(evidence(t), name)); err != nil || testing.Short() && info.Size() > 4<<20 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compare(t, openEvidence(t, name))
		})
	}
}
