package inspect

import (
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// readLogFile yields the restart pages of $LogFile and what can be carved from
// its other pages: journal records, names, index entries, file records.
func readLogFile(f File, _ Options, yield func(Row) bool) error {
	for it, err := range ntfs.Log(section(f)) {
		if err != nil {
			return err
		}
		if !yield(logRow(it)) {
			return nil
		}
	}
	return nil
}

func logRow(it *ntfs.LogItem) Row {
	row := Row{Kind: "logfile", Offset: it.Offset, State: "log", Damage: it.Damage}
	row.Add("item", it.Kind.String())
	if it.LSN != 0 {
		row.Add("lsn", it.LSN)
	}
	switch it.Kind {
	case ntfs.LogRestart:
		row.State = ""
		s := it.Restart
		row.Add("version", s.Version)
		row.Add("current_lsn", s.CurrentLSN)
		row.Add("oldest_lsn", s.OldestLSN)
		row.Add("restart_lsn", s.RestartLSN)
		row.Add("clients", s.Clients)
		row.Add("clean", s.Clean)
		row.Add("page_size", s.PageSize)
		row.Add("file_size", s.FileSize)
	case ntfs.LogChange:
		addChange(&row, it.Change)
	case ntfs.LogName, ntfs.LogIndex:
		addName(&row, it.Name)
		if it.File != 0 {
			row.Add("file", it.File.String())
		}
	case ntfs.LogRecord:
		r := it.Record
		if it.File != 0 {
			row.Add("file", it.File.String())
		}
		row.Add("in_use", r.InUse())
		row.Add("directory", r.Flags&2 != 0)
		if r.HasStandard {
			row.Add("si", appendTimes(nil, r.Standard.Times))
			row.Add("attributes", r.Standard.Attributes)
		}
		addNames(&row, r)
		addStreams(&row, r)
	}
	return row
}
