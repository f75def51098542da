package hive

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// TestChecksum wants the two sums that are stored as others.
func TestChecksum(t *testing.T) {
	for _, tt := range []struct{ word, want uint32 }{{0, 1}, {0xFFFFFFFF, 0xFFFFFFFE}, {1, 1}, {0x12345678, 0x12345678}} {
		b := make([]byte, 512)
		le.PutUint32(b[100:], tt.word)
		if got := checksum(b); got != tt.want {
			t.Errorf("checksum of %08X = %08X, want %08X", tt.word, got, tt.want)
		}
	}
}

func TestHeader(t *testing.T) {
	at := time.Date(2022, 3, 4, 5, 6, 7, 89012300, time.UTC)
	spec := regf.New("ROOT", at)
	spec.Version, spec.FileName = 5, `\SystemRoot\System32\Config\SYSTEM`
	spec.Primary, spec.Secondary = 8, 7
	spec.KTM, spec.RmID = true, [16]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	spec.Reorganised = regf.FILETIME(at)&^3 | 2
	spec.Offline, spec.Serialised = true, at
	h, err := Open(spec.Build(), nil)
	if err != nil {
		t.Fatal(err)
	}
	got := h.Header()
	if !got.Dirty || got.PrimarySequence != 8 || got.SecondarySequence != 7 || got.Minor != 5 || !got.ChecksumOK() || !got.Written.Equal(at) {
		t.Errorf("Header() = %+v", got)
	}
	if !strings.HasSuffix(spec.FileName, got.FileName) || got.FileName == "" {
		t.Errorf("FileName = %q", got.FileName)
	}
	if s := got.RmID.String(); !got.HasRmtm || s != "{04030201-0605-0807-090A-0B0C0D0E0F10}" {
		t.Errorf("RmID = %s", s)
	}
	if !got.OfflineRegistry || !got.Serialized.Equal(at) {
		t.Errorf("OfflineRegistry = %v, Serialized = %v", got.OfflineRegistry, got.Serialized)
	}
	if got.Reorganized.IsZero() || got.Defragmented || !got.AccessBitsCleared {
		t.Errorf("Reorganized = %v, %v, %v", got.Reorganized, got.Defragmented, got.AccessBitsCleared)
	}
	for _, raw := range []uint64{0, 1, 2, regf.FILETIME(at) | 3, regf.FILETIME(at) &^ 3} {
		b := spec.Build()
		le.PutUint64(b[baseReorg:], raw)
		if h := parseHeader(b); !h.Reorganized.IsZero() {
			t.Errorf("Reorganized(%X) = %v, want none", raw, h.Reorganized)
		}
	}
}

