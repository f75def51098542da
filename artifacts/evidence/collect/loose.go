package collect

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Loose is a file of a loose heap that its first bytes make known.
type Loose struct {
	Path string // in the heap's volume
	Kind Signature
}

// A Signature is what the first bytes of a file say it is.
type Signature string

// The signatures that are known.
const (
	PrefetchFile Signature = "prefetch"
	HiveFile     Signature = "hive"
	TaskFile     Signature = "task"     // the XML of a scheduled task
	JobFile      Signature = "job"      // of the scheduler before Vista
	ShortcutFile Signature = "shortcut" // a shell link
	MFTFile      Signature = "mft"      // the file table of an NTFS volume
	JournalFile  Signature = "usnjrnl"  // its change journal
	LogFile      Signature = "logfile"  // its transaction log
	IndexFile    Signature = "i30"      // the index of a folder
	EventLogFile Signature = "evtx"     // an event log of Windows Vista or later, or events that were exported
	ESEFile      Signature = "ese"      // a database of the Extensible Storage Engine
	SQLiteFile   Signature = "sqlite"   // an SQLite database
	RecycleFile  Signature = "recycled" // $I… or INFO2 of a recycle bin
	JumpListFile Signature = "jumplist" // a jump list, by its name: other compound files begin alike

	// Files that artifacts read, some of which show by their name alone.
	BitmapFile      Signature = "rdpcache"    // the bitmap cache of the Remote Desktop client
	DefenderLogFile Signature = "defenderlog" // MPLog and MPDetection
	DetectionFile   Signature = "detection"   // a detection of Windows Defender
	HistoryFile     Signature = "pshistory"   // what was typed into PowerShell
	RemoteToolFile  Signature = "remotetool"  // a log of AnyDesk or TeamViewer
	SetupFile       Signature = "setupapi"    // the log of device installations
	TranscriptFile  Signature = "transcript"  // of PowerShell
	WebLogFile      Signature = "weblog"      // of IIS or HTTP.SYS
	WMIFile         Signature = "wmi"         // the objects of a WMI repository

	// AnyFile is the kind of a file that is given by itself and taken for what the
	// caller asks for. [Sniff] never returns it.
	AnyFile Signature = "any"
)

// SniffSize is how much of a file [Sniff] looks at.
const SniffSize = 1024

// Sniff tells what a file is by its first bytes, and returns "" for what it does not know. A
// prefetch file (MAM with the algorithm byte 0x04
// or 0x84, or SCCA at offset 4) and a hive (regf) show in eight bytes. Transaction logs of hives
// begin with regf or HvLE too; those that begin
// with regf are told from hives by the file type at offset 28 (0 is a primary file), if head is long enough to hold it. Shortcuts take 20
// bytes, jobs 70, and of the XML of a task its first element, which up to SniffSize bytes of declaration and comments may precede.
func Sniff(head []byte) Signature {
	switch {
	case len(head) >= 8 && string(head[:3]) == "MAM" && (head[3] == 0x04 || head[3] == 0x84):
		return PrefetchFile
	case len(head) >= 8 && string(head[4:8]) == "SCCA":
		return PrefetchFile
	case len(head) >= 4 && string(head[:4]) == "regf":
		if len(head) >= 32 && (head[28] == 1 || head[28] == 2 || head[28] == 6) { // log file types, regf "Base block"
			return ""
		}
		return HiveFile
	case len(head) >= len(linkHeader) && string(head[:len(linkHeader)]) == linkHeader:
		return ShortcutFile
	case len(head) >= 8 && (string(head[:8]) == "ElfFile\x00" || string(head[:8]) == "ElfChnk\x00"):
		return EventLogFile
	case len(head) >= 16 && string(head[4:12]) == "\xEF\xCD\xAB\x89\x20\x06\x00\x00" && head[12] == 0: // signature, version 0x620, database
		return ESEFile
	case len(head) >= 16 && string(head[:16]) == "SQLite format 3\x00":
		return SQLiteFile
	case isJob(head):
		return JobFile
	case isTask(head):
		return TaskFile
	case isRecycled(head):
		return RecycleFile
	}
	return cmp.Or(sniffNTFS(head), sniffArtifact(head))
}

