package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/hivefile"
	"github.com/artifactdump/artifactdump/hive"
)

func hiveLsCommand() *cli.Command {
	return &cli.Command{
		Name: "ls", Usage: "list the subkeys and values of a key", ArgsUsage: "FILE [KEY]",
		Description: "Examples:\n" +
			"   artifactdump hive ls SYSTEM\n" +
			`   artifactdump hive ls SYSTEM 'CurrentControlSet\Services\Tcpip'`,
		Flags: hiveFlags(&cli.BoolFlag{Name: "recursive", Aliases: []string{"r"}, Usage: "list all keys below KEY"}),
		Action: onHive(1, 2, "FILE [KEY]", func(j *hiveJob) (func(), error) {
			k, err := j.key(j.args[0])
			if err != nil {
				return nil, err
			}
			if j.c.Bool("recursive") {
				return nil, j.below(k, func(k hive.Key) error { j.list(k); return nil })
			}
			j.list(k)
			return nil, nil
		}),
	}
}

// key finds the key that an argument names, and opens the output.
func (j *hiveJob) key(path string) (hive.Key, error) {
	k, err := hivefile.FindKey(j.h, path)
	if err != nil {
		return k, err
	}
	return k, j.open()
}

// below calls f for k and for every key below it, in stored order.
func (j *hiveJob) below(top hive.Key, f func(hive.Key) error) error {
	prefix := strings.TrimSuffix(top.Path(), `\`)
	for k, err := range j.h.Keys() {
		if err != nil {
			j.itemDamage(j.file, err)
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

func (j *hiveJob) list(k hive.Key) {
	fmt.Fprintf(j.o, "%s  last written %s\n", output.Clean(k.Path()), cmp.Or(output.FormatTime(k.Written()), "(no time)"))
	if class, err := k.ClassName(); err == nil && class != "" {
		fmt.Fprintf(j.o, "  class  %s\n", output.Clean(class))
	}
	for sub, err := range k.Subkeys() {
		if err != nil {
			j.itemDamage(j.file, err)
			continue
		}
		fmt.Fprintf(j.o, "  %s  %s\\\n", cmp.Or(output.FormatTime(sub.Written()), "(no time)                   "), output.Clean(sub.Name()))
	}
	j.values(k)
}

// values lists the values of a key, each in a line.
func (j *hiveJob) values(k hive.Key) {
	for v, err := range k.Values() {
		if err != nil {
			j.itemDamage(j.file, err)
			continue
		}
		text, err := hivefile.Show(v, 120)
		if err != nil {
			j.itemDamage(j.file, err)
		}
		fmt.Fprintf(j.o, "  %-20s %-14s %s\n", output.Clean(hivefile.ValueName(v)), v.Type(), text)
	}
}

func hiveGetCommand() *cli.Command {
	return &cli.Command{
		Name: "get", Usage: "print one value in full, or list the values of a key", ArgsUsage: "FILE KEY [VALUE]",
		Description: "Without VALUE the values of the key are listed. The default value is named \"\" or\n(Default). Examples:\n" +
			`   artifactdump hive get SYSTEM Select Current` + "\n" +
			`   artifactdump hive get --raw -o cache.bin SYSTEM 'CurrentControlSet\Control\Session Manager\AppCompatCache' AppCompatCache`,
		Flags:  hiveFlags(append(outputFlags(), &cli.BoolFlag{Name: "raw", Usage: "write the bytes as stored"})...),
		Action: onHive(2, 3, "FILE KEY [VALUE]", hiveGet),
	}
}

func hiveGet(j *hiveJob) (func(), error) {
	path, name := j.args[0], j.args[1]
	k, err := hivefile.FindKey(j.h, path)
	if err != nil {
		return nil, err
	}
	if j.c.NArg() < 3 {
		if j.c.Bool("raw") {
			return nil, usagef("--raw needs a VALUE")
		}
		if err := j.open(); err != nil {
			return nil, err
		}
		j.values(k)
		return nil, nil
	}
	v, err := k.Value(name)
	if errors.Is(err, hive.ErrNotExist) && strings.EqualFold(name, "(Default)") {
		v, err = k.Value("")
	}
	if errors.Is(err, hive.ErrNotExist) {
		return nil, fmt.Errorf("no value %q in %s", name, path)
	}
	if err != nil {
		return nil, err
	}
	if err := j.open(); err != nil {
		return nil, err
	}
	if j.c.Bool("raw") {
		b, err := v.Bytes()
		if err != nil {
			j.itemDamage(j.file, err)
		}
		j.o.Write(b)
		return nil, nil
	}
	text, err := hivefile.Show(v, 0)
	if err != nil {
		j.itemDamage(j.file, err)
	}
	fmt.Fprintln(j.o, text)
	return nil, nil
}
