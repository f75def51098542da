package image

import (
	"bytes"
	"compress/zlib"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
)

const mib = 1 << 20

// seal writes the CRC-32C of a structure at its offset 4.
func seal(b []byte) {
	clear(b[4:8])
	le.PutUint32(b[4:], crc32.Checksum(b, castagnoli))
}

// vhdxFile writes a dynamic VHDX with a disk of 2 MiB in blocks of 1 MiB, of which the second one holds data: headers and regions in the
// first MiB, the log in the second, then metadata, block allocation table and the block.
func vhdxFile(data []byte) []byte {
	b := make([]byte, 5*mib)
	copy(b, "vhdxfile")
	for i, at := range []int{vhdxHeader1, vhdxHeader2} {
		h := b[at : at+vhdxHeader]
		copy(h, "head")
		le.PutUint64(h[8:], uint64(7+i))
		le.PutUint32(h[68:], mib)
		le.PutUint64(h[72:], mib)
		seal(h)
	}
	for _, at := range []int{vhdxRegion1, vhdxRegion2} {
		r := b[at : at+vhdxRegionTable]
		copy(r, "regi")
		le.PutUint32(r[8:], 2)
		for i, e := range []struct {
			guid [16]byte
			at   uint64
		}{{vhdxBAT, 3 * mib}, {vhdxMetadata, 2 * mib}} {
			copy(r[16+32*i:], e.guid[:])
			le.PutUint64(r[32+32*i:], e.at)
			le.PutUint32(r[40+32*i:], mib)
		}
		seal(r)
	}
	m := b[2*mib:]
	copy(m, "metadata")
	le.PutUint16(m[10:], 3)
	for i, e := range []struct {
		guid  [16]byte
		value []byte
	}{
		{vhdxParameters, le.AppendUint32(le.AppendUint32(nil, mib), 0)},
		{vhdxDiskSize, le.AppendUint64(nil, 2*mib)},
		{vhdxSectorSize, le.AppendUint32(nil, 512)},
	} {
		copy(m[32+32*i:], e.guid[:])
		le.PutUint32(m[48+32*i:], uint32(vhdxMetaTable+16*i))
		le.PutUint32(m[52+32*i:], uint32(len(e.value)))
		copy(m[vhdxMetaTable+16*i:], e.value)
	}
	le.PutUint64(b[3*mib+8:], 4*mib|vhdxFullyPresent)
	copy(b[4*mib:], data)
	return b
}

var logID = [16]byte{1, 2, 3, 4}

// dirty names a log in the newer header.
func dirty(b []byte) {
	h := b[vhdxHeader2 : vhdxHeader2+vhdxHeader]
	copy(h[vhdxLogGUID:], logID[:])
	seal(h)
}

// A logWrite is a sector that a log entry writes, or with nil data the length of zeros.
type logWrite struct {
	off  uint64
	data []byte
	zero uint64
}

// logEntryOf writes one entry of a log.
func logEntryOf(seq uint64, tail uint32, writes ...logWrite) []byte {
	b := make([]byte, logSector)
	copy(b, "loge")
	le.PutUint32(b[logTail:], tail)
	le.PutUint64(b[logSequence:], seq)
	le.PutUint32(b[logDescCount:], uint32(len(writes)))
	copy(b[logGUID:], logID[:])
	for i, w := range writes {
		d := b[logHeader+logDesc*i:][:logDesc]
		le.PutUint64(d[logDescOffset:], w.off)
		le.PutUint64(d[logDescSeq:], seq)
		if w.data == nil {
			copy(d, "zero")
			le.PutUint64(d[logDescLead:], w.zero)
			continue
		}
		copy(d, "desc")
		copy(d[logDescTrail:], w.data[4092:])
		copy(d[logDescLead:], w.data[:8])
		s := make([]byte, logSector)
		copy(s, "data")
		le.PutUint32(s[logDataHigh:], uint32(seq>>32))
		copy(s[8:], w.data[8:4092])
		le.PutUint32(s[logDataLow:], uint32(seq))
		b = append(b, s...)
	}
	le.PutUint32(b[logEntryLength:], uint32(len(b)))
	seal(b)
	return b
}

