package main

import (
	"bufio"
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/hive"
)

func hiveExportCommand() *cli.Command {
	return &cli.Command{
		Name: "export", Usage: "a key and all below it as .reg text", ArgsUsage: "FILE [KEY]",
		Description: "The text has the form of \"Windows Registry Editor Version 5.00\", in UTF-8; keys\n" +
			"stand below --root. Every value keeps its type and bytes: what the form cannot\n" +
			"say in words is written as hex(type).\n\n" +
			"Example:\n" +
			`   artifactdump hive export --root 'HKEY_LOCAL_MACHINE\SOFTWARE' SOFTWARE 'Microsoft\Windows\CurrentVersion\Run'`,
		Flags:  hiveFlags(append(outputFlags(), &cli.StringFlag{Name: "root", Value: `HKEY_LOCAL_MACHINE\OFFLINE`, Usage: "the `KEY` that the hive's root stands for"})...),
		Action: onHive(1, 2, "FILE [KEY]", hiveExport),
	}
}

func hiveExport(j *hiveJob) (func(), error) {
	top, err := j.key(j.args[0])
	if err != nil {
		return nil, err
	}
	fmt.Fprint(j.o, "Windows Registry Editor Version 5.00\r\n")
	root := strings.TrimSuffix(j.c.String("root"), `\`)
	return nil, j.below(top, func(k hive.Key) error {
		path := strings.TrimSuffix(k.Path(), `\`)
		fmt.Fprintf(j.o, "\r\n[%s%s]\r\n", root, oneLine(path))
		for v, err := range k.Values() {
			if err != nil {
				j.itemDamage(j.file, err)
				continue
			}
			if err := exportValue(j.o.Writer, v); err != nil {
				j.itemDamage(j.file, err)
			}
		}
		return nil
	})
}

// oneLine keeps a key's name on its line; the form has no escape for it.
func oneLine(s string) string { return strings.NewReplacer("\r", "\uFFFD", "\n", "\uFFFD").Replace(s) }

func exportValue(w *bufio.Writer, v hive.Value) error {
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