// TestOldCells reads a hive of NT 3.1, whose cells have eight bytes before their data. It is put together here,
// for the corpus does not write this version; the layout follows the documents, no real hive was at hand.
func TestOldCells(t *testing.T) {
	b := make([]byte, 2*baseSize)
	copy(b, "regf")
	for field, v := range map[int]uint32{baseSeq1: 1, baseSeq2: 1, baseMajor: 1, baseMinor: 1, baseFormat: 1, baseRoot: 32, baseBins: 4096} {
		le.PutUint32(b[field:], v)
	}
	le.PutUint32(b[baseSum:], checksum(b))
	bins := b[baseSize:]
	copy(bins, "hbin")
	le.PutUint32(bins[binSize:], 4096)
	next := binHeader
	cell := func(data []byte) uint32 {
		off := next
		size := (8 + len(data) + 15) &^ 15
		le.PutUint32(bins[off:], uint32(-size))
		copy(bins[off+8:], data)
		next += size
		return uint32(off)
	}
	node := func(name string, parent uint32) []byte {
		k := append(make([]byte, nkName), regf.UTF16(name)...)
		copy(k, "nk")
		binary.LittleEndian.PutUint64(k[nkWritten:], 127000000000000000)
		le.PutUint32(k[nkParent:], parent)
		le.PutUint32(k[nkSecurity:], noOffset)
		le.PutUint16(k[nkNameLen:], uint16(2*len(name)))
		return k
	}
	root := node("Root", 0)
	le.PutUint16(root[nkFlags:], uint16(KeyRoot))
	le.PutUint32(root[nkSubkeys:], 1)
	rootOff := cell(root)
	k := node("Key", rootOff)
	le.PutUint32(k[nkValues:], 1)
	keyOff := cell(k)
	vk := append(make([]byte, vkName), regf.UTF16("Name")...)
	copy(vk, "vk")
	le.PutUint16(vk[vkNameLen:], 8)
	le.PutUint32(vk[vkSize:], 6)
	le.PutUint32(vk[vkType:], 1)
	data := cell(regf.UTF16("ab\x00"))
	le.PutUint32(vk[vkData:], data)
	list := cell(le.AppendUint32(nil, cell(vk)))
	le.PutUint32(bins[keyOff+8+nkValueList:], list)
	le.PutUint32(bins[rootOff+8+nkSubkeyList:], cell(le.AppendUint32([]byte("li\x01\x00"), keyOff)))
	le.PutUint32(bins[next:], uint32(4096-next))

	h, err := Open(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := h.Key(`key`)
	if err != nil {
		t.Fatal(err)
	}
	v, err := got.Value("NAME")
	if err != nil {
		t.Fatal(err)
	}
	if s, err := v.Text(); s != "ab" || err != nil || got.Path() != `\Key` {
		t.Errorf("%s: Text() = %q, %v", got.Path(), s, err)
	}
	for e := range h.Check() {
		if e.Struct != "security descriptor" {
			t.Errorf("Check: %v", e)
		}
	}
	for r := range h.Deleted() {
		t.Errorf("Deleted: %+v", r)
	}
}

func TestFields(t *testing.T) {
	h, err := Open(regf.Sound().Build(), nil)
	if err != nil {
		t.Fatal(err)
	}
	k, err := h.Key("Alpha")
	if err != nil {
		t.Fatal(err)
	}
	v, err := k.Value("Number")
	if err != nil {
		t.Fatal(err)
	}
	text := func(fields []Field, from int64) string {
		var b strings.Builder
		for _, f := range fields {
			if f.Offset != from {
				t.Errorf("%s at %d, want %d: the fields leave a gap", f.Name, f.Offset, from)
			}
			from += int64(f.Size)
			b.WriteString(f.Name + "=" + f.Value + " ")
		}
		return b.String()
	}
	if got := text(k.Fields(), k.Offset()+4); !strings.Contains(got, `signature="nk" flags=0x0020 last written=2024-05-01T12:00:00Z`) || !strings.HasSuffix(got, `name="Alpha" `) {
		t.Error(got)
	}
	if got := text(v.Fields(), v.Offset()+4); !strings.Contains(got, `data size=0x80000004 data=0x00000001 type=0x00000004`) {
		t.Error(got)
	}
}

// TestTimeBehindYear9999 sets a last write that RFC 3339 cannot write: it is no time, and the number is still there.
func TestTimeBehindYear9999(t *testing.T) {
	b := big(100)
	h, err := Open(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	root, err := h.Root()
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range []uint64{maxFiletime + 1, 1<<63 - 1, 1<<64 - 1} {
		le.PutUint64(b[root.n+nkWritten:], raw)
		if !root.Written().IsZero() || root.WrittenRaw() != raw {
			t.Errorf("%d: %v, %d", raw, root.Written(), root.WrittenRaw())
		}
	}
	le.PutUint64(b[root.n+nkWritten:], maxFiletime)
	if got, want := root.Written(), time.Date(9999, 12, 31, 23, 59, 59, 999999900, time.UTC); !got.Equal(want) {
		t.Errorf("%v, want %v", got, want)
	}
}
