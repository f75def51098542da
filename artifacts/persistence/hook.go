package persistence

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/hive"
)

// A Hook is what the records of the many small settings have in common by
// which Windows loads a program or a DLL at some occasion. One record stands
// for one program: a list of three DLLs gives three.
type Hook struct {
	artifacts.Origin
	Entry
	Key     string `json:"setting_key,omitempty"` // which key, without the head that all share
	Name    string `json:"name"`                  // of the value
	Value   string `json:"value,omitempty"`       // the whole value, where one record shows a part of it
	Item    int    `json:"item,omitempty"`        // which part of a list, from 1
	Default bool   `json:"default,omitempty"`     // what Windows itself writes there
	Unusual string `json:"unusual,omitempty"`     // what is odd about the value itself
}

// A Hooker is a record about a setting that loads something.
type Hooker interface{ Setting() Hook }

// Setting returns what the records of such settings have in common.
func (r Hook) Setting() Hook { return r }

// Summary shows the setting and what it holds.
func (r Hook) Summary() string {
	what := r.Command
	if what == "" {
		what = r.Value
	}
	s := fmt.Sprintf("[%s] %s: %s", r.Key, runName(r.Name), what)
	if r.Item > 1 {
		s += fmt.Sprintf(" (item %d)", r.Item)
	}
	if r.Unusual != "" {
		s += " (" + r.Unusual + ")"
	}
	return s + r.state()
}

// Tags adds to those of every autostart whether Windows itself sets it so.
func (r Hook) Tags() []string {
	tags := r.Entry.Tags()
	if r.Default {
		tags = append(tags, "default")
	}
	return tags
}

// hooks collects the hooks of one key.
type hooks struct {
	in   artifacts.Input
	key  string
	out  []Hook
	errs []error
}

// hooksOf starts a collection; stars in the key's name are filled in with what
// the source matched.
func hooksOf(in artifacts.Input, key string) *hooks {
	for _, m := range in.Match {
		key = strings.Replace(key, "*", m, 1)
	}
	return &hooks{in: in, key: key}
}

// hookRecords yields the hooks as the artifact's own type.
func hookRecords[T any](h *hooks, record func(Hook) T, yield func(T) bool) error {
	for _, r := range h.out {
		if !yield(record(r)) {
			break
		}
	}
	return errors.Join(h.errs...)
}

// each calls f for every value of the source's key.
func (h *hooks) each(f func(hive.Value)) {
	for v, err := range h.in.Values() {
		if err != nil {
			h.errs = append(h.errs, h.in.Wrap(h.in.AtKey(), err))
			continue
		}
		f(v)
	}
}

// value calls f for the value of that name if it is there.
func (h *hooks) value(name string, f func(hive.Value)) {
	if v, ok := h.in.Own().Find(name); ok {
		f(v)
	}
}

// text reads a value as text, and says what is odd about it.
func (h *hooks) text(v hive.Value) (text, note string) {
	text, note, err := artifacts.AnyText(v)
	if err != nil {
		h.errs = append(h.errs, h.in.Wrap(h.in.At(v), err))
	}
	return text, note
}

// list reads a value as a list without its empty parts. A single text is a
// list of one; some writers put it where a list belongs.
func (h *hooks) list(v hive.Value) (list []string, note string) {
	switch v.Type().Base() {
	case hive.MultiString:
		all, err := v.Texts()
		if err != nil {
			h.errs = append(h.errs, h.in.Wrap(h.in.At(v), err))
		}
		list = all
	default:
		var s string
		s, note = h.text(v)
		list = []string{s}
	}
	return slices.DeleteFunc(list, func(s string) bool { return strings.Trim(s, "\" \t") == "" }), note
}

// add records one hook that was read from a value.
func (h *hooks) add(v hive.Value, a Entry) *Hook {
	a.Hidden = autostartHidden(v.Name())
	h.out = append(h.out, Hook{Origin: h.in.At(v), Entry: a, Key: h.key, Name: v.Name()})
	return &h.out[len(h.out)-1]
}

// command records a value that holds a command line, nil where it is empty.
func (h *hooks) command(v hive.Value, mechanism string) *Hook {
	text, note := h.text(v)
	if strings.TrimSpace(text) == "" {
		return nil
	}
	r := h.add(v, autostartCommand(h.in, mechanism, text))
	r.Unusual = note
	return r
}

