package output

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// Bulk requests: a line that says where, a line with the document. The id is
// made of what the event says, so that loading twice changes nothing. What the
// Elastic Common Schema has no field for stands under artifactdump.

const (
	ecsVersion = "9.4.0"
	ecsIndex   = "artifactdump-events"
	ecsPart    = 10 << 20 // a bulk request should not be much larger
)

type ecs struct {
	w    *bufio.Writer
	b    []byte
	opts *Options

	create func(string) (io.Writer, error) // of the next file, or nil
	parts  int
	size   int
}

func newECS(w io.Writer, o *Options) EventWriter {
	return &ecs{w: bufio.NewWriterSize(w, 64<<10), opts: o.orDefault()}
}

// newECSFiles begins a new file when one has grown to a fair request.
func newECSFiles(create func(string) (io.Writer, error), o *Options) EventWriter {
	return &ecs{create: create, opts: o.orDefault()}
}

func (e *ecs) next() error {
	if e.create == nil || e.w != nil && e.size < ecsPart {
		return nil
	}
	if e.w != nil {
		if err := e.w.Flush(); err != nil {
			return err
		}
	}
	w, err := e.create(fmt.Sprintf("part-%04d.ndjson", e.parts))
	if err != nil {
		return err
	}
	e.w, e.size = bufio.NewWriterSize(w, 64<<10), 0
	e.parts++
	return nil
}

func (e *ecs) Event(r *Row) error {
	if err := e.next(); err != nil {
		return err
	}
	sum := sha256.New()
	for _, s := range [...]string{r.Host, r.DataType, strconv.FormatInt(wire.FileTime(r.Time), 10), r.Source, r.Message, r.ID} {
		io.WriteString(sum, s)
		sum.Write([]byte{0})
	}
	o := object{b: append(e.b[:0], '{')}
	o.sub("index", func(o *object) {
		o.str("_index", ecsIndex)
		o.str("_id", hex.EncodeToString(sum.Sum(nil)))
	})
	o.b = append(o.b, "}\n{"...)
	o.more = false
	e.document(&o, r)
	e.b = append(o.b, "}\n"...)
	e.size += len(e.b)
	_, err := e.w.Write(e.b)
	return err
}

// ecsProgram writes the program of a row: a process that ran, or a file.
func ecsProgram(o *object, r *Row) {
	switch {
	case r.Path == "":
	case r.Proof == artifacts.Executed:
		o.sub("process", func(o *object) {
			o.opt("name", r.Executable)
			o.str("executable", r.Path)
			o.opt("command_line", r.field("command_line"))
		})
	default:
		o.sub("file", func(o *object) {
			o.opt("name", r.Executable)
			o.str("path", r.Path)
			if n, err := strconv.ParseInt(r.field("file_size"), 10, 64); err == nil {
				o.int("size", n)
			}
			if h := r.field("sha1"); h != "" {
				o.sub("hash", func(o *object) { o.str("sha1", h) })
			}
		})
	}
}

// event writes what the document says of itself.
func (e *ecs) event(o *object, r *Row) {
	o.str("kind", "event")
	o.str("module", "artifactdump")
	if r.isEvent() {
		o.str("provider", r.field("provider"))
		o.str("code", r.field("event_identifier"))
	} else {
		o.str("provider", r.Parser)
	}
	o.str("dataset", "artifactdump."+r.Parser)
	o.str("action", r.Kind)
	if kind, outcome, ok := r.ecsLogon(); ok {
		o.strs("category", []string{"authentication", "session"})
		o.strs("type", []string{kind})
		o.opt("outcome", outcome)
	} else {
		category, kind := ecsCategory(r)
		o.strs("category", []string{category})
		o.strs("type", []string{kind})
	}
	o.opt("created", FormatTime(e.opts.Created))
	if n, ok := ecsSeverity[r.Level]; ok {
		o.int("severity", n)
	}
}

// ecsRelated writes the hash and the account, by which documents are joined.
func ecsRelated(o *object, r *Row) {
	h := r.field("sha1")
	if h == "" && r.User == "" {
		return
	}
	o.sub("related", func(o *object) {
		if h != "" {
			o.strs("hash", []string{h})
		}
		if r.User != "" {
			o.strs("user", []string{r.User})
		}
	})
}

