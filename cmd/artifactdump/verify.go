package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/hive"
	"github.com/artifactdump/artifactdump/prefetch"
)

//go:generate go run . verify --write-oracles ../../docs/oracles.md

func verifyCommand() *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "a second opinion: independent parsers beside ours, field by field",
		ArgsUsage: "EVIDENCE…",
		Description: "Decodes every Prefetch file and every hive a second time with go-prefetch and\n" +
			"regparser, in a child process that may die, and compares field by field: agreed,\n" +
			"a known divergence (docs/oracles.md says who is right and why), or unexplained.\n" +
			"An unexplained difference is shown with both readings and the bytes. It makes the\n" +
			"exit code 3, as does a file that is damaged or cannot be read.\n\n" +
			"Example:\n   artifactdump verify /mnt/image",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "format", Value: "text", Usage: "`FORMAT` of the output: text, jsonl"},
			&cli.StringFlag{Name: "host", Usage: "`NAME` of the machine"},
			&cli.BoolFlag{Name: "no-logs", Usage: "leave transaction logs aside"},
			&cli.BoolFlag{Name: "no-shadows", Usage: "leave the volume shadow copies of disk images aside"},
			passwordFlag(),
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "no notes"},
			&cli.StringFlag{Name: "write-oracles", Hidden: true},
		}, outputFlags()),
		Action: verify,
	}
}

// A verdict is the comparison of one file.
type verdict struct {
	Path        string         `json:"path"`
	Kind        string         `json:"kind"` // prefetch, hive
	Agreed      int            `json:"agreed"`
	Known       map[string]int `json:"known,omitempty"`
	Unexplained []difference   `json:"unexplained,omitempty"`
	More        int            `json:"more_unexplained,omitempty"`
	Witness     string         `json:"witness,omitempty"` // why it said nothing
}

// A difference is one field that two parsers read differently.
type difference struct {
	Field  string `json:"field"`
	Where  string `json:"where"`
	Offset int64  `json:"offset"`
	Ours   string `json:"ours"`
	Theirs string `json:"theirs"`
	Bytes  string `json:"bytes"`
}

// maxDifferences is how many unexplained differences of one file are kept in
// full.
const maxDifferences = 20

func (v *verdict) known(d divergence, n int) {
	if v.Known == nil {
		v.Known = map[string]int{}
	}
	v.Known[d.field+": "+d.when] += n
}

func (v *verdict) differ(d difference) {
	if len(v.Unexplained) == maxDifferences {
		v.More++
		return
	}
	v.Unexplained = append(v.Unexplained, d)
}

func verify(c *cli.Context) error {
	if name := c.String("write-oracles"); name != "" {
		return writeOraclesFile(name)
	}
	if !c.Args().Present() {
		return usagef("which evidence? Give the folder of a copied or mounted disk")
	}
	write, ok := map[string]func(io.Writer, *verdict) error{"text": verdictText, "jsonl": func(w io.Writer, v *verdict) error { return writeJSON(w, v) }}[c.String("format")]
	if !ok {
		return usagef("no format of verify is called %q", c.String("format"))
	}
	s := newSession(c)
	o, err := openOutput(c, c.Args().Slice()...)
	if err != nil {
		return err
	}
	w := &witness{ctx: c.Context}
	defer w.stop()
	var sum verdict
	files, unexplained, silent := 0, 0, 0
	for _, path := range c.Args().Slice() {
		err := s.verifyOne(path, w, func(v *verdict) error {
			files++
			sum.Agreed += v.Agreed
			for k, n := range v.Known {
				sum.known(divergence{field: strings.SplitN(k, ": ", 2)[0], when: strings.SplitN(k, ": ", 2)[1]}, n)
			}
			if n := len(v.Unexplained) + v.More; n > 0 {
				unexplained += n
				s.clearLine()
				fmt.Fprintf(s.stderr, "unexplained: %s: %d fields that the witness reads otherwise\n", output.Clean(v.Path), n)
			}
			if v.Witness != "" {
				silent++
			}
			return write(o, v)
		})
		if err != nil {
			o.abort()
			return err
		}
	}
	if c.String("format") == "text" {
		fmt.Fprintf(o, "\n%d files: %d fields agreed, %d known divergences, %d unexplained; the witness read nothing of %d\n", files, sum.Agreed, total(sum.Known), unexplained, silent)
	}
	if err := o.commit(); err != nil {
		return err
	}
	if unexplained > 0 {
		return errDamaged
	}
	return s.end()
}

func total(m map[string]int) int {
	n := 0
	for _, v := range m {
		n += v
	}
	return n
}