// commands records each command of a list.
func (h *hooks) commands(v hive.Value, mechanism string) []Hook {
	from := len(h.out)
	list, note := h.list(v)
	list, whole := h.bound(v, list)
	for i, c := range list {
		r := h.add(v, autostartCommand(h.in, mechanism, c))
		r.Unusual = note
		if len(list) > 1 {
			r.Item, r.Value = i+1, whole
		}
	}
	return h.out[from:]
}

// dll records a value that holds the path of a DLL.
func (h *hooks) dll(v hive.Value, mechanism string) *Hook {
	text, note := h.text(v)
	if strings.TrimSpace(text) == "" {
		return nil
	}
	r := h.add(v, autostartDLL(h.in, mechanism, text))
	r.Unusual = note
	return r
}

// dlls records each DLL of a list: a multi-string, or texts that one of seps
// parts.
func (h *hooks) dlls(v hive.Value, mechanism, seps string) []Hook {
	from := len(h.out)
	list, note := h.list(v)
	if seps != "" {
		var all []string
		for _, s := range list {
			for p := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune(seps, r) }) {
				if p = strings.TrimSpace(p); p != "" {
					all = append(all, p)
				}
			}
		}
		list = all
	}
	list, whole := h.bound(v, list)
	for i, d := range list {
		r := h.add(v, autostartDLL(h.in, mechanism, d))
		r.Unusual = note
		if len(list) > 1 {
			r.Item, r.Value = i+1, whole
		}
	}
	return h.out[from:]
}

// hookItems and hookWhole bound what a list costs: every record repeats the
// whole. Lists of Windows have a dozen items.
const (
	hookItems = 4096
	hookWhole = 1024 // bytes
)

// bound cuts a list that is longer than any real one, and spells it in one
// text, which may end early.
func (h *hooks) bound(v hive.Value, list []string) (items []string, whole string) {
	if len(list) > hookItems {
		h.errs = append(h.errs, h.in.Errorf(h.in.At(v), "a list of %d items; the first %d are shown", len(list), hookItems))
		list = list[:hookItems]
	}
	var b strings.Builder
	for i, s := range list {
		if i > 0 {
			b.WriteString("; ")
		}
		if b.Len()+len(s)+len("; …") > hookWhole {
			b.WriteString("…")
			break
		}
		b.WriteString(s)
	}
	return list, b.String()
}

// fact records a value that names no program, nil where it is empty.
func (h *hooks) fact(v hive.Value, mechanism string) *Hook {
	var text, note string
	switch v.Type().Base() {
	case hive.DWord, hive.DWordBigEndian, hive.QWord:
		n, err := v.Uint()
		if err != nil {
			h.errs = append(h.errs, h.in.Wrap(h.in.At(v), err))
			return nil
		}
		text = fmt.Sprint(n)
	case hive.MultiString:
		var list []string
		list, note = h.list(v)
		text = strings.Join(list, "; ")
	default:
		text, note = h.text(v)
	}
	if text == "" {
		if note != "" {
			h.errs = append(h.errs, h.in.Errorf(h.in.At(v), "%s", note))
		}
		return nil
	}
	r := h.add(v, autostartOf(h.in, mechanism))
	r.Value, r.Unusual = text, note
	return r
}

// autostartDLL is autostartImage for a DLL, whose extension may be missing:
// the loader appends it.
func autostartDLL(in artifacts.Input, mechanism, path string) Entry {
	p := strings.Trim(strings.TrimSpace(path), `"`)
	if winpath.Ext(p) == "" {
		p += ".dll"
	}
	a := autostartImage(in, mechanism, p)
	a.Command = path
	return a
}

// hookSystem reports whether image is one of these files (without extension)
// in System32, or a bare name that is looked for there first.
func hookSystem(in artifacts.Input, image string, names ...string) bool {
	key := winpath.Key(image)
	base := strings.TrimSuffix(winpath.Base(key), winpath.Ext(key))
	if dir := winpath.Dir(key); dir != "" && !in.Machine.IsSystem32(dir) {
		return false
	}
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, base) })
}

// hookWritable reports whether the path lies where users without privileges
// can put files on a Windows with its own permissions.
func hookWritable(path string) bool {
	k := winpath.Key(path)
	for _, dir := range []string{`\users\`, `\documents and settings\`, `\programdata\`, `\windows\temp\`, `\perflogs\`, `\temp\`,
		`\$recycle.bin\`, `\windows\tasks\`, `\windows\debug\`, `\windows\tracing\`} {
		if strings.HasPrefix(k, dir) {
			return true
		}
	}
	return false
}
