package verify

import (
	"bytes"
	"fmt"
	"io"

	"github.com/artifactdump/artifactdump/hive"
	"github.com/artifactdump/artifactdump/prefetch"
)

// A divergence is a difference between ours and a witness that is understood:
// which field, when, and who is right by which document. docs/oracles.md is
// generated from these tables.
type divergence struct {
	field, when, why string
}

type prefetchDivergence struct {
	divergence
	is func(f *prefetch.File) bool
}

type hiveDivergence struct {
	divergence
	is func(k hive.Key, v hive.Value) bool
}

var prefetchDivergences = []prefetchDivergence{
	{divergence{"file", "the container has a checksum (MAM, format 0x84)",
		"the peer knows format 0x04 only; the data decompress, and the checksum fits (docs/formats/prefetch.md)"},
		func(f *prefetch.File) bool { return f.Compressed && f.Container.Format&0x80 != 0 }},
	{divergence{"file", "the file is damaged", "the peer has no notion of damage: it fails, or reads on over the end, where ours keeps what is there and names the rest"},
		func(f *prefetch.File) bool { return len(f.Damage) > 0 }},
	{divergence{"run count", "version 30 variant 2, version 31",
		"the peer reads the word at 208 and takes the one at 200 only if that is zero; the count is at 200, 96 bytes before the file metrics (libscca, file information of 212 bytes)"},
		func(f *prefetch.File) bool {
			return f.Version == prefetch.V30 && f.Variant == 2 || f.Version == prefetch.V31
		}},
	{divergence{"run times", "always", "the peer keeps whole seconds; compared in seconds"}, nil},
	{divergence{"run times", "a slot that is not set",
		"the peer reads a FILETIME of zero as the year 60056 and drops what lies in the future of its own clock; unset slots are left out on both sides"}, nil},
	{divergence{"version", "version 26", "the peer names versions after systems; compared through a table"}, nil},
}

var hiveDivergences = []hiveDivergence{
	{divergence{"key name", "the name has a byte above 0x7E or is UTF-16",
		"the peer returns the stored bytes undecoded (regf, names by their flag)"},
		func(k hive.Key, _ hive.Value) bool { return !plainName(k.RawName(), k.Flags()&hive.KeyNarrowName != 0) }},
	{divergence{"value name", "the name has a byte above 0x7E or is UTF-16",
		"the peer returns the stored bytes undecoded (regf, names by their flag)"},
		func(_ hive.Key, v hive.Value) bool { return !plainName(v.RawName(), v.Flags()&1 != 0) }},
	{divergence{"key name", "the name runs past its cell", "the peer reads on into the next cell"},
		func(k hive.Key, _ hive.Value) bool { return nameIsCut(k) }},
	{divergence{"last written", "always", "the peer keeps whole seconds; compared in seconds"}, nil},
	{divergence{"last written", "a FILETIME before 1970", "the peer's unsigned seconds wrap: zero is the year 60056"},
		func(k hive.Key, _ hive.Value) bool { return k.Written().Unix() < 0 }},
	{divergence{"data", "inline data of other than 4 bytes",
		"the peer always returns the 4 bytes of the field; the size says how many count (regf, value)"},
		func(_ hive.Key, v hive.Value) bool { return v.Inline() && v.Size() != 4 }},
	{divergence{"data", `data that begins with the letters "db"`,
		"the peer takes any such data for big data; version and size decide (regf, big data)"},
		func(_ hive.Key, v hive.Value) bool { b, _ := v.Bytes(); return bytes.HasPrefix(b, []byte("db")) }},
	{divergence{"data", "REG_MULTI_SZ of odd length", "the peer appends a byte to the raw data"},
		func(_ hive.Key, v hive.Value) bool { return v.Type() == hive.MultiString && v.Size()%2 != 0 }},
	{divergence{"data", "big data", "the peer takes what a segment's cell has; a segment holds 16,344 bytes and the rest of its cell is slack (regf, big data)"},
		func(_ hive.Key, v hive.Value) bool { return !v.Inline() && v.Size() > 16344 }},
	{divergence{"data", "no data at all", "the peer follows the offset, which means nothing for a size of zero"},
		func(_ hive.Key, v hive.Value) bool { return v.Size() == 0 }},
	{divergence{"data", "data longer than its cell or the file", "the peer reads on into the next cells"},
		func(_ hive.Key, v hive.Value) bool { _, err := v.Bytes(); return err != nil }},
	{divergence{"values", "a predefined handle", "the peer reads the handle as a count (regf, key flags)"},
		func(k hive.Key, _ hive.Value) bool { return k.Flags()&hive.KeyPredefined != 0 }},
	{divergence{"values", "a list or a value that is damaged",
		"the peer reads past the end of the list and omits anything that is not a value; ours reports the position"},
		func(k hive.Key, _ hive.Value) bool {
			for _, err := range k.Values() {
				if err != nil {
					return true
				}
			}
			return false
		}},
}

