package ntfs

import (
	"io"
	"iter"
)

// MFT returns the data of $MFT, for [Records] and [ReadTable]. A volume's own
// $MFT is often in several pieces. It has no hole; where damage makes one, the
// data ends.
func (v *Volume) MFT() *io.SectionReader {
	size := int64(0)
	for _, r := range v.mft.dataRanges() {
		if r.Offset != size {
			break
		}
		size += r.Length
	}
	return io.NewSectionReader(v.mft, 0, size)
}

// ClusterSize returns the size of a cluster by the boot sector.
func (v *Volume) ClusterSize() int { return int(v.cluster) }

// RecordSize returns the size of a file record by the boot sector.
func (v *Volume) RecordSize() int { return int(v.record) }

// Table makes the table of the volume's folders and extension records.
func (v *Volume) Table(limits *TableOptions) (*Table, error) {
	return ReadTable(v.MFT(), &RecordOptions{RecordSize: int(v.record)}, limits)
}

// Records reads all file records of the volume, see [Records]. A table joins
// extension records; it may be nil.
func (v *Volume) Records(t *Table, slack bool) iter.Seq2[*Record, error] {
	return Records(v.MFT(), &RecordOptions{RecordSize: int(v.record), Table: t, Slack: slack})
}