func (s *session) verifyOne(path string, w *witness, yield func(*verdict) error) error {
	ev, err := s.openEvidence(path)
	if err != nil {
		return err
	}
	defer ev.Close()
	for i, t := range ev.Trees {
		ev.Trees[i] = nil // so that its hives go when it is done
		files, errs := t.Glob(`%SystemRoot%\Prefetch\*.pf`)
		for _, err := range errs {
			s.damage(err)
		}
		for _, f := range files {
			b, err := f.Bytes()
			if err != nil {
				s.damage(fmt.Errorf("%s: %w", f.Path, err))
				continue
			}
			s.prefetchDamage(f.Path, b)
			if err := yield(comparePrefetch(w, f.Path, b)); err != nil {
				return err
			}
		}
		hives, errs := t.Hives()
		for _, err := range errs {
			s.damage(err)
		}
		for _, h := range hives {
			hv, err := h.Open()
			if err != nil {
				s.damage(fmt.Errorf("%s: %w", h.Path, err))
			}
			if hv == nil {
				continue
			}
			for _, d := range hv.Damage() {
				s.hiveDamage(h.Path, d)
			}
			if err := yield(compareHive(w, h.Path, hv)); err != nil {
				return err
			}
			if h.Snapshot != "" {
				h.Release()
			}
		}
		if err := s.c.Context.Err(); err != nil {
			return err
		}
	}
	return nil
}

// prefetchDamage names what our own parser could not read of a file.
func (s *session) prefetchDamage(path string, b []byte) {
	f, err := prefetch.Parse(b, nil)
	if err != nil {
		s.damage(fmt.Errorf("%s: %w", path, err))
	}
	if f == nil {
		return
	}
	for _, d := range f.Damage {
		if error(d) != err {
			s.damage(fmt.Errorf("%s: %w", path, d))
		}
	}
}

var peerVersions = map[prefetch.Version]string{
	prefetch.V17: "WinXP", prefetch.V23: "Vista", prefetch.V26: "Win8.1", prefetch.V30: "Win10", prefetch.V31: "Win11",
}

func comparePrefetch(w *witness, path string, b []byte) *verdict {
	v := &verdict{Path: path, Kind: "prefetch"}
	a, died, err := w.ask(witnessQuestion{Data: b})
	if died || err != nil {
		v.Witness = "died: " + err.Error()
	}
	return comparePrefetchAnswer(v, path, b, a)
}

// comparePrefetchAnswer holds the witness's answer against our reading.
func comparePrefetchAnswer(v *verdict, path string, b []byte, a witnessAnswer) *verdict {
	f, err := prefetch.Parse(b, nil)
	if a.Error != "" {
		v.Witness = "refused: " + a.Error
	}
	if f == nil {
		// Both may refuse; a witness that reads what is no Prefetch file is
		// covered by the row on damage.
		if v.Witness == "" {
			v.known(prefetchDivergences[1].divergence, 1)
		} else {
			v.Agreed++
			v.Witness += "; ours: " + err.Error()
		}
		return v
	}
	if v.Witness != "" {
		if i := explainPrefetch("file", f); i >= 0 {
			v.known(prefetchDivergences[i].divergence, 1)
		} else {
			v.differ(difference{Field: "file", Where: path, Ours: "read", Theirs: v.Witness, Bytes: hexBytes(b, 0, 32)})
		}
		return v
	}
	data, fields, _ := prefetch.Explain(b, nil)
	p := a.Prefetch
	field := func(name, at string, ours, theirs string) {
		if ours == theirs {
			v.Agreed++
			return
		}
		if i := explainPrefetch(name, f); i >= 0 {
			v.known(prefetchDivergences[i].divergence, 1)
			return
		}
		d := difference{Field: name, Where: path, Ours: ours, Theirs: theirs}
		for _, x := range fields {
			if x.Name == at {
				d.Offset, d.Bytes = int64(x.Offset), hexBytes(data, x.Offset, x.Size)
			}
		}
		v.differ(d)
	}
	field("executable", "executable name", f.Executable, p.Executable)
	field("hash", "prefetch hash", fmt.Sprintf("0x%08X", f.Hash), p.Hash)
	field("version", "format version", peerVersions[f.Version], p.Version)
	field("run count", "run count", fmt.Sprint(f.RunCount), fmt.Sprint(p.RunCount))
	field("run times", "run time 0", seconds(f.LastRuns), fmt.Sprint(dropUnset(p.LastRuns)))
	names := make([]string, len(f.Files))
	for i, m := range f.Files {
		names[i] = m.Name
	}
	field("files", "filename strings offset", strings.Join(names, "\n"), strings.Join(p.Files, "\n"))
	return v
}

func seconds(ts []time.Time) string {
	out := []int64{}
	for _, t := range ts {
		if !t.IsZero() {
			out = append(out, t.Unix())
		}
	}
	return fmt.Sprint(out)
}

