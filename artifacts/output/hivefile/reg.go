package hivefile

import (
	"bufio"
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/hive"
)

// A RegWriter writes keys as text that the registry editor reads. Every value keeps
// its type and bytes.
type RegWriter struct {
	w      *bufio.Writer
	root   string
	damage func(error)
}

// NewRegWriter begins such a text. root is the key that the root of the hive
// stands for; damage is called with what cannot be read.
func NewRegWriter(w *bufio.Writer, root string, damage func(error)) *RegWriter {
	fmt.Fprint(w, "Windows Registry Editor Version 5.00\r\n")
	return &RegWriter{w, strings.TrimSuffix(root, `\`), damage}
}

// Key writes a key with its values.
func (r *RegWriter) Key(k hive.Key) error {
	path := strings.TrimSuffix(k.Path(), `\`)
	if _, err := fmt.Fprintf(r.w, "\r\n[%s%s]\r\n", r.root, oneLine(path)); err != nil {
		return err
	}
	for v, err := range k.Values() {
		if err != nil {
			r.damage(err)
			continue
		}
		if err := r.value(v); err != nil {
			r.damage(err)
		}
	}
	return nil
}

// oneLine keeps a key's name on its line; the form has no escape for it.
func oneLine(s string) string { return strings.NewReplacer("\r", "\uFFFD", "\n", "\uFFFD").Replace(s) }

func (r *RegWriter) value(v hive.Value) error {
	w := r.w
	b, err := v.Bytes()
	name := "@"
	if n := v.Name(); n != "" {
		name = quoteReg(n)
	}
	w.WriteString(name + "=")
	column := len(name) + 1
	switch t := v.Type(); {
	case t == hive.String && plainText(b):
		w.WriteString(quoteReg(hive.DecodeText(b).Text))
	case t == hive.DWord && len(b) == 4:
		n, _ := v.Uint()
		fmt.Fprintf(w, "dword:%08x", n)
	default:
		head := "hex:"
		if t != hive.Binary {
			head = fmt.Sprintf("hex(%x):", uint32(t))
		}
		w.WriteString(head)
		column += len(head)
		for i, c := range b {
			// The editor breaks lines at 80 columns.
			if column > 76 && i > 0 {
				w.WriteString("\\\r\n  ")
				column = 2
			}
			fmt.Fprintf(w, "%02x", c)
			column += 2
			if i+1 < len(b) {
				w.WriteByte(',')
				column++
			}
		}
	}
	w.WriteString("\r\n")
	return err
}

// plainText reports whether the quoted form gives back exactly these bytes:
// one NUL at the end, nothing that the form cannot carry.
func plainText(b []byte) bool {
	if len(b) < 2 || len(b)%2 != 0 {
		return false
	}
	d := hive.DecodeText(b)
	if d.AfterNUL != "" || d.NoNUL || strings.ContainsAny(d.Text, "\r\n\uFFFD") {
		return false
	}
	return len(b) == 2*(len(utf16.Encode([]rune(d.Text)))+1)
}

func quoteReg(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
