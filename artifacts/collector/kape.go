package collector

import (
	"archive/zip"
	"cmp"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// The layouts of [Options].
const (
	LayoutVelociraptor = "velociraptor" // uploads, with streams, holes and shadow copies
	LayoutKAPE         = "kape"         // folders that stand for drives, with a copy log
)

// In the layout of KAPE a drive is a folder, "C", and a shadow copy is "VSS1". There are no streams: those of the change journal and of
// $Secure have the names that other collectors give them, and any other has its colon encoded, which no reader takes for a stream. Holes
// are zeros, but for those of the change journal, which is stored without them. There is no listing.

func (o *Options) kape() bool { return o.Layout == LayoutKAPE }

// kapeStreams are the streams that have a name of their own.
var kapeStreams = map[string]string{"$UsnJrnl:$J": "$J", "$UsnJrnl:$Max": "$Max", "$Secure:$SDS": "$Secure_$SDS"}

// kapeRoot is the folder of a volume.
func kapeRoot(at evidence.Place) string {
	if at.Snapshot != "" {
		return strings.ToUpper(at.Snapshot)
	}
	return strings.TrimSuffix(at.Volume, ":")
}

// kapeName is the entry of a file.
func kapeName(place evidence.Place) string {
	parts := strings.Split(place.Name, "/")
	for i, p := range parts {
		if other, ok := kapeStreams[p]; ok && i == len(parts)-1 {
			parts[i] = other
			continue
		}
		parts[i] = kapeComponent(p)
	}
	return kapeRoot(place) + "/" + strings.Join(parts, "/")
}

// kapeComponent spells a name as KAPE copies it: as it is, for nobody decodes names of folders, but for what Windows lets no program write.
func kapeComponent(s string) string {
	var b strings.Builder
	for i, size := 0, 0; i < len(s); i += size {
		var r rune
		r, size = utf8.DecodeRuneInString(s[i:])
		end := i+size == len(s) && (r == '.' || r == ' ')
		if r < ' ' || r == utf8.RuneError && size == 1 || strings.ContainsRune(`/\:*?"<>|`, r) || end {
			fmt.Fprintf(&b, "%%%02X", s[i])
			continue
		}
		b.WriteString(s[i : i+size])
	}
	return b.String()
}

// copyLog writes the list of the files as KAPE does, with the times that they had.
func (m *machine) copyLog() error {
	name := m.prefix + m.started.Format("2006-01-02T15_04_05_0000000") + "_CopyLog.csv"
	w, err := m.begin(&zip.FileHeader{Name: name, Method: zip.Deflate})
	if err != nil {
		return err
	}
	c := csv.NewWriter(w)
	c.UseCRLF = true
	_ = c.Write([]string{"CopiedTimestamp", "SourceFile", "DestinationFile", "FileSize", "SourceFileSha1", "DeferredCopy",
		"CreatedOnUtc", "ModifiedOnUtc", "LastAccessedOnUtc", "CopyDuration"}) // Flush reports it
	shown := func(ft uint64) string { return strings.TrimSuffix(strings.Replace(shownTime(ft), "T", " ", 1), "Z") }
	err = m.rows.each(func(r *row) error {
		if r.Line.Stored == "" || r.Line.Copied {
			return nil
		}
		return c.Write([]string{
			r.Line.ReadAt, r.Line.Path, `\` + strings.ReplaceAll(r.Line.Stored, "/", `\`), strconv.FormatInt(r.Line.Size, 10), "", "False",
			shown(r.Line.SI[0]), shown(r.Line.SI[1]), shown(r.Line.SI[2]), "",
		})
	})
	c.Flush()
	return cmp.Or(err, c.Error())
}
