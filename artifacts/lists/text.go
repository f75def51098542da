package lists

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxLine is how long a line of a list can be; a longer one is skipped.
const maxLine = 64 << 10

// text reads a list in a textual format, which it knows by the first characters.
func (l *List) text(r io.Reader) error {
	in := bufio.NewReaderSize(r, 256<<10)
	head, _ := in.Peek(4096)
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return l.lines(bufio.NewReaderSize(newUTF16(in), 256<<10))
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		in.Discard(3)
		head = head[3:]
	}
	if h := bytes.TrimLeft(head, " \t\r\n"); len(h) > 0 && (h[0] == '{' || h[0] == '[' && !bytes.HasPrefix(h, []byte("[.")) && jsonArray(h)) {
		return l.json(in)
	}
	return l.lines(in)
}

// jsonArray reports whether what begins with a bracket is JSON and no defanged text.
func jsonArray(h []byte) bool {
	h = bytes.TrimLeft(h[1:], " \t\r\n")
	return len(h) == 0 || h[0] == '{' || h[0] == '"' || h[0] == ']' || h[0] == '['
}

// A utf16Reader turns UTF-16 with a byte order mark into UTF-8. A surrogate that has
// no partner becomes U+FFFD.
type utf16Reader struct {
	in   *bufio.Reader
	big  bool
	rest []byte
}

func newUTF16(in *bufio.Reader) *utf16Reader {
	var mark [2]byte
	io.ReadFull(in, mark[:])
	return &utf16Reader{in: in, big: mark[0] == 0xfe}
}

func (u *utf16Reader) unit() (uint16, error) {
	var b [2]byte
	if _, err := io.ReadFull(u.in, b[:]); err != nil {
		return 0, io.EOF
	}
	if u.big {
		return uint16(b[0])<<8 | uint16(b[1]), nil
	}
	return uint16(b[1])<<8 | uint16(b[0]), nil
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.rest) < len(p) {
		c, err := u.unit()
		if err != nil {
			break
		}
		r := rune(c)
		for utf16.IsSurrogate(r) && err == nil {
			var d uint16
			d, err = u.unit()
			if pair := utf16.DecodeRune(r, rune(d)); pair != '\uFFFD' {
				r = pair
			} else if u.rest = append(u.rest, "\uFFFD"...); err == nil { // d stands for itself, and may end the line
				r = rune(d)
			}
		}
		if err == nil {
			u.rest = utf8.AppendRune(u.rest, r)
		}
	}
	if len(u.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, u.rest)
	u.rest = u.rest[:copy(u.rest, u.rest[n:])]
	return n, nil
}

// A header says what the columns of a CSV file hold.
type header struct {
	kinds                  map[int]Kind
	file, kind, value      int // columns, -1 for none
	id, name, level, until int
}

// columns are names of columns, without their signs.
var columns = map[string]Kind{
	"md5": MD5, "hashmd5": MD5, "md5hash": MD5, "sha1": SHA1, "sha1hash": SHA1, "sha256": SHA256, "sha256hash": SHA256,
	"path": Path, "filepath": Path, "fullpath": Path, "domain": Domain, "hostname": Domain, "fqdn": Domain, "ip": Address,
	"ipaddress": Address, "ipv4": Address, "ipv6": Address, "address": Address, "url": URL, "uri": URL, "registry": Registry,
	"regkey": Registry, "registrykey": Registry, "command": Command, "commandline": Command, "service": Service, "servicename": Service,
	"task": Task, "taskname": Task, "account": Account, "username": Account, "hash": "hash",
}

func plainName(s string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "", "#", "").Replace(strings.ToLower(strings.TrimSpace(s)))
}

// headerOf reads the first line of a CSV file, nil where it names no known column.
func headerOf(cells []string) *header {
	h := &header{kinds: map[int]Kind{}, file: -1, kind: -1, value: -1, id: -1, name: -1, level: -1, until: -1}
	for i, c := range cells {
		n := plainName(c)
		if k, ok := columns[n]; ok {
			h.kinds[i] = k
			continue
		}
		at := map[string]*int{"filename": &h.file, "file": &h.file, "type": &h.kind, "indicatortype": &h.kind, "value": &h.value,
			"indicator": &h.value, "ioc": &h.value, "id": &h.id, "uuid": &h.id, "name": &h.name, "comment": &h.name, "description": &h.name,
			"malware": &h.name, "signature": &h.name, "level": &h.level, "severity": &h.level, "validuntil": &h.until}[n]
		if at != nil && *at < 0 {
			*at = i
		}
	}
	if len(h.kinds) == 0 && h.file < 0 && h.value < 0 {
		return nil
	}
	if len(cells) < 2 && h.file < 0 && len(h.kinds) == 0 {
		return nil
	}
	return h
}