// sniffArtifact knows files that no other program's begin alike.
func sniffArtifact(head []byte) Signature {
	text := bytes.TrimPrefix(head, []byte("\uFEFF"))
	switch {
	case bytes.HasPrefix(head, []byte("RDP8bmp\x00")):
		return BitmapFile
	case bytes.HasPrefix(head, []byte{8, 0, 0, 0, 8, 0, 0, 0}) && bytes.Contains(head, detectionMagic):
		return DetectionFile
	case bytes.HasPrefix(text, []byte("#")) && bytes.Contains(text, []byte("\n#Fields: ")) &&
		bytes.Contains(text, []byte("#Software: Microsoft ")):
		return WebLogFile
	}
	return ""
}

// detectionMagic is "Magic.Version" as a detection of Windows Defender has it.
var detectionMagic = []byte("M\x00a\x00g\x00i\x00c\x00.\x00V\x00e\x00r\x00s\x00i\x00o\x00n\x00")

// byName are files that their names make known.
var byName = []struct {
	pattern string
	kind    Signature
}{
	{"*.automaticdestinations-ms", JumpListFile}, {"*.customdestinations-ms", JumpListFile}, {"objects.data", WMIFile},
	{"mplog-*.log", DefenderLogFile}, {"mpdetection-*.log", DefenderLogFile}, {"*host_history.txt", HistoryFile},
	{"powershell_transcript*.txt", TranscriptFile}, {"setupapi.dev*.log", SetupFile}, {"ad.trace", RemoteToolFile},
	{"ad_svc.trace", RemoteToolFile}, {"connection_trace.txt", RemoteToolFile}, {"file_transfer_trace.txt", RemoteToolFile},
	{"connections_incoming.txt", RemoteToolFile}, {"teamviewer*_logfile*.log", RemoteToolFile},
}

// SniffName tells what a file is by its name, where its first bytes are not enough.
func SniffName(name string) Signature {
	name = strings.ToLower(path.Base(name))
	for _, n := range byName {
		if ok, _ := path.Match(n.pattern, name); ok {
			return n.kind
		}
	}
	return ""
}

// Limits of the walk through a loose heap. No collection of single files comes near them.
const (
	maxLooseSeen  = 5_000_000
	maxLooseDepth = 64
)

// looseHost walks all of fsys but the directories in skip, and keeps what a signature shows.
func looseHost(fsys fs.FS, skip map[string]bool) Machine {
	h := Machine{Kind: LooseHeap, Path: ".", Loose: true, Volumes: []Vol{{Path: ".", FS: fsys}}}
	type dir struct {
		path  string
		depth int
	}
	seen := 0
	buf := make([]byte, SniffSize)
	for todo := []dir{{".", 0}}; len(todo) > 0; {
		d := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		list, err := fs.ReadDir(fsys, d.path)
		if err != nil {
			h.Problems = append(h.Problems, &PathError{Path: d.path, Problem: "cannot be listed", Err: plain(err)})
		}
		for _, e := range list {
			p := path.Join(d.path, e.Name())
			seen++
			switch {
			case seen > maxLooseSeen:
				h.Problems = append(h.Problems, &PathError{Path: p,
					Problem: fmt.Sprintf("left out with all that follows: more than %d entries", maxLooseSeen)})
				slices.SortFunc(h.Files, byPath)
				return h
			case e.IsDir() && skip[p]:
			case e.IsDir() && d.depth+1 >= maxLooseDepth:
				h.Problems = append(h.Problems, &PathError{Path: p,
					Problem: fmt.Sprintf("left out: more than %d directories deep", maxLooseDepth)})
			case e.IsDir():
				todo = append(todo, dir{p, d.depth + 1})
			case e.Type().IsRegular():
				kind, err := sniffFile(fsys, p, buf)
				if err != nil {
					h.Problems = append(h.Problems, &PathError{Path: p, Problem: "cannot be read", Err: err})
				}
				if kind != "" {
					h.Files = append(h.Files, Loose{Path: p, Kind: kind})
				}
			}
		}
	}
	slices.SortFunc(h.Files, byPath)
	return h
}

func byPath(a, b Loose) int {
	switch {
	case a.Path < b.Path:
		return -1
	case a.Path > b.Path:
		return 1
	}
	return 0
}

func sniffFile(fsys fs.FS, name string, buf []byte) (Signature, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	n, err := io.ReadFull(f, buf)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil
	}
	kind := Sniff(buf[:n])
	if kind == "" && err == nil && HasEvents(buf[:n], f) {
		kind = EventLogFile
	}
	if kind == "" && n == len(buf) && string(buf[:4]) != "regf" && HasBins(f, name) {
		kind = HiveFile
	}
	if kind == "" && n > 0 {
		kind = SniffName(name)
	}
	return kind, err
}
