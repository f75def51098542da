package explain

import (
	"fmt"
	"io"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

// explainBytes is how much of a large file is shown.
const explainBytes = 4096

// volumeRecord shows the bytes of a record of a large file, which is not read as
// a whole, with the fields of file records and of the change journal named.
func volumeRecord(w io.Writer, file *evidence.File, r *artifacts.Record) error {
	f, err := file.Open()
	if err != nil {
		return err
	}
	defer f.Close()
	offset := r.From.Offset
	if r.Artifact.Name == "mft" || r.Artifact.Name == "zoneid" {
		offset &^= 1023 // records begin at multiples of it
	}
	b := make([]byte, explainBytes)
	n, err := readAt(f, b, offset)
	if b = b[:n]; n == 0 {
		return fmt.Errorf("%s: %w", file.Path, err)
	}
	var fields []ntfs.Field
	switch r.Artifact.Name {
	case "mft", "zoneid":
		size, ok := ntfs.IsRecord(b)
		if !ok {
			break
		}
		b = b[:min(size, len(b))]
		fields = ntfs.RecordFields(b)
	case "usnjrnl":
		fields = ntfs.ChangeFields(b)
	}
	if fields == nil {
		fmt.Fprintf(w, "bytes of the file from %#x on\n", offset)
		io.WriteString(w, output.HexDump(b[:min(256, len(b))], offset))
		return nil
	}
	fmt.Fprintf(w, "record at %#x; the last two bytes of each sector of a file record hold its check value\n", offset)
	for _, x := range fields {
		annotate(w, offset+x.Offset, b[x.Offset:x.Offset+int64(x.Size)], x.Name, x.Value)
	}
	return nil
}

// readAt reads at an offset, from the beginning where there is no other way.
func readAt(f io.Reader, b []byte, offset int64) (int, error) {
	if at, ok := f.(io.ReaderAt); ok {
		n, err := at.ReadAt(b, offset)
		if n > 0 {
			err = nil
		}
		return n, err
	}
	if _, err := io.CopyN(io.Discard, f, offset); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(f, b)
	if n > 0 {
		err = nil
	}
	return n, err
}