// lines reads a list of lines.
func (l *List) lines(in *bufio.Reader) error {
	var h *header
	first, number, comma := true, 0, ','
	l.Format = "plain"
	for {
		raw, err := in.ReadSlice('\n')
		long := 0
		for errors.Is(err, bufio.ErrBufferFull) {
			long += len(raw)
			raw, err = in.ReadSlice('\n')
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if len(raw) == 0 && long == 0 {
			return nil
		}
		number++
		line := strings.TrimRight(string(raw[:min(len(raw), maxLine)]), "\r\n")
		switch text := strings.TrimSpace(line); {
		case long > 0 || len(raw) > maxLine:
			l.problem(number, "a line of more than %d bytes", maxLine)
		case text == "":
		case first && l.begin(text, &h, &comma):
			first = false
		case text[0] == '#' || strings.HasPrefix(text, "//"):
		default:
			first = false
			if err := l.line(text, h, comma); err != nil {
				l.problem(number, "%v", err)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
	}
}

// begin looks for the header of a CSV file in the first line.
func (l *List) begin(text string, h **header, comma *rune) bool {
	for _, c := range []rune{',', ';', '\t', '|'} {
		cells, err := cellsOf(text, c)
		if err != nil || len(cells) < 2 && c != ',' {
			continue
		}
		if len(cells) == 1 {
			if _, known := columns[plainName(cells[0])]; !known && plainName(cells[0]) != "filename" {
				continue
			}
		}
		if found := headerOf(cells); found != nil {
			*h, *comma, l.Format = found, c, "csv"
			return true
		}
	}
	return false
}

func cellsOf(line string, comma rune) ([]string, error) {
	if !strings.Contains(line, `"`) {
		return strings.Split(line, string(comma)), nil
	}
	r := csv.NewReader(strings.NewReader(line))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = comma, true, -1
	return r.Read()
}

// line reads one line that is not empty.
func (l *List) line(text string, h *header, comma rune) error {
	if h != nil {
		cells, err := cellsOf(text, comma)
		if err != nil {
			return err
		}
		return l.row(h, cells)
	}
	// The output of hash programs: the hash, blanks and a name; or the name in parentheses.
	// A backslash before the hash says that those of the name are doubled.
	if t, ok := strings.CutPrefix(text, `\`); ok {
		if i := strings.IndexByte(t, ' '); i > 0 && isDigest(t[:i]) {
			text = strings.ReplaceAll(t, `\\`, `\`)
		}
	}
	if i := strings.IndexAny(text, " \t,;"); i > 0 {
		if isDigest(text[:i]) {
			return l.hash(text[:i], commented(text[i+1:]))
		}
	}
	if i := strings.LastIndex(text, ") = "); i > 0 && strings.Contains(text[:i], " (") {
		_, name, _ := strings.Cut(text[:i], " (")
		return l.hash(text[i+len(") = "):], &Label{Name: name})
	}
	if v, rest, ok := strings.Cut(text, ";"); ok && !strings.Contains(v, "://") {
		return l.shaped(v, commented(rest)) // value;comment;score
	}
	if i := strings.Index(text, " #"); i > 0 {
		return l.shaped(text[:i], &Label{Name: strings.TrimSpace(text[i+2:])})
	}
	return l.shaped(text, nil)
}

// isDigest reports whether a text is as many hexadecimal digits as a hash has.
func isDigest(s string) bool {
	_, ok := hashKind(len(s))
	return ok && strings.Trim(strings.ToLower(s), "0123456789abcdef") == ""
}

// commented makes a label of what stands after a value: a comment, and a score of up
// to 100 after a semicolon.
func commented(s string) *Label {
	s = strings.TrimSpace(strings.TrimLeft(s, " \t*,;"))
	x := &Label{}
	if name, score, ok := strings.Cut(s, ";"); ok {
		score, _, _ = strings.Cut(score, ";")
		if n, err := strconv.Atoi(strings.TrimSpace(score)); err == nil {
			x.Level = levelOfScore(n)
			s = name
		}
	}
	x.Name = clip(strings.TrimSpace(s), 200)
	if x.Name == "" && x.Level == "" {
		return nil
	}
	return x
}

// levelOfScore turns a score of the lists of THOR and LOKI into a level.
func levelOfScore(n int) string {
	switch {
	case n >= 75:
		return "high"
	case n >= 60:
		return "medium"
	case n >= 40:
		return "low"
	}
	return "informational"
}

// clip shortens a text at a character's end.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}

// row reads one row of a CSV file. Of a row with hashes the name of the file is a
// label, and no indicator of its own: very many files have it.
func (l *List) row(h *header, cells []string) error {
	get := func(i int) string {
		if i < 0 || i >= len(cells) {
			return ""
		}
		return strings.TrimSpace(cells[i])
	}
	x := &Label{ID: clip(get(h.id), 200), Name: clip(get(h.name), 200), Level: levelWord(get(h.level)), Until: stamp(get(h.until))}
	file, hashes, n := get(h.file), 0, 0
	var failed error
	note := func(err error) {
		if err == nil {
			n++
		} else if failed == nil {
			failed = err
		}
	}
	if x.Name == "" {
		x.Name = clip(file, 200)
	}
	for i := range cells {
		k, v := h.kinds[i], get(i)
		if k == "" || v == "" || v == "-" {
			continue
		}
		if k == "hash" || k == MD5 || k == SHA1 || k == SHA256 {
			hashes++
			note(l.hash(v, x))
		} else if k != Path || hashes == 0 {
			note(l.add(k, refang(v), x))
		}
	}
	if v := get(h.value); v != "" {
		note(l.typed(get(h.kind), v, x))
	}
	if file != "" && hashes == 0 {
		note(l.add(Name, file, x))
	}
	if n > 0 {
		return nil
	}
	if failed == nil {
		failed = errEmpty
	}
	return failed
}

// levelWord returns a level of findings for a word of a list, "" for others.
func levelWord(s string) string {
	switch s = strings.ToLower(strings.TrimSpace(s)); s {
	case "critical", "high", "medium", "low", "informational":
		return s
	case "info":
		return "informational"
	}
	return ""
}

// types are names of types in lists, of which kind a value of them is. An empty
// kind is one that is known and not compared.
var types = map[string]Kind{
	"md5": MD5, "sha1": SHA1, "sha256": SHA256, "filename": Name, "file": Name, "filepath": Path, "path": Path,
	"domain": Domain, "hostname": Domain, "ip": Address, "ipsrc": Address, "ipdst": Address, "ipv4": Address, "ipv6": Address,
	"cidr": Address, "url": URL, "uri": URL, "link": URL, "regkey": Registry, "registry": Registry, "registrykey": Registry,
	"commandline": Command, "command": Command, "windowsservicename": Service, "servicename": Service, "service": Service,
	"windowsscheduledtask": Task, "task": Task, "taskname": Task, "account": Account, "useraccount": Account, "username": Account,
	"targetuser": Account,
}

// typed adds a value of a type that the list names. Types with a bar hold two
// values: a name and a hash, an address and a port.
func (l *List) typed(kind, value string, x *Label) error {
	if kind == "" {
		return l.shaped(value, x)
	}
	a, b, two := strings.Cut(kind, "|")
	if two {
		v, w, ok := strings.Cut(value, "|")
		if !ok {
			return fmt.Errorf("type %.60s: a value without a bar", kind)
		}
		second := types[plainName(b)]
		switch plainName(a) {
		case "filename": // the hash says which file: the name is a label
			if second == MD5 || second == SHA1 || second == SHA256 {
				y := *x
				if y.Name == "" {
					y.Name = clip(v, 200)
				}
				return l.add(second, w, &y)
			}
		case "domain":
			if err := l.add(Domain, refang(v), x); err != nil || second != Address {
				return err
			}
			return l.add(Address, refang(w), x)
		case "hostname", "ipdst", "ipsrc":
			return l.add(types[plainName(a)], refang(v), x)
		case "regkey":
			return l.add(Registry, strings.TrimRight(v, `\`)+`\`+w, x)
		}
		return fmt.Errorf("type %.60s is not compared", kind)
	}
	k := types[plainName(kind)]
	if k == "" {
		return fmt.Errorf("type %.60s is not compared", kind)
	}
	if k == Name && strings.ContainsAny(value, `\`) {
		k = Path
	}
	return l.add(k, refang(value), x)
}
