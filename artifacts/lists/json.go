package lists

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"
)

// json reads a STIX bundle, events of MISP, or one of its warning lists. Objects are
// read one after the other; a problem names the number of the object.
func (l *List) json(r io.Reader) error {
	dec := json.NewDecoder(io.LimitReader(r, MaxJSON))
	d := document{l: l, dec: dec}
	if err := d.value(0); err != nil {
		if d.number == 0 && len(d.list) == 0 {
			return fmt.Errorf("invalid JSON after %d bytes: %w", dec.InputOffset(), err)
		}
		// What was read before is whole; the rest is lost, and said so.
		l.problem(d.number, "invalid JSON after %d bytes: %v; what follows is not read", dec.InputOffset(), err)
	}
	d.warningList()
	return nil
}

// A document is a list in JSON while it is read.
type document struct {
	l      *List
	dec    *json.Decoder
	number int
	list   []string // of a warning list
	name   string
	kind   string
}

// value reads an object or a list of objects.
func (d *document) value(depth int) error {
	if depth > 4 {
		return errors.New("nested too deeply for a list")
	}
	t, err := d.dec.Token()
	if err != nil {
		return err
	}
	switch t {
	case json.Delim('['):
		for d.dec.More() {
			if err := d.value(depth + 1); err != nil {
				return err
			}
		}
	case json.Delim('{'):
		for d.dec.More() {
			if err := d.member(depth); err != nil {
				return err
			}
		}
	default:
		return nil
	}
	_, err = d.dec.Token()
	return err
}

func (d *document) member(depth int) error {
	t, err := d.dec.Token()
	if err != nil {
		return err
	}
	switch t {
	case "objects":
		d.l.Format = "stix"
		return d.each(func(raw json.RawMessage) { d.l.stixObject(d.number, raw) })
	case "Event":
		d.l.Format = "misp"
		return d.mispEvent()
	case "response":
		return d.value(depth + 1)
	case "list":
		return d.each(func(raw json.RawMessage) {
			var s string
			if json.Unmarshal(raw, &s) == nil && len(d.list) < MaxEntries {
				d.list = append(d.list, s)
			} else {
				d.l.problem(d.number, "not a text")
			}
		})
	case "name":
		return d.text(&d.name)
	case "type":
		return d.text(&d.kind)
	}
	var skip json.RawMessage
	return d.dec.Decode(&skip)
}

// text reads a text; another value is none.
func (d *document) text(to *string) error {
	var v any
	if err := d.dec.Decode(&v); err != nil {
		return err
	}
	*to, _ = v.(string)
	return nil
}

// each reads the elements of a list.
func (d *document) each(f func(json.RawMessage)) error {
	t, err := d.dec.Token()
	if err != nil || t != json.Delim('[') {
		return err
	}
	for d.dec.More() {
		var raw json.RawMessage
		if err := d.dec.Decode(&raw); err != nil {
			return err
		}
		d.number++
		f(raw)
	}
	_, err = d.dec.Token()
	return err
}

// warningList adds the entries of a warning list of MISP: what is known to be good.
func (d *document) warningList() {
	if len(d.list) == 0 {
		return
	}
	l := d.l
	l.Format = "misp warning list"
	x := &Label{Name: clip(d.name, 200)}
	for i, v := range d.list {
		v = strings.ToLower(strings.TrimSpace(v))
		var err error
		_, isAddress := netip.ParseAddr(v)
		_, isNetwork := netip.ParsePrefix(v)
		switch {
		case l.Role != Good:
			err = errors.New("a warning list holds what is known to be good: use --hashes good=FILE")
		case d.kind == "regex" || d.kind == "substring":
			err = fmt.Errorf("warning lists of the type %s are not compared", d.kind)
		case isAddress == nil || isNetwork == nil:
			err = l.add(Address, v, x)
		default:
			err = l.shaped(strings.TrimPrefix(v, "."), x)
		}
		if err != nil {
			l.problem(i+1, "%v", err)
		}
	}
}

// A mispTag is a tag of MISP.
type mispTag struct {
	Name string `json:"name"`
}

type mispAttribute struct {
	UUID    string    `json:"uuid"`
	Type    string    `json:"type"`
	Value   string    `json:"value"`
	Comment string    `json:"comment"`
	ToIDs   bool      `json:"to_ids"`
	Deleted bool      `json:"deleted"`
	First   string    `json:"first_seen"`
	Last    string    `json:"last_seen"`
	Tags    []mispTag `json:"Tag"`
}