// plainName tells a name that the peer can read: one byte a unit, all ASCII.
func plainName(raw []byte, narrow bool) bool {
	if !narrow {
		return false
	}
	for _, c := range raw {
		if c > 0x7E {
			return false
		}
	}
	return true
}

func nameIsCut(k hive.Key) bool {
	for _, f := range k.Fields() {
		if f.Name == "name length" {
			return f.Value != fmt.Sprint(len(k.RawName()))
		}
	}
	return false
}

// explainPrefetch returns the number of the divergence that explains a
// difference in this field, or -1.
func explainPrefetch(field string, f *prefetch.File) int {
	for i, d := range prefetchDivergences {
		if (d.field == field || d.field == "file") && d.is != nil && d.is(f) {
			return i
		}
	}
	return -1
}

func explainHiveField(field string, k hive.Key, v hive.Value) int {
	for i, d := range hiveDivergences {
		if d.field == field && d.is != nil && d.is(k, v) {
			return i
		}
	}
	return -1
}

// writeOracles writes docs/oracles.md.
func writeOracles(w io.Writer) {
	fmt.Fprint(w, `# Where parsers disagree

Generated by `+"`go generate ./cmd/artifactdump`"+` from the tables that `+"`artifactdump verify`"+` uses. The other parsers are witnesses, not
judges: for each difference the bytes were read and the document consulted; what follows is the outcome. A difference that
no row explains is shown by `+"`verify`"+` with both readings and the bytes.

`)
	fmt.Fprintln(w, "## Prefetch: go-prefetch")
	fmt.Fprint(w, "\n| field | when | who is right, and why |\n| --- | --- | --- |\n")
	for _, d := range prefetchDivergences {
		fmt.Fprintf(w, "| %s | %s | %s |\n", d.field, d.when, d.why)
	}
	fmt.Fprintln(w, "\n## Hives: regparser")
	fmt.Fprint(w, "\n| field | when | who is right, and why |\n| --- | --- | --- |\n")
	for _, d := range hiveDivergences {
		fmt.Fprintf(w, "| %s | %s | %s |\n", d.field, d.when, d.why)
	}
	fmt.Fprintln(w, "\n## Event logs: Velocidex evtx")
	fmt.Fprint(w, "\n| field | when | who is right, and why |\n| --- | --- | --- |\n")
	for _, d := range evtxDivergences {
		fmt.Fprintf(w, "| %s | %s | %s |\n", d.field, d.when, d.why)
	}
	fmt.Fprintln(w, "\n## File records of $MFT: go-ntfs")
	fmt.Fprint(w, "\n| field | when | who is right, and why |\n| --- | --- | --- |\n")
	for _, d := range mftDivergences {
		fmt.Fprintf(w, "| %s | %s | %s |\n", d.field, d.when, d.why)
	}
	fmt.Fprint(w, oraclesTail)
}
