package output

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
)

// The body file of The Sleuth Kit 3 has eleven fields and no escaping:
//
//	MD5|name|inode|mode|UID|GID|size|atime|mtime|ctime|crtime
//
// mactime joins lines with one name, one inode and one second, so the name
// tells the meaning and ends with the event's id.
type bodyfile struct {
	w     *bufio.Writer
	unset string
	left  int
}

func newBodyfile(w io.Writer, o *Options) EventWriter {
	b := &bodyfile{w: bufio.NewWriterSize(w, 64<<10), unset: "-1"}
	if o.orDefault().BodyfileZero {
		b.unset = "0"
	}
	return b
}

func (b *bodyfile) Event(r *Row) error {
	sec := r.Time.Unix()
	if sec < 0 || sec == 0 && b.unset == "0" {
		b.left++
		return nil
	}
	times := [4]string{b.unset, b.unset, b.unset, b.unset} // atime, mtime, ctime, crtime
	times[strings.IndexByte("amcb", macb(r))] = strconv.FormatInt(sec, 10)
	var n strings.Builder
	fmt.Fprintf(&n, "%s, %s", r.unzoned(), r.Kind)
	if r.Path != "" {
		fmt.Fprintf(&n, " (%s)", strings.ReplaceAll(r.Path, `\`, "/"))
	}
	if u := r.User; u != "" {
		fmt.Fprintf(&n, " user %s", u)
	}
	fmt.Fprintf(&n, " [%s] {%s}", r.Host, r.ID)
	_, err := fmt.Fprintf(b.w, "0|%s|0|----------|0|0|0|%s\n", noBar(n.String()), strings.Join(times[:], "|"))
	return err
}

func (b *bodyfile) Close() error { return b.w.Flush() }

// Notes says what was left out.
func (b *bodyfile) Notes() []string {
	if b.left == 0 {
		return nil
	}
	return []string{plural(b.left, "event") + " before 1970 left out: a body file cannot hold them"}
}

// noBar takes out what ends a field or a line.
func noBar(s string) string { return strings.ReplaceAll(line(s), "|", "%7C") }

// macb says which of the four times of a file an event resembles: m modified
// (and everything that ran), a accessed, c metadata changed, b born.
func macb(r *Row) byte {
	switch k := r.Kind; {
	case strings.Contains(k, "Creation"), strings.Contains(k, "Installation"), strings.Contains(k, "Added"):
		return 'b'
	case strings.Contains(k, "Access"), strings.Contains(k, "Visit"):
		return 'a'
	case strings.Contains(k, "Deletion"), strings.Contains(k, "Metadata"):
		return 'c'
	}
	return 'm'
}

// l2tcsv is the old table of log2timeline. It has no quoting: commas become
// blanks.
type l2tcsv struct {
	w     *bufio.Writer
	plain *strings.Replacer // blanks for commas and hyphens for line ends, as the format wants it
	begun bool
}

const l2tHeader = "date,time,timezone,MACB,source,sourcetype,type,user,host,short,desc,version,filename,inode,notes,format,extra\n"

func newL2TCSV(w io.Writer, _ *Options) EventWriter {
	return &l2tcsv{w: bufio.NewWriterSize(w, 64<<10), plain: strings.NewReplacer(",", " ", "\r\n", "-", "\n", "-", "\r", "-")}
}

func (l *l2tcsv) begin() error {
	if l.begun {
		return nil
	}
	l.begun = true
	_, err := l.w.WriteString(l2tHeader)
	return err
}

func (l *l2tcsv) Event(r *Row) error {
	if err := l.begin(); err != nil {
		return err
	}
	marks := []byte("....")
	m := macb(r)
	marks[strings.IndexByte("macb", m)] = m - 'a' + 'A'
	t := r.Time.UTC()
	zone := "UTC"
	if r.Local {
		zone = "-"
	}
	for i, c := range [...]string{
		t.Format("01/02/2006"), t.Format("15:04:05"), zone, string(marks), shortSource(r), r.Parser, r.Kind, r.User, r.Host,
		shorten(r.unzoned(), 80), r.unzoned(), "2", r.Source, "", strings.Join(r.judgedTags(), " "), "artifactdump/" + r.Parser,
		r.pairs() + "; id: " + r.ID + "; record_id: " + r.RecordID + l2tJudged(r),
	} {
		if i > 0 {
			l.w.WriteByte(',')
		}
		c = strings.TrimPrefix(c, "; ")
		if c == "" {
			c = "-"
		}
		l.w.WriteString(line(l.plain.Replace(c)))
	}
	return l.w.WriteByte('\n')
}

func (l *l2tcsv) Close() error {
	if err := l.begin(); err != nil {
		return err
	}
	return l.w.Flush()
}

// shorten cuts a text after n characters.
func shorten(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i] + "…"
		}
		n--
	}
	return s
}

// shortSource is the kind of source in the words of log2timeline and TLN.
func shortSource(r *Row) string {
	switch {
	case strings.HasPrefix(r.DataType, "windows:registry:amcache"):
		return "AMCACHE"
	case r.Key != "", strings.HasPrefix(r.DataType, "windows:registry:"):
		return "REG"
	case r.Parser == "prefetch":
		return "LOG"
	}
	return "FILE"
}

// tln is the pipe-separated line of RegRipper and its timelines:
//
//	seconds|source|host|user|description
type tln struct{ w *bufio.Writer }

func newTLN(w io.Writer, _ *Options) EventWriter { return &tln{bufio.NewWriterSize(w, 64<<10)} }

func (t *tln) Event(r *Row) error {
	desc := r.Kind + " - " + r.unzoned()
	if r.State != artifacts.Live {
		desc += " [" + string(r.State) + "]"
	}
	_, err := fmt.Fprintf(t.w, "%d|%s|%s|%s|%s\n", r.Time.Unix(), shortSource(r), noBar(r.Host), noBar(r.User), noBar(desc))
	return err
}

func (t *tln) Close() error { return t.w.Flush() }

// l2tJudged is what the findings say, for the last column.
func l2tJudged(r *Row) string {
	if r.Level == "" {
		return ""
	}
	return "; level: " + r.Level + "; rules: " + strings.Join(r.Rules, " ") + "; finding_ids: " + strings.Join(r.FindingIDs, " ")
}