// dropUnset drops what the peer makes of a FILETIME of zero.
func dropUnset(ts []int64) []int64 {
	out := []int64{}
	for _, t := range ts {
		if t > 0 && t < 253402300800 {
			out = append(out, t)
		}
	}
	return out
}

func hexBytes(b []byte, off, n int) string {
	if off < 0 || off > len(b) {
		return ""
	}
	return fmt.Sprintf("% x", b[off:min(off+min(n, 64), len(b))])
}

func compareHive(w *witness, path string, h *hive.Hive) *verdict {
	v := &verdict{Path: path, Kind: "hive"}
	image := h.Bytes()
	if hd := h.Header(); hd.Major == 1 && hd.Minor < 3 {
		v.Witness = "does not know the cells of format 1.1 and 1.2"
		return v
	}
	var keys []hive.Key
	flush := func() bool {
		if len(keys) == 0 {
			return true
		}
		q := witnessQuestion{Hive: true, Data: image}
		for _, k := range keys {
			q.Keys = append(q.Keys, k.Offset())
		}
		a, died, err := w.ask(q)
		switch {
		case died || err != nil:
			v.Witness = "died: " + err.Error()
		case a.Error != "":
			v.Witness = "refused: " + a.Error
		case len(a.Keys) != len(keys):
			v.Witness = "answered only a part"
		}
		if v.Witness != "" {
			return false
		}
		for i, k := range keys {
			compareKey(v, image, k, &a.Keys[i])
		}
		keys = keys[:0]
		return true
	}
	for k, err := range h.Keys() {
		if err != nil || k.Offset()+80 > int64(len(image)) {
			continue
		}
		if keys = append(keys, k); len(keys) == 1<<16 && !flush() {
			return v
		}
	}
	flush()
	return v
}

func compareKey(v *verdict, image []byte, k hive.Key, p *witnessKey) {
	differ := func(name string, val hive.Value, off int64, ours, theirs string) {
		if i := explainHiveField(name, k, val); i >= 0 {
			v.known(hiveDivergences[i].divergence, 1)
			return
		}
		v.differ(difference{name, k.Path(), off, ours, theirs, hexBytes(image, int(off), 64)})
	}
	field := func(name string, val hive.Value, off int64, ours, theirs string) {
		if ours == theirs {
			v.Agreed++
			return
		}
		differ(name, val, off, ours, theirs)
	}
	var none hive.Value
	field("key name", none, k.Offset(), k.Name(), p.Name)
	field("last written", none, k.Offset(), fmt.Sprint(k.Written().Unix()), fmt.Sprint(p.Written))
	if i := explainHiveField("values", k, none); i >= 0 {
		v.known(hiveDivergences[i].divergence, 1)
		return
	}
	i := 0
	for val, err := range k.Values() {
		if err != nil {
			continue
		}
		if i == len(p.Values) {
			differ("values", none, k.Offset(), "more", fmt.Sprint(len(p.Values)))
			return
		}
		pv := &p.Values[i]
		i++
		field("value name", val, val.Offset(), val.Name(), pv.Name)
		field("type", val, val.Offset(), fmt.Sprint(uint32(val.Type())), fmt.Sprint(pv.Type))
		b, _ := val.Bytes()
		if bytes.Equal(b, pv.Data) {
			v.Agreed++
			continue
		}
		differ("data", val, val.Offset(), fmt.Sprintf("%.64x", b), fmt.Sprintf("%.64x", pv.Data))
	}
	if i < len(p.Values) {
		differ("values", none, k.Offset(), fmt.Sprint(i), fmt.Sprint(len(p.Values)))
	}
}

func verdictText(w io.Writer, v *verdict) error {
	state := "agreed"
	switch {
	case len(v.Unexplained) > 0:
		state = "DIFFERS"
	case v.Witness != "":
		state = "alone"
	case len(v.Known) > 0:
		state = "known"
	}
	_, err := fmt.Fprintf(w, "%-8s %6d fields  %s\n", state, v.Agreed, output.Clean(v.Path))
	if v.Witness != "" {
		fmt.Fprintf(w, "         witness %s\n", output.Clean(v.Witness))
	}
	keys := make([]string, 0, len(v.Known))
	for k := range v.Known {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		fmt.Fprintf(w, "         %6d × %s\n", v.Known[k], k)
	}
	for _, d := range v.Unexplained {
		fmt.Fprintf(w, "         %s of %s at offset %d\n           ours   %s\n           theirs %s\n           bytes  %s\n",
			d.Field, output.Clean(d.Where), d.Offset, output.Clean(d.Ours), output.Clean(d.Theirs), d.Bytes)
	}
	if v.More > 0 {
		fmt.Fprintf(w, "         and %d more\n", v.More)
	}
	return err
}

var errNoOracles = errors.New("cannot write the divergences")
