package output

import (
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// Tables in the shape of Eric Zimmerman's tools, which Timeline Explorer, KAPE
// and many scripts read by their headers. They have no column for deleted
// records, so those are left out, and counted; older copies of a hive get
// files of their own.

// ezTime writes a time as those tools do when asked for all digits: UTC, no
// zone.
func ezTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05.0000000")
}

func ezBool(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

// ezTables opens tables by name when their first row comes.
type ezTables struct {
	create  func(string) (io.Writer, error)
	opts    *Options
	tables  map[string]*table
	order   []*table
	deleted int
}

func newEZTables(create func(string) (io.Writer, error), o *Options) *ezTables {
	return &ezTables{create: create, opts: o.orDefault(), tables: map[string]*table{}}
}

func (z *ezTables) table(name string, header []string) (*table, error) {
	if t := z.tables[name]; t != nil {
		return t, nil
	}
	w, err := z.create(name)
	if err != nil {
		return nil, err
	}
	t := newTable(w, z.opts, true, header)
	z.tables[name] = t
	z.order = append(z.order, t)
	return t, nil
}

// skip reports whether a record has no place in these tables.
func (z *ezTables) skip(r *artifacts.Record) bool {
	if r.From.State == artifacts.Deleted {
		z.deleted++
		return true
	}
	return false
}

// Notes says what was left out.
func (z *ezTables) Notes() []string {
	if z.deleted == 0 {
		return nil
	}
	return []string{plural(z.deleted, "deleted record") + " left out: these tables cannot mark them"}
}

func (z *ezTables) Close() error {
	for _, t := range z.order {
		if err := t.Close(); err != nil {
			return err
		}
	}
	return nil
}

// ofHive is the part of a file's name that tells the hive, and the copy.
func ofHive(from *artifacts.Locator) string {
	name := winpath.Base(from.Path)
	if strings.Contains(strings.ToLower(from.Path), `\regback\`) {
		name = "RegBack_" + name
	}
	if from.Snapshot != "" {
		name = from.Snapshot + "_" + name
	}
	return FileName(name)
}

// FileName makes a text from the evidence fit for a name in any file system.
func FileName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7F || strings.ContainsRune(`<>:"/\|?*`, r) {
			return '_'
		}
		return r
	}, Clean(s))
	return shorten(strings.TrimRight(s, ". "), 80)
}

var pecmdHeader = []string{
	"Note", "SourceFilename", "SourceCreated", "SourceModified", "SourceAccessed", "ExecutableName", "Hash", "Size", "Version",
	"RunCount", "LastRun",
	"PreviousRun0", "PreviousRun1", "PreviousRun2", "PreviousRun3", "PreviousRun4", "PreviousRun5", "PreviousRun6",
	"Volume0Name", "Volume0Serial", "Volume0Created", "Volume1Name", "Volume1Serial", "Volume1Created", "Directories", "FilesLoaded",
	"ParsingError",
}

type pecmd struct {
	*ezTables
	main, runs *table
	err        error
}

func newPECmd(create func(string) (io.Writer, error), o *Options) RecordWriter {
	p := &pecmd{ezTables: newEZTables(create, o)}
	if p.main, p.err = p.table("PECmd_Output.csv", pecmdHeader); p.err == nil {
		p.runs, p.err = p.table("PECmd_Output_Timeline.csv", []string{"RunTime", "ExecutableName"})
	}
	return p
}

// pecmdVersion is how the peer calls the versions.
func pecmdVersion(v uint32) string {
	switch v {
	case 17:
		return "Windows XP or Windows Server 2003"
	case 23:
		return "Windows Vista or Windows 7"
	case 26:
		return "Windows 8.0, Windows 8.1, or Windows Server 2012(R2)"
	case 30:
		return "Windows 10 or Windows 11"
	case 31:
		return "Windows 11"
	}
	return strconv.FormatUint(uint64(v), 10)
}