func TestVHDXLog(t *testing.T) {
	sector := func(c byte) []byte { return bytes.Repeat([]byte{c}, logSector) }
	for _, tt := range []struct {
		name   string
		log    func(ring []byte)
		want   string // the first byte of each of the first four sectors of the block
		damage string
	}{
		{"clean", nil, "....", ""},
		{"one entry", func(r []byte) { copy(r, logEntryOf(5, 0, logWrite{4 * mib, sector('a'), 0})) }, "a...", ""},
		{"zeros", func(r []byte) { copy(r, logEntryOf(5, 0, logWrite{4*mib + logSector, nil, 2 * logSector})) }, ".00.", ""},
		{"two entries, in order", func(r []byte) {
			one := logEntryOf(5, 0, logWrite{4 * mib, sector('a'), 0}, logWrite{4*mib + logSector, sector('b'), 0})
			copy(r, one)
			copy(r[len(one):], logEntryOf(6, 0, logWrite{4 * mib, sector('c'), 0}))
		}, "cb..", ""},
		{"what stands before the tail is history", func(r []byte) {
			one := logEntryOf(5, 0, logWrite{4 * mib, sector('a'), 0})
			copy(r, one)
			copy(r[len(one):], logEntryOf(6, uint32(len(one)), logWrite{4*mib + logSector, sector('c'), 0}))
		}, ".c..", ""},
		{"over the ring's end", func(r []byte) {
			e := logEntryOf(9, mib-logSector, logWrite{4 * mib, sector('a'), 0})
			copy(r[mib-logSector:], e)
			copy(r, e[logSector:])
		}, "a...", ""},
		{"an older sequence is left", func(r []byte) {
			copy(r, logEntryOf(5, 0, logWrite{4 * mib, sector('a'), 0}))
			copy(r[100*logSector:], logEntryOf(20, 100*logSector, logWrite{4*mib + logSector, sector('b'), 0}))
		}, ".b..", ""},
		{"torn", func(r []byte) {
			copy(r, logEntryOf(5, 0, logWrite{4 * mib, sector('a'), 0}))
			r[logSector+100]++
		}, "....", "was not replayed: no complete sequence of entries"},
		{"of another log", func(r []byte) {
			e := logEntryOf(5, 0, logWrite{4 * mib, sector('a'), 0})
			e[logGUID]++
			seal(e)
			copy(r, e)
		}, "....", "was not replayed"},
		{"absurd zeros", func(r []byte) { copy(r, logEntryOf(5, 0, logWrite{4 * mib, nil, 1 << 40})) }, "....", "clears 1099511627776 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := vhdxFile(bytes.Repeat([]byte{'.'}, 4*logSector))
			copy(b[4*mib+5*logSector:], bootSector())
			if tt.log != nil {
				dirty(b)
				tt.log(b[mib : 2*mib])
			}
			d := &Disk{}
			defer d.Close()
			f, err := d.openFile(write(t, "a.vhdx", b))
			if err != nil {
				t.Fatal(err)
			}
			r, size, err := d.openVHDX(f)
			if err != nil || size != 2*mib {
				t.Fatalf("%d bytes, %v", size, err)
			}
			got := make([]byte, 2*mib)
			if _, err := r.ReadAt(got, 0); err != nil {
				t.Fatal(err)
			}
			var sum strings.Builder
			for i := range 4 {
				c := got[mib+i*logSector]
				if c == 0 {
					c = '0'
				}
				if last := got[mib+i*logSector+logSector-1]; last != got[mib+i*logSector] {
					t.Errorf("sector %d ends with %q", i, last)
				}
				sum.WriteByte(c)
			}
			if sum.String() != tt.want {
				t.Errorf("%q, want %q", sum.String(), tt.want)
			}
			if tt.damage == "" && len(d.Damage) > 0 || tt.damage != "" && (len(d.Damage) != 1 || !strings.Contains(d.Damage[0].Error(), tt.damage)) {
				t.Errorf("damage %v, want %q", d.Damage, tt.damage)
			}
		})
	}
}