func (e *ecs) document(o *object, r *Row) {
	o.str("@timestamp", FormatTime(r.Time))
	o.str("message", r.unzoned())
	o.sub("ecs", func(o *object) { o.str("version", ecsVersion) })
	o.sub("event", func(o *object) { e.event(o, r) })
	r.winlog(o)
	if len(r.Rules) > 0 {
		o.sub("rule", func(o *object) { o.strs("id", r.Rules) })
	}
	o.sub("host", func(o *object) {
		o.str("name", r.Host)
		o.str("hostname", r.Host)
		if e.opts.MachineGUID != nil {
			o.opt("id", e.opts.MachineGUID(r.Host))
		}
	})
	ecsProgram(o, r)
	if r.DataType == "windows:registry:amcache:programs" {
		o.sub("package", func(o *object) {
			o.opt("name", r.field("name"))
			o.opt("version", r.field("version"))
			if r.Kind == "Installation Time" {
				o.str("installed", FormatTime(r.Time))
			}
		})
	}
	if r.User != "" || r.SID != "" {
		o.sub("user", func(o *object) {
			o.opt("name", r.User)
			o.opt("id", r.SID)
		})
	}
	ecsRelated(o, r)
	if r.Key != "" {
		o.sub("registry", func(o *object) {
			hive, root := ecsHive(r)
			o.opt("hive", hive)
			o.str("key", root+r.Key)
			o.opt("value", r.Value)
			path := root + r.Key
			if hive != "" {
				path = hive + `\` + path
			}
			if r.Value != "" {
				path += `\` + r.Value
			}
			o.str("path", path)
		})
	}
	o.sub("log", func(o *object) {
		o.sub("file", func(o *object) { o.str("path", r.Source) })
	})
	if len(r.Tags) > 0 {
		o.strs("tags", r.Tags)
	}
	o.sub("artifactdump", func(o *object) {
		o.str("id", r.ID)
		o.str("data_type", r.DataType)
		o.str("confidence", string(r.Proof))
		o.str("state", string(r.State))
		o.opt("snapshot", r.Snapshot)
		o.str("record_id", r.RecordID)
		o.str("level", r.Level)
		if len(r.FindingIDs) > 0 {
			o.strs("finding_ids", r.FindingIDs)
		}
		o.opt("time_kind", r.TimeKind)
		o.opt("session", r.Session)
		o.opt("program_id", r.ProgramID)
		o.opt("start_id", r.StartID)
		o.opt("window", r.Window)
		o.opt("source_sha256", r.SHA256)
		o.int("offset", r.Offset)
		o.int("filetime", wire.FileTime(r.Time))
		if r.Local {
			o.str("local_time", strings.TrimSuffix(FormatTime(r.Time), "Z"))
		}
		o.opt("extra", clip(r.pairs()))
	})
}

// ecsCategory sorts an event into the categories of the schema.
func ecsCategory(r *Row) (category, kind string) {
	switch {
	case r.Kind == "Installation Time" || r.Kind == "Uninstallation Time":
		return "package", map[bool]string{true: "installation", false: "deletion"}[r.Kind == "Installation Time"]
	case r.Proof == artifacts.Executed:
		return "process", "start"
	case r.Proof == artifacts.Configured:
		return "configuration", "info"
	case r.Proof == artifacts.Interacted:
		return "process", "info"
	}
	return "file", "info"
}

// ecsHive is where Windows shows a hive: the root key's short name, and the
// keys above the hive's own.
func ecsHive(r *Row) (hive, root string) {
	switch name := strings.ToUpper(winpath.Base(r.Source)); name {
	case "SYSTEM", "SOFTWARE", "SAM", "SECURITY":
		return "HKLM", name + `\`
	case "NTUSER.DAT", "NTUSER.MAN", "DEFAULT":
		if r.SID != "" {
			return "HKU", r.SID + `\`
		}
	case "USRCLASS.DAT":
		if r.SID != "" {
			return "HKU", r.SID + `_Classes\`
		}
	}
	return "", ""
}

func (e *ecs) Close() error {
	if e.w == nil {
		return nil
	}
	return e.w.Flush()
}
