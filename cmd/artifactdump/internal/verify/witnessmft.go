package verify

import (
	"bytes"

	"www.velocidex.com/golang/go-ntfs/parser"
)

// A witnessRecord is one file record of $MFT, without its extension records.
type witnessRecord struct {
	Index     int // in the question
	Error     string
	Sequence  uint16
	Links     uint16
	LSN       uint64
	InUse     bool
	Directory bool
	Standard  *[4]int64 // created, modified, changed, accessed: FILETIME ticks since 1970
	Names     []witnessName
	Streams   []witnessStream
}

type witnessName struct {
	Name           string
	Parent         uint64
	ParentSequence uint16
	Times          [4]int64
}

type witnessStream struct {
	Name string
	Size int64
}

const mftCluster = 4096 // the witness asks for it and needs it for runs only, which are not compared

// askMFT lets the witness read file records. One on which it panics is an answer
// of its own.
func askMFT(q witnessQuestion) (a witnessAnswer) {
	ctx := parser.GetNTFSContextFromRawMFT(bytes.NewReader(q.Data), mftCluster, int64(q.RecordSize))
	defer ctx.Close()
	for i := range len(q.Data) / q.RecordSize {
		a.Records = append(a.Records, askRecord(ctx, i))
	}
	return a
}

func askRecord(ctx *parser.NTFSContext, i int) (r witnessRecord) {
	defer func() {
		if p := recover(); p != nil {
			r = witnessRecord{Index: i, Error: "panic"}
		}
	}()
	r.Index = i
	e, err := ctx.GetMFT(int64(i))
	if err != nil {
		r.Error = err.Error()
		return r
	}
	r.Sequence, r.Links, r.LSN = e.Sequence_value(), e.Link_count(), e.Logfile_sequence_number()
	r.InUse, r.Directory = e.Flags().IsSet("ALLOCATED"), e.Flags().IsSet("DIRECTORY")
	// Its own list of attributes follows $ATTRIBUTE_LIST into records that are not
	// part of the question.
	end := int64(e.Mft_entry_size())
	for off := int64(e.Attribute_offset()); off < end; {
		x := ctx.Profile.NTFS_ATTRIBUTE(e.Reader, off)
		n := int64(x.Length())
		if n == 0 || off+n > end {
			break
		}
		r.attribute(ctx, x)
		off += n
	}
	return r
}

func (r *witnessRecord) attribute(ctx *parser.NTFSContext, x *parser.NTFS_ATTRIBUTE) {
	switch x.Type().Value {
	case parser.ATTR_TYPE_STANDARD_INFORMATION:
		si := ctx.Profile.STANDARD_INFORMATION(x.Data(ctx), 0)
		r.Standard = &[4]int64{
			ticks(si.Create_time()), ticks(si.File_altered_time()), ticks(si.Mft_altered_time()), ticks(si.File_accessed_time()),
		}
	case parser.ATTR_TYPE_FILE_NAME:
		n := ctx.Profile.FILE_NAME(x.Data(ctx), 0)
		r.Names = append(r.Names, witnessName{n.Name(), n.MftReference(), n.Seq_num(), [4]int64{
			ticks(n.Created()), ticks(n.File_modified()), ticks(n.Mft_modified()), ticks(n.File_accessed()),
		}})
	case parser.ATTR_TYPE_DATA:
		r.Streams = append(r.Streams, witnessStream{x.Name(), x.DataSize()})
	}
}

// ticks are units of 100 ns since 1970.
func ticks(t *parser.WinFileTime) int64 { return t.Unix()*1e7 + int64(t.Nanosecond())/100 }