func (p *pecmd) Record(r *artifacts.Record) error {
	if p.err != nil {
		return p.err
	}
	f, ok := r.Data.(execution.Prefetch)
	if !ok {
		return nil
	}
	var notes []string
	if len(f.Volumes) > 2 {
		notes = append(notes, "File contains > 2 volumes! Please inspect output from main program for full details!")
	}
	if f.ClockSetBack {
		notes = append(notes, "The clock was set back between runs")
	}
	c := make([]string, 0, len(pecmdHeader))
	c = append(c, strings.Join(notes, " "), r.From.Path)
	created, modified, accessed := "", "", ""
	if p.opts.Times != nil {
		// The times of a copied file are those of the copying.
		if t := p.opts.Times(r); t.Original {
			created, modified, accessed = ezTime(t.Created), ezTime(t.Modified), ezTime(t.Accessed)
		}
	}
	size := ""
	if f.Size > 0 {
		size = strconv.FormatUint(uint64(f.Size), 10)
	}
	c = append(c, created, modified, accessed, f.Executable, f.Hash, size, pecmdVersion(f.Version),
		strconv.FormatUint(uint64(f.RunCount), 10))
	for i := range 8 {
		when := ""
		if i < len(f.LastRuns) {
			when = ezTime(f.LastRuns[i])
		}
		c = append(c, when)
	}
	for i := range 2 {
		if i < len(f.Volumes) {
			v := f.Volumes[i]
			c = append(c, v.Device, v.Serial, ezTime(v.Created))
		} else {
			c = append(c, "", "", "")
		}
	}
	var dirs []string
	for _, v := range f.Volumes {
		dirs = append(dirs, v.Directories...)
	}
	if err := p.main.row(append(c, strings.Join(dirs, ", "), strings.Join(f.Files, ", "), ezBool(len(f.Damage) > 0))...); err != nil {
		return err
	}
	name := f.Executable
	for _, m := range f.Files {
		if strings.HasSuffix(m, `\`+f.Executable) {
			name = m
			break
		}
	}
	for _, t := range f.LastRuns {
		if err := p.runs.row(ezTime(t), name); err != nil {
			return err
		}
	}
	return nil
}

// Failed writes the row of a file that could not be read at all.
func (p *pecmd) Failed(e *artifacts.DecodeError) error {
	if p.err != nil || e.Artifact != "prefetch" {
		return p.err
	}
	c := make([]string, len(pecmdHeader))
	c[0], c[1], c[len(c)-1] = e.Err.Error(), e.From.Path, "True"
	return p.main.row(c...)
}

func (p *pecmd) Close() error {
	if p.err != nil {
		return p.err
	}
	return p.ezTables.Close()
}

type appCompatCacheParser struct {
	*ezTables
	seen map[string]map[string]bool // by file, what an earlier control set has
}

func newAppCompatCacheParser(create func(string) (io.Writer, error), o *Options) RecordWriter {
	return &appCompatCacheParser{newEZTables(create, o), map[string]map[string]bool{}}
}

func (a *appCompatCacheParser) Record(r *artifacts.Record) error {
	s, ok := r.Data.(execution.Shimcache)
	if !ok || a.skip(r) {
		return nil
	}
	name := ofHive(&r.From) + "_AppCompatCache.csv"
	t, err := a.table(name, []string{"ControlSet", "CacheEntryPosition", "Path", "LastModifiedTimeUTC", "Executed", "Duplicate",
		"SourceFile"})
	if err != nil {
		return err
	}
	modified := ""
	if !s.Modified.IsZero() {
		modified = s.Modified.UTC().Format("2006-01-02 15:04:05")
	}
	if a.seen[name] == nil {
		a.seen[name] = map[string]bool{}
	}
	key := modified + strings.ToUpper(s.Path)
	dup := a.seen[name][key]
	a.seen[name][key] = true
	return t.row(controlSet(r.From.Key), strconv.Itoa(s.Index), s.Path, modified, ezExecuted(s), ezBool(dup), r.From.Path)
}

// ezExecuted is the flag in the peer's words. On Windows 10 it takes a last
// word of 1 for Yes; our own outputs say "possibly" there.
func ezExecuted(s execution.Shimcache) string {
	switch {
	case s.Executed == "yes", s.LastData != nil && *s.LastData == 1:
		return "Yes"
	case s.Executed == "no", s.LastData != nil:
		return "No"
	}
	return "NA"
}

// controlSet is the number in ControlSet001.
func controlSet(key string) string {
	for part := range strings.SplitSeq(key, `\`) {
		if len(part) == len("ControlSet001") && strings.EqualFold(part[:10], "ControlSet") {
			if n, err := strconv.Atoi(part[10:]); err == nil {
				return strconv.Itoa(n)
			}
		}
	}
	return ""
}
