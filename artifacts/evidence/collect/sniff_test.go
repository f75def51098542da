package collect_test

import (
	"encoding/binary"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/corpus/schtask"
	"github.com/artifactdump/artifactdump/corpus/shelllink"
	"github.com/google/go-cmp/cmp"
)

const taskNamespace = `"http://schemas.microsoft.com/windows/2004/02/mit/task"`

// wide is a text in UTF-16, with the mark where bom is set.
func wide(order binary.AppendByteOrder, bom bool, s string) []byte {
	var b []byte
	if bom {
		b = order.AppendUint16(b, 0xFEFF)
	}
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return b
}

func sniffed() map[string]struct {
	head []byte
	want collect.Signature
} {
	job := schtask.Job{Product: 0x0501, Application: `C:\a.exe`, Status: 0x41300}.Build()
	with := func(b []byte, at int, v byte) []byte {
		c := append([]byte(nil), b...)
		c[at] = v
		return c
	}
	link := shelllink.Link{Target: `C:\a.exe`}.Build()
	xml := `<?xml version="1.0" encoding="UTF-16"?>` + "\r\n" + `<Task version="1.2" xmlns=` + taskNamespace + `><Actions/></Task>`
	return map[string]struct {
		head []byte
		want collect.Signature
	}{
		"shortcut":                       {link, collect.ShortcutFile},
		"shortcut of another class":      {with(link, 4, 2), ""},
		"shortcut cut off":               {link[:19], ""},
		"job":                            {job, collect.JobFile},
		"job of an unknown Windows":      {with(job, 1, 9), ""},
		"job of version 2":               {with(job, 2, 2), ""},
		"job in month 13":                {with(job, 54, 13), ""},
		"job with its name elsewhere":    {with(job, 20, 71), ""},
		"job cut off":                    {job[:69], ""},
		"zeros":                          {make([]byte, 1024), ""},
		"task as the scheduler writes":   {schtask.Task{Path: `\A`}.XML(), collect.TaskFile},
		"task, UTF-16 LE without mark":   {wide(binary.LittleEndian, false, xml), collect.TaskFile},
		"task, UTF-16 BE with mark":      {wide(binary.BigEndian, true, xml), collect.TaskFile},
		"task, UTF-16 BE without mark":   {wide(binary.BigEndian, false, xml), collect.TaskFile},
		"task, UTF-8":                    {[]byte(xml), collect.TaskFile},
		"task, UTF-8 with mark":          {[]byte("\xEF\xBB\xBF" + xml), collect.TaskFile},
		"task without declaration":       {[]byte("\n <Task>"), collect.TaskFile},
		"task behind comments":           {[]byte("<!-- <a> --><?x y?><!----><Task xmlns=" + taskNamespace + "\n>"), collect.TaskFile},
		"task in a long first tag":       {[]byte("<Task version='1.4' xmlns"), collect.TaskFile},
		"Tasks":                          {[]byte("<Tasks>"), ""},
		"Task of another program":        {[]byte(`<Task xmlns="urn:example">`), ""},
		"Task inside":                    {[]byte("<Project><Task></Project>"), ""},
		"text before":                    {[]byte("see <Task>"), ""},
		"comment without end":            {[]byte("<!-- <Task>"), ""},
		"nothing behind":                 {[]byte("<Task"), ""},
		"half a unit":                    {wide(binary.LittleEndian, true, "<Task>")[:13], ""},
		"recycled, version 1":            {recycled(1, 2026, "C:\\x"), collect.RecycleFile},
		"recycled, version 2":            {recycled(2, 2026, "d:\\"), collect.RecycleFile},
		"recycled from a share":          {recycled(2, 2026, `\\s\x`), collect.RecycleFile},
		"recycled before its time":       {recycled(2, 1999, "C:\\x"), ""},
		"recycled, version 3":            {recycled(3, 2026, "C:\\x"), ""},
		"recycled without a path":        {recycled(1, 2026, "Cx\\x"), ""},
		"INFO2":                          {append([]byte{5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 3, 0, 0, 0, 0, 0, 0}, "C:\\x"...), collect.RecycleFile},
		"INFO2 without its first letter": {append([]byte{5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x18, 1, 0, 0, 0, 0, 0, 0}, "\x00:\\x"...), collect.RecycleFile},
		"INFO2 of odd records":           {append([]byte{5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x21, 3, 0, 0, 0, 0, 0, 0}, "C:\\x"...), ""},
		"prefetch":                       {[]byte("\x1E\x00\x00\x00SCCA"), collect.PrefetchFile},
		"hive":                           {append([]byte("regf"), make([]byte, 28)...), collect.HiveFile},
		"a surrogate without its second": {[]byte{0xFF, 0xFE, '<', 0, 0, 0xD8}, ""},
	}
}

// recycled is the head of a file $I of a recycle bin.
func recycled(version uint64, year int, path string) []byte {
	le := binary.LittleEndian
	b := le.AppendUint64(le.AppendUint64(nil, version), 100)
	b = le.AppendUint64(b, uint64(time.Date(year, 3, 1, 0, 0, 0, 0, time.UTC).Unix()+11_644_473_600)*10_000_000)
	if version == 2 {
		b = le.AppendUint32(b, uint32(len(path)+1))
	}
	for _, c := range path {
		b = le.AppendUint16(b, uint16(c))
	}
	return append(b, make([]byte, 20)...)
}

func TestSniff(t *testing.T) {
	for name, tt := range sniffed() {
		if got := collect.Sniff(tt.head[:min(len(tt.head), collect.SniffSize)]); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// FuzzSniff wants what a short head tells to hold for a longer one, but for the
// end of a word and the kinds of hives, which later bytes decide. The list of an
// empty recycle bin (INFO2) ends after its header; only a path can follow it.
func FuzzSniff(f *testing.F) {
	for _, tt := range sniffed() {
		f.Add(tt.head)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		whole := collect.Sniff(b)
		if whole != collect.Sniff(b) {
			t.Fatal("twice the same bytes, two answers")
		}
		if whole == "" {
			return
		}
		longer := collect.Sniff(append(b[:len(b):len(b)], make([]byte, 64)...))
		if longer != whole && whole != collect.HiveFile && whole != collect.TaskFile && whole != collect.RecycleFile {
			t.Errorf("%q becomes %q with zeros behind it", whole, longer)
		}
	})
}

// Beside machines a shortcut or a task makes no machine of its own; alone it
// does.
func TestLayoutWeakSignatures(t *testing.T) {
	link := &fstest.MapFile{Data: shelllink.Link{Target: `C:\a.exe`}.Build()}
	task := &fstest.MapFile{Data: schtask.Task{Path: `\A`}.XML()}
	pc := &fstest.MapFile{Data: []byte("x")}
	for _, tt := range []struct {
		name string
		fsys fstest.MapFS
		want []string
	}{
		{"beside", fstest.MapFS{"pc/Windows/System32/x": pc, "note.lnk": link, "t.xml": task}, []string{"pc|windows volume|||pc"}},
		{"alone", fstest.MapFS{"note": link, "t.xml": task, "readme": pc}, []string{"|loose files|||.", "shortcut note", "task t.xml"}},
	} {
		hosts, err := collect.Layout(tt.fsys)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, summary(hosts)); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.name, diff)
		}
	}
}
