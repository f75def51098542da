package hivefile

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/hive"
)

// Info writes what the base block says, how much the hive holds, and what its logs
// did.
func Info(w io.Writer, h *hive.Hive) {
	row := func(label, format string, args ...any) {
		fmt.Fprintf(w, "%-18s %s\n", label, output.Clean(fmt.Sprintf(format, args...)))
	}
	hd := h.Header()
	row("kind", "%s", cmp.Or(string(evidence.Recognise(h)), "not recognised"))
	row("file name", "%s", hd.FileName)
	row("format", "%d.%d", hd.Major, hd.Minor)
	row("last written", "%s", cmp.Or(output.FormatTime(hd.Written), "not set"))
	sum := "good"
	if !hd.ChecksumOK() {
		sum = fmt.Sprintf("WRONG: %08X, the block gives %08X", hd.Checksum, hd.ComputedChecksum)
	}
	row("checksum", "%s", sum)
	row("sequence numbers", "%d, %d", hd.PrimarySequence, hd.SecondarySequence)
	row("dirty", "%s", yesNo(hd.Dirty))
	row("bins", "%d bytes", hd.BinsSize)
	row("root cell", "%#x", hd.RootOffset)
	row("clustering", "%d", hd.Clustering)
	row("flags", "%#x", hd.Flags)
	if hd.HasRmtm {
		row("resource manager", "%s", hd.RmID)
		row("log", "%s", hd.LogID)
		row("transactions", "%s", hd.TmID)
	}
	if !hd.Reorganized.IsZero() {
		row("reorganised", "%s", output.FormatTime(hd.Reorganized))
	}
	if hd.OfflineRegistry {
		row("offline library", "%s", cmp.Or(output.FormatTime(hd.Serialized), "yes"))
	}
	keys, values := 0, 0
	var newest time.Time
	for k, err := range h.Keys() {
		if err != nil {
			continue
		}
		keys++
		for _, err := range k.Values() {
			if err == nil {
				values++
			}
		}
		if t := k.Written(); t.After(newest) {
			newest = t
		}
	}
	row("keys", "%d", keys)
	row("values", "%d", values)
	row("newest key", "%s", cmp.Or(output.FormatTime(newest), "no time"))
	rec := h.Recovery()
	if rec.Applied {
		row("recovered", "%s, sequence %d to %d, %s, %d bytes", count(rec.Entries, "entry", "entries"), rec.First, rec.Last,
			count(rec.Pages, "page", "pages"), rec.Bytes)
	}
	if rec.HeaderRepaired {
		row("", "the base block was damaged and was taken from a log")
	}
	if rec.Problem != "" {
		row("not recovered", "%s", rec.Problem)
	}
	for _, l := range rec.Logs {
		use := "not used"
		if l.Used {
			use = "used, " + count(len(l.Entries), "entry", "entries")
		}
		if l.Reason != "" {
			use += ": " + l.Reason
		}
		row("log "+l.Name, "%s, %d bytes, %s", cmp.Or(l.Format, "no known format"), l.Size, use)
		if l.Remnants > 0 {
			row("", "%s with valid hashes: earlier states of the hive", count(l.Remnants, "older entry", "older entries"))
		}
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// count writes a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
