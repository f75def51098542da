package defender

import (
	"bufio"
	"io"
	"iter"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A LogKind is what an entry of a log says.
type LogKind string

// The kinds of entries that are worth a record.
const (
	LogDetection    LogKind = "detection"       // a threat was detected
	LogAdd          LogKind = "detection added" // a resource was added to a detection
	LogMerge        LogKind = "detection merged"
	LogClean        LogKind = "cleaned"       // an action was taken
	LogOriginalName LogKind = "original name" // a file's version resource names another file
	LogProcess      LogKind = "process"       // how much a process made the engine work
	LogBehavior     LogKind = "behaviour"     // a process did what a signature describes
	LogEngine       LogKind = "engine"        // a verdict on a file while it was opened
	LogScan         LogKind = "scan"          // a scan found a threat
	LogService      LogKind = "service"       // the service started or stopped
	LogVersion      LogKind = "version"
	LogSignature    LogKind = "dynamic signature"
	LogExclusion    LogKind = "exclusion"
)

// A LogEntry is one line of a log, or one block of lines.
type LogEntry struct {
	Kind   LogKind
	Offset int64     // of its first line
	Line   int       // of its first line, from 1
	Time   time.Time // of the line, UTC
	// TimeBefore is set when the entry has no time of its own: Time is that of
	// the last line before it that has one.
	TimeBefore bool
	Text       string // the first line, without its time

	Source    string   // of a detection: MPSOURCE_REALTIME …
	Threat    string   // name, or threat id of an engine verdict
	Action    string   // of a clean-up: MP_THREAT_ACTION_QUARANTINE …
	Result    string   // HRESULT of a clean-up, status of a verdict
	Resources []string // kind:place
	Path      string   // of the file or the process image
	Original  string   // name in the version resource
	PID       uint64
	Started   time.Time // of the process, when it is noted
	SHA256    string    // of the process image
	Target    string    // file that a behaviour aimed at
	Count     uint64    // files scanned for a process
}

// maxLine bounds a line. Longer ones are cut; the engine writes up to 64 KiB.
const maxLine = 1 << 16

// maxBlock bounds the lines of a block.
const maxBlock = 1000

// ReadLog yields the entries of an MPLog or MPDetection log that are worth a
// record, as they are in the file. The text is UTF-16LE or 8-bit; it is read
// once, from its start, and never held as a whole. An error of the reader ends
// it.
func ReadLog(r io.Reader) iter.Seq2[LogEntry, error] {
	return func(yield func(LogEntry, error) bool) {
		l := logReader{r: bufio.NewReaderSize(r, 1<<16)}
		if b, err := l.r.Peek(2); err == nil && (b[0] == 0xFF && b[1] == 0xFE || b[1] == 0) {
			l.wide = true
			if b[0] == 0xFF {
				l.r.Discard(2)
				l.off = 2
			}
		}
		for l.next() {
			if e, ok := l.entry(); ok && !yield(e, nil) {
				return
			}
		}
		if l.err != nil && l.err != io.EOF {
			yield(LogEntry{Offset: l.off, Line: l.line}, l.err)
		}
	}
}

type logReader struct {
	r    *bufio.Reader
	wide bool
	err  error

	off, at int64 // after and of the current line
	line    int
	text    string
	time    time.Time // of the latest line that has one
	own     bool      // the current line has it
	buf     []byte
	held    bool // the current line is to be read again
}

// next reads a line; false is the end.
func (l *logReader) next() bool {
	if l.held {
		l.held = false
		return true
	}
	if l.err != nil {
		return false
	}
	l.buf, l.at = l.buf[:0], l.off
	for {
		c, n, err := l.char()
		l.off += int64(n)
		if err != nil {
			l.err = err
			if len(l.buf) == 0 {
				return false
			}
			break
		}
		if len(l.buf) < 2*maxLine {
			l.buf = append(l.buf, byte(c), byte(c>>8))
		}
		if c == '\n' {
			break
		}
	}
	l.line++
	l.text = strings.TrimRight(wire.UTF16Escaped(l.buf), "\r\n")
	l.own = false
	if head, rest, ok := strings.Cut(l.text, " "); ok && len(head) > 19 && head[4] == '-' {
		if t, err := time.Parse(time.RFC3339Nano, head); err == nil {
			l.time, l.own, l.text = t.UTC(), true, rest
		}
	}
	return true
}

// char reads one unit of UTF-16, or one byte. n is how many bytes there were.
func (l *logReader) char() (c uint16, n int, err error) {
	b, err := l.r.ReadByte()
	if err != nil {
		return 0, 0, err
	}
	if !l.wide {
		return uint16(b), 1, nil
	}
	h, err := l.r.ReadByte()
	if err != nil {
		return 0, 1, err
	}
	return uint16(b) | uint16(h)<<8, 2, nil
}

var (
	// Some resources have quotes themselves: ""MTF.DYNLINK"".
	originalName = regexp.MustCompile(`^Setting original file name "+(.*?)"+ for "([^"]*)"`)
	processName  = regexp.MustCompile(`^ProcessImageName: (.*?),? \(?Pid:? ?(\d+)\)?, TotalTime: \d+, ` +
		`Count: (\d+), MaxTime: \d+, MaxTimeFile: (.*), EstimatedImpact`)
	engineHit = regexp.MustCompile(`^\[[^\]]*\] Engine VFZ ([^:]*): (.*)\. status=(\w+), .*threatid=(\w+)`)
)

// entry decodes the current line, with the lines of its block.
func (l *logReader) entry() (LogEntry, bool) {
	e := LogEntry{Offset: l.at, Line: l.line, Time: l.time, TimeBefore: !l.own, Text: l.text}
	word, rest, _ := strings.Cut(l.text, " ")
	name, _, _ := strings.Cut(word, "#")
	switch name {
	case "DETECTIONEVENT":
		e.Kind = LogDetection
		e.Source, rest, _ = strings.Cut(rest, " ")
		e.threat(rest)
		return e, true
	case "DETECTION_ADD", "DETECTION_MERGE":
		if e.Kind = LogAdd; name == "DETECTION_MERGE" {
			e.Kind = LogMerge
		}
		e.threat(rest)
		return e, true
	case "DETECTION_CLEANEVENT":
		e.Kind = LogClean
		e.Source, rest, _ = strings.Cut(rest, " ")
		e.Action, rest, _ = strings.Cut(rest, " ")
		e.Result, rest, _ = strings.Cut(rest, " ")
		e.threat(rest)
		return e, true
	case "BEGIN":
		if strings.HasPrefix(l.text, "BEGIN BM telemetry") {
			l.behavior(&e)
			return e, true
		}
	case "Begin":
		if strings.HasPrefix(l.text, "Begin Resource Scan") {
			return e, l.scan(&e)
		}
	}
	return e, e.line()
}

// threat reads the name of a threat and the resources behind it.
func (e *LogEntry) threat(s string) {
	e.Threat, s, _ = strings.Cut(s, " ")
	for s != "" {
		// A path may have a semicolon; a new resource begins with its kind.
		end := len(s)
		for i := 0; i < len(s); i++ {
			if s[i] == ';' && (i+1 == len(s) || kindOf(s[i+1:]) > 1) {
				end = i
				break
			}
		}
		e.Resources = append(e.Resources, s[:end])
		s = s[min(end+1, len(s)):]
	}
}

// kindOf returns the length of the letters in front of a colon.
func kindOf(s string) int {
	for i := range len(s) {
		c := s[i] | 0x20
		switch {
		case s[i] == ':':
			return i
		case c < 'a' || c > 'z':
			return 0
		}
	}
	return 0
}

// line decodes entries of one line that no keyword begins.
func (e *LogEntry) line() bool {
	switch s := e.Text; {
	case strings.HasPrefix(s, "Setting original file name "):
		m := originalName.FindStringSubmatch(s)
		if m == nil {
			return false
		}
		e.Kind, e.Original, e.Path = LogOriginalName, m[1], m[2]
	case strings.HasPrefix(s, "ProcessImageName: "):
		m := processName.FindStringSubmatch(s)
		if m == nil {
			return false
		}
		e.Kind, e.Path, e.Target = LogProcess, m[1], m[4]
		e.PID, _ = strconv.ParseUint(m[2], 10, 64)
		e.Count, _ = strconv.ParseUint(m[3], 10, 64)
	case strings.Contains(s, "] Engine VFZ "):
		m := engineHit.FindStringSubmatch(s)
		if m == nil {
			return false
		}
		e.Kind, e.Action, e.Path, e.Result, e.Threat = LogEngine, m[1], m[2], m[3], m[4]
	case strings.HasPrefix(s, "Service started"), strings.HasPrefix(s, "Service stop"):
		e.Kind = LogService
	case strings.HasPrefix(s, "Version: "), strings.HasPrefix(s, "Product Version: "):
		e.Kind = LogVersion
	case strings.HasPrefix(s, "Dynamic Signature "):
		e.Kind = LogSignature
	case strings.HasPrefix(s, "[ProcessExclusion] "), strings.HasPrefix(s, "[PathExclusion] "):
		e.Kind = LogExclusion
		e.Path, _, _ = strings.Cut(s[strings.Index(s, "] ")+2:], " -> ")
	default:
		return false
	}
	return true
}

// behavior reads the block of a behaviour, up to its last line.
func (l *logReader) behavior(e *LogEntry) {
	e.Kind = LogBehavior
	for range maxBlock {
		if !l.next() {
			return
		}
		if strings.HasPrefix(l.text, "BEGIN BM") {
			l.held = true // the block has no end
			return
		}
		key, value, _ := strings.Cut(l.text, ":")
		switch key {
		case "END BM telemetry":
			return
		case "ProcessID":
			e.PID, _ = strconv.ParseUint(value, 10, 64)
		case "ProcessCreationTime":
			n, _ := strconv.ParseUint(value, 10, 64)
			e.Started = wire.Time(n)
		case "ImagePath":
			e.Path = value
		case "ImagePathHash":
			e.SHA256 = strings.ToLower(value)
		case "TargetFileName":
			e.Target = value
		case "SignatureID":
			e.Threat = value
		}
	}
}

// scan reads the block of a scan; false means that it found nothing.
func (l *logReader) scan(e *LogEntry) bool {
	e.Kind = LogScan
	schema := ""
	for range maxBlock {
		if !l.next() || strings.HasPrefix(l.text, "End Scan") {
			break
		}
		if strings.HasPrefix(l.text, "Begin Resource Scan") {
			l.held = true
			break
		}
		key, value, _ := strings.Cut(l.text, ":")
		switch key {
		case "Scan Source":
			e.Source = value
		case "Threat Name":
			if e.Threat == "" {
				e.Threat = value
			}
		case "Resource Schema":
			schema = value
		case "Resource Path":
			if e.Path == "" {
				e.Path = value
			}
			if e.Threat != "" {
				e.Resources = append(e.Resources, schema+":"+value)
			}
		}
	}
	return e.Threat != ""
}
