package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/hive"
)

func hiveLsCommand() *cli.Command {
	return &cli.Command{
		Name: "ls", Usage: "the subkeys and values of a key", ArgsUsage: "FILE [KEY]",
		Description: "Examples:\n" +
			"   artifactdump hive ls SYSTEM\n" +
			`   artifactdump hive ls SYSTEM 'CurrentControlSet\Services\Tcpip'`,
		Flags: hiveFlags(&cli.BoolFlag{Name: "recursive", Aliases: []string{"r"}, Usage: "all keys below, too"}),
		Action: func(c *cli.Context) error {
			a, err := hiveArgs(c, 1, 2, "FILE [KEY]")
			if err != nil {
				return err
			}
			s := newSession(c)
			h, err := s.openHive(a[0])
			if err != nil {
				return err
			}
			k, err := findKey(h, a[1])
			if err != nil {
				return err
			}
			o, err := openOutput(c)
			if err != nil {
				return err
			}
			if c.Bool("recursive") {
				err = s.below(a[0], h, k, func(k hive.Key) error { s.listKey(o, a[0], k); return nil })
			} else {
				s.listKey(o, a[0], k)
			}
			if err != nil {
				return err
			}
			if err := o.commit(); err != nil {
				return err
			}
			return s.end()
		},
	}
}

// below calls f for k and for every key below it, in stored order.
func (s *session) below(file string, h *hive.Hive, top hive.Key, f func(hive.Key) error) error {
	prefix := strings.TrimSuffix(top.Path(), `\`)
	for k, err := range h.Keys() {
		if err != nil {
			s.itemDamage(file, err)
			continue
		}
		if p := k.Path(); k == top || strings.HasPrefix(p, prefix+`\`) {
			if err := f(k); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *session) listKey(o *out, file string, k hive.Key) {
	fmt.Fprintf(o, "%s  last written %s\n", output.Clean(k.Path()), cmp.Or(output.FormatTime(k.Written()), "(no time)"))
	if class, err := k.ClassName(); err == nil && class != "" {
		fmt.Fprintf(o, "  class  %s\n", output.Clean(class))
	}
	for sub, err := range k.Subkeys() {
		if err != nil {
			s.itemDamage(file, err)
			continue
		}
		fmt.Fprintf(o, "  %s  %s\\\n", cmp.Or(output.FormatTime(sub.Written()), "(no time)                   "), output.Clean(sub.Name()))
	}
	for v, err := range k.Values() {
		if err != nil {
			s.itemDamage(file, err)
			continue
		}
		text, err := show(v, 120)
		if err != nil {
			s.itemDamage(file, err)
		}
		fmt.Fprintf(o, "  %-20s %-14s %s\n", output.Clean(valueName(v)), v.Type(), text)
	}
}

func valueName(v hive.Value) string {
	if n := v.Name(); n != "" {
		return n
	}
	return "(Default)"
}

// show spells a value's data for reading, cut to about max characters; 0 means
// whole.
func show(v hive.Value, max int) (string, error) {
	b, err := v.Bytes()
	var s string
	switch v.Type().Base() {
	case hive.String, hive.ExpandString, hive.Link:
		s, _ = v.Text()
	case hive.MultiString:
		t, _ := v.Texts()
		s = strings.Join(t, " | ")
	case hive.DWord, hive.DWordBigEndian, hive.QWord:
		if n, err := v.Uint(); err == nil {
			s = fmt.Sprintf("%#x (%d)", n, n)
			break
		}
		fallthrough
	default:
		cut := b
		if max > 0 && len(cut) > max/2 {
			cut = cut[:max/2]
		}
		s = fmt.Sprintf("%x", cut)
		if len(cut) < len(b) {
			s += fmt.Sprintf("… (%d bytes)", len(b))
		}
		return s, err
	}
	s = strings.NewReplacer("\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(s)
	if r := []rune(s); max > 0 && len(r) > max {
		s = string(r[:max]) + fmt.Sprintf("… (%d characters)", len(r))
	}
	return output.Clean(s), err
}

func hiveGetCommand() *cli.Command {
	return &cli.Command{
		Name: "get", Usage: "one value, whole", ArgsUsage: "FILE KEY VALUE",
		Description: "The nameless value is called \"\" or (Default). Examples:\n" +
			`   artifactdump hive get SYSTEM Select Current` + "\n" +
			`   artifactdump hive get --raw -o cache.bin SYSTEM 'CurrentControlSet\Control\Session Manager\AppCompatCache' AppCompatCache`,
		Flags: hiveFlags(append(outputFlags(), &cli.BoolFlag{Name: "raw", Usage: "the bytes as stored"})...),
		Action: func(c *cli.Context) error {
			if c.NArg() != 3 {
				return usagef("usage: artifactdump hive get FILE KEY VALUE")
			}
			a := c.Args().Slice()
			s := newSession(c)
			h, err := s.openHive(a[0])
			if err != nil {
				return err
			}
			k, err := findKey(h, a[1])
			if err != nil {
				return err
			}
			v, err := k.Value(a[2])
			if errors.Is(err, hive.ErrNotExist) && strings.EqualFold(a[2], "(Default)") {
				v, err = k.Value("")
			}
			if errors.Is(err, hive.ErrNotExist) {
				return fmt.Errorf("no value %q in %s", a[2], a[1])
			}
			if err != nil {
				return err
			}
			o, err := openOutput(c, a[0])
			if err != nil {
				return err
			}
			if c.Bool("raw") {
				b, err := v.Bytes()
				if err != nil {
					s.itemDamage(a[0], err)
				}
				o.Write(b)
			} else {
				text, err := show(v, 0)
				if err != nil {
					s.itemDamage(a[0], err)
				}
				fmt.Fprintln(o, text)
			}
			if err := o.commit(); err != nil {
				return err
			}
			return s.end()
		},
	}
}