type mispEvent struct {
	UUID       string          `json:"uuid"`
	Info       string          `json:"info"`
	Threat     json.RawMessage `json:"threat_level_id"`
	Tags       []mispTag       `json:"Tag"`
	Attributes []mispAttribute `json:"Attribute"`
	Objects    []struct {
		Name       string          `json:"name"`
		Deleted    bool            `json:"deleted"`
		Attributes []mispAttribute `json:"Attribute"`
	} `json:"Object"`
}

// mispEvent reads an event of MISP.
func (d *document) mispEvent() error {
	var e mispEvent
	var raw json.RawMessage
	if err := d.dec.Decode(&raw); err != nil {
		return err
	}
	d.number++
	if err := json.Unmarshal(raw, &e); err != nil {
		d.l.problem(d.number, "not an event of MISP: %v", err)
		return nil
	}
	level := map[string]string{"1": "high", "2": "medium", "3": "low"}[strings.Trim(string(e.Threat), `"`)]
	base := Label{Name: clip(e.Info, 200), Level: level, Labels: tagNames(nil, e.Tags)}
	for i := range e.Attributes {
		d.number++
		d.attribute(&base, &e.Attributes[i])
	}
	for i := range e.Objects {
		o := &e.Objects[i]
		if o.Deleted {
			continue
		}
		d.object(&base, o.Attributes)
	}
	return nil
}

func tagNames(list []string, tags []mispTag) []string {
	for i := range tags {
		if n := tags[i].Name; n != "" && len(list) < 16 {
			list = append(list, clip(n, 100))
		}
	}
	return list
}

// object adds the attributes of an object. The name of a file with a hash is a label.
func (d *document) object(base *Label, list []mispAttribute) {
	file, hash := "", false
	for i := range list {
		a := &list[i]
		if plainName(a.Type) == "filename" && !a.Deleted {
			file = a.Value
		}
		k := types[plainName(a.Type)]
		hash = hash || a.ToIDs && !a.Deleted && (k == MD5 || k == SHA1 || k == SHA256)
	}
	for i := range list {
		a := &list[i]
		d.number++
		if hash && plainName(a.Type) == "filename" {
			continue
		}
		if a.Comment == "" {
			a.Comment = file
		}
		d.attribute(base, a)
	}
}

func (d *document) attribute(base *Label, a *mispAttribute) {
	if !a.ToIDs || a.Deleted {
		return // it is context, and no indicator
	}
	x := *base
	x.ID, x.Labels = clip(a.UUID, 100), tagNames(append([]string(nil), base.Labels...), a.Tags)
	if a.Comment != "" {
		x.Name = clip(strings.TrimSpace(base.Name+": "+a.Comment), 300)
	}
	x.From, x.Until = stamp(a.First), stamp(a.Last)
	if x.Until != "" && x.From == x.Until {
		x.Until = "" // one sighting is not an end
	}
	if err := d.l.typed(a.Type, a.Value, &x); err != nil {
		d.l.problem(d.number, "%v", err)
	}
}

// stamp returns a time as RFC 3339 writes it, "" for what is none.
func stamp(s string) string {
	s = strings.TrimSpace(s)
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC().Format(time.RFC3339)
		}
	}
	return ""
}

type stixObject struct {
	Type        string   `json:"type"`
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Pattern     string   `json:"pattern"`
	PatternType string   `json:"pattern_type"`
	From        string   `json:"valid_from"`
	Until       string   `json:"valid_until"`
	Labels      []string `json:"labels"`
	Types       []string `json:"indicator_types"`
	Revoked     bool     `json:"revoked"`
}

// stixObject adds an indicator. Other objects, observed data among them, are none.
func (l *List) stixObject(number int, raw json.RawMessage) {
	var o stixObject
	if err := json.Unmarshal(bytes.TrimSpace(raw), &o); err != nil {
		l.problem(number, "not an object of STIX: %v", err)
		return
	}
	switch {
	case o.Type != "indicator", o.Revoked:
		return
	case o.PatternType != "stix" && o.PatternType != "":
		l.problem(number, "pattern type %.60s is not compared", o.PatternType)
		return
	}
	x := &Label{ID: clip(o.ID, 100), Name: clip(o.Name, 300), From: stamp(o.From), Until: stamp(o.Until)}
	for _, s := range append(append([]string(nil), o.Labels...), o.Types...) {
		if len(x.Labels) < 16 {
			x.Labels = append(x.Labels, clip(s, 100))
		}
	}
	if err := l.pattern(o.Pattern, x); err != nil {
		l.problem(number, "pattern %.200q: %v", o.Pattern, err)
	}
}