func TestVHDXDamage(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(b []byte) []byte
		want  string
	}{
		{"one header", func(b []byte) []byte { b[vhdxHeader2+100]++; return b }, ""},
		{"both headers", func(b []byte) []byte { b[vhdxHeader1+100]++; b[vhdxHeader2+100]++; return b }, "neither of the two is valid"},
		{"one region table", func(b []byte) []byte { b[vhdxRegion1+100]++; return b }, ""},
		{"both region tables", func(b []byte) []byte { b[vhdxRegion1+100]++; b[vhdxRegion2+100]++; return b }, "names no block allocation table"},
		{"a parent", func(b []byte) []byte { b[2*mib+vhdxMetaTable+4] = vhdxHasParent; return b }, "parent"},
		{"tiny blocks", func(b []byte) []byte { le.PutUint32(b[2*mib+vhdxMetaTable:], 512); return b }, "in blocks of 512"},
		{"huge disk", func(b []byte) []byte { le.PutUint64(b[2*mib+vhdxMetaTable+16:], 1<<45); return b }, "too few"},
		{"cut off", func(b []byte) []byte { return b[:2*mib+100] }, "unexpected EOF"},
	} {
		d, err := Open(write(t, "a.vhdx", tt.spoil(vhdxFile(nil))), nil)
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		if err == nil {
			d.Close()
		}
	}
	// A block that lies outside the file, or partly in a parent.
	for entry, want := range map[uint64]string{1<<40 | vhdxFullyPresent: "cannot be read", 4*mib | vhdxPartiallyPresent: "partly in a parent"} {
		b := vhdxFile(nil)
		le.PutUint64(b[3*mib+8:], entry)
		d, err := Open(write(t, "a.vhdx", b), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.ReadAt(make([]byte, 512), mib); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%#x: %v, want %q", entry, err, want)
		}
		d.Close()
	}
}

// vmdkFile writes a stream-optimized VMDK with a disk of two grains of 4 KiB, the second of which is there: header, marker and grain,
// table, directory, footer, end of stream.
func vmdkFile(data []byte) []byte {
	h := make([]byte, 512)
	copy(h, "KDMV")
	le.PutUint32(h[vmdkFlags:], 3|vmdkCompressed|1<<17)
	le.PutUint64(h[vmdkCapacity:], 16)
	le.PutUint64(h[vmdkGrain:], 8)
	le.PutUint32(h[vmdkPerTable:], 512)
	le.PutUint16(h[vmdkCompression:], 1)
	foot := bytes.Clone(h)
	le.PutUint64(h[vmdkDirectory:], vmdkAtEnd)
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	grain := make([]byte, 4096)
	copy(grain, data)
	w.Write(grain)
	w.Close()
	body := slices.Concat(le.AppendUint32(le.AppendUint64(nil, 8), uint32(z.Len())), z.Bytes())
	body = append(body, make([]byte, 512-len(body)%512)...)
	table := make([]byte, 2048)
	le.PutUint32(table[4:], 1)
	dir := make([]byte, 512)
	le.PutUint32(dir, uint32(1+len(body)/512))
	le.PutUint64(foot[vmdkDirectory:], uint64(1+len(body)/512+4))
	return slices.Concat(h, body, table, dir, foot, make([]byte, 512))
}

func TestVMDKStream(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(b []byte) []byte
		want  string
	}{
		{"whole", func(b []byte) []byte { return b }, ""},
		{"grain's size", func(b []byte) []byte { le.PutUint32(b[512+8:], 1<<30); return b }, "1073741824 bytes deflated"},
		{"grain's data", func(b []byte) []byte { b[512+12+5] ^= 0xFF; return b }, "cannot be read"},
		{"table outside", func(b []byte) []byte { le.PutUint32(b[len(b)-1536:], 1<<30); return b }, "its table cannot be read"},
	} {
		d := &Disk{}
		f, err := d.openFile(write(t, "a.vmdk", tt.spoil(vmdkFile(bootSector()))))
		if err != nil {
			t.Fatal(err)
		}
		s, err := openVMDKSparse(f)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		got := make([]byte, 8192)
		_, err = s.ReadAt(got, 0)
		if tt.want != "" {
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
			}
		} else if err != nil || !bytes.Equal(got[4096:4608], bootSector()) || bytes.Count(got[:4096], []byte{0}) != 4096 {
			t.Errorf("%s: %v", tt.name, err)
		}
		d.Close()
	}
	cut := vmdkFile(bootSector())
	if _, err := Open(write(t, "a.vmdk", cut[:len(cut)-512]), nil); err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("%v", err)
	}
}
