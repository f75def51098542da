// Package events holds the artifacts that are records of Windows event logs
// (.evtx). One record type serves all: an [Event] in the terms of a catalogue
// that says what the fields of each known event stand for, what the record
// proves, and how much it is worth in a timeline.
//
// Events that the catalogue does not know are read, counted and judged, too;
// their message is made of their first fields.
package events

import (
	"bytes"
	"cmp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts/formats/evtx"
)

// A Field is one named value of an event. Names may be empty and may repeat;
// order is that of the record.
type Field = evtx.Pair

// An Account is whom an event names in a role.
type Account struct {
	SID     string `json:"sid,omitempty"`
	Name    string `json:"name,omitempty"`
	Domain  string `json:"domain,omitempty"`
	LogonID uint64 `json:"logon_id,omitempty"`
}

// String writes an account as Windows does: DOMAIN\name, or its SID.
func (a Account) String() string {
	switch {
	case a.Name == "":
		return a.SID
	case a.Domain == "":
		return a.Name
	}
	return a.Domain + `\` + a.Name
}

// IsZero reports whether the event names nobody.
func (a Account) IsZero() bool { return a == Account{} }

// A Record is one record of a log in plain Go values. It may be kept.
type Record struct {
	Number    uint64    `json:"record_number"` // of the record in its log
	ID        uint32    `json:"event_identifier"`
	Version   uint8     `json:"event_version"`
	Level     uint8     `json:"event_level"`
	Keywords  uint64    `json:"keywords,omitempty" extra:"-"`
	Channel   string    `json:"channel"`
	Provider  string    `json:"provider"`
	Computer  string    `json:"computer"`
	UserSID   string    `json:"user_sid,omitempty"`
	ProcessID uint32    `json:"process_id,omitempty"`
	ThreadID  uint32    `json:"thread_id,omitempty"`
	Activity  string    `json:"activity_id,omitempty"`
	Time      time.Time `json:"time,omitzero" event:"Creation Time"` // TimeCreated
	Data      Pairs     `json:"data"`                                // in stored order
}

// Posed reports whether EventCreate could have written a record that poses as one of
// Windows: a number up to 1000, one text and no process, in the log System or Application,
// from a source with the name of the log, of System, or of EventCreate itself.
func (r *Record) Posed() bool {
	return r.ID > 0 && r.ID <= 1000 && len(r.Data) == 1 && r.ProcessID == 0 && len(r.Data[0].Value) >= 8 &&
		(strings.EqualFold(r.Channel, "System") || strings.EqualFold(r.Channel, "Application")) &&
		(strings.EqualFold(r.Provider, r.Channel) || strings.EqualFold(r.Provider, "System") || strings.EqualFold(r.Provider, "EventCreate"))
}

// Get returns the first value of a name, or "".
func (r *Record) Get(name string) string {
	for i := range r.Data {
		if r.Data[i].Name == name {
			return r.Data[i].Value
		}
	}
	return ""
}

// value returns the value at a path, "" for the marks by which Windows writes
// that there is none.
func (r *Record) value(p path) string {
	v := r.raw(p)
	if v == "-" || v == "S-1-0-0" || v == "(NULL)" {
		return ""
	}
	return v
}

func (r *Record) raw(p path) string {
	if p.index >= 0 {
		i := p.index
		for j := range r.Data {
			if r.Data[j].Name != "" && r.Data[j].Name != "Data" {
				continue
			}
			if i == 0 {
				return r.Data[j].Value
			}
			i--
		}
		return ""
	}
	if p.system != "" {
		return r.system(p.system)
	}
	if v := r.Get(p.name); v != "" {
		return v
	}
	if r.Provider == "PowerShell" {
		return r.line(p.name)
	}
	// Some logs write the same payload below another container.
	if i := strings.LastIndexByte(p.name, '/'); i >= 0 {
		for j := range r.Data {
			if strings.HasSuffix(r.Data[j].Name, p.name[i:]) {
				return r.Data[j].Value
			}
		}
	}
	return ""
}

// line returns the value of a line "name=value" in a text of several lines, as
// the events of Windows PowerShell have it.
func (r *Record) line(name string) string {
	for i := range r.Data {
		if _, rest, ok := strings.Cut(r.Data[i].Value, "\n\t"+name+"="); ok {
			v, _, _ := strings.Cut(rest, "\n")
			return strings.TrimSpace(v)
		}
	}
	return ""
}

func (r *Record) system(name string) string {
	switch name {
	case "UserID", "Security.UserID":
		return r.UserSID
	case "Computer":
		return r.Computer
	case "ProcessID":
		return strconv.FormatUint(uint64(r.ProcessID), 10)
	case "Channel":
		return r.Channel
	}
	return ""
}

// Role returns the values of a role, without empty ones.
func (r *Record) Role(k *Kind, role Role) []string {
	if k == nil {
		return nil
	}
	var out []string
	for _, p := range k.roles[role] {
		if v := r.value(p); v != "" {
			out = append(out, v)
		}
	}
	return out
}

// Account returns whom the event names in a role. Names of fields tell SID,
// name, domain and log-on id apart.
func (r *Record) Account(k *Kind, role Role) Account {
	var a Account
	if k == nil {
		return a
	}
	for _, p := range k.roles[role] {
		v := r.value(p)
		if v == "" {
			continue
		}
		switch {
		case strings.HasPrefix(v, "S-1-") && a.SID == "":
			a.SID = v
		case p.holds == holdsLogonID:
			a.LogonID, _ = Number(v)
		case p.holds == holdsGUID:
		case p.holds == holdsDomain && a.Domain == "":
			a.Domain = v
		case a.Name == "":
			a.Name = v
		}
	}
	if d, n, ok := strings.Cut(a.Name, `\`); ok && a.Domain == "" {
		a.Domain, a.Name = d, n
	}
	return a
}

// Number reads a number as event logs write them: decimal, or hexadecimal with
// 0x. Decoders differ, so numbers compare by value.
func Number(s string) (uint64, bool) {
	s = strings.TrimSpace(s)
	if h, ok := strings.CutPrefix(strings.ToLower(s), "0x"); ok {
		n, err := strconv.ParseUint(h, 16, 64)
		return n, err == nil
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return n, err == nil
}

// maxMessage bounds a message, in bytes; a script block can have megabytes.
const maxMessage = 2000

// Message returns the sentence of the catalogue with its fields filled in. For
// an event that is not in the catalogue it is channel, number and the first
// fields.
func (r *Record) Message(k *Kind) string {
	if k == nil || len(k.message) == 0 {
		return r.plainMessage()
	}
	var room [512]byte
	b := room[:0]
	for i, p := range k.message {
		if p.text != "" {
			if p.text != " " || i == 0 || i+1 == len(k.message) || !empty(r, k.message[i-1]) && !empty(r, k.message[i+1]) {
				b = append(b, p.text...)
			}
			continue
		}
		v := explain(p.field.name, r.value(p.field))
		// Of two fields in a row one may be missing without a trace.
		beside := i >= 2 && k.message[i-1].text == " " && k.message[i-2].text == "" || i+2 < len(k.message) &&
			k.message[i+1].text == " " && k.message[i+2].text == "" && !empty(r, k.message[i+2])
		switch {
		case v != "":
			b = appendLine(b, v)
		case !beside:
			b = append(b, missing...)
		}
		if len(b) > 2*maxMessage {
			break
		}
	}
	if bytes.IndexByte(b, missing[0]) < 0 {
		return clip(string(bytes.TrimSpace(b)), maxMessage)
	}
	return clip(tidy(string(b)), maxMessage)
}

func empty(r *Record, p piece) bool { return p.text == "" && r.value(p.field) == "" }

// missing stands for an empty field until [tidy] has taken out what belongs to
// it. Values hold no NUL at that time.
const missing = "\x00"

// tidies are what goes with an empty field, in the order in which it goes.
var tidies = strings.NewReplacer(
	"("+missing+", "+missing+")", missing, "("+missing+", ", "(", ", "+missing+")", ")", " ("+missing+")", "", "("+missing+")", "",
	" ["+missing+"]", "",
	`"`+missing+`"`, "", " from "+missing, "", " by "+missing, "", " in "+missing, "", " of "+missing, "", " for "+missing, "",
	" to "+missing, "", " with "+missing, "", " at "+missing, "", ": "+missing, "", ":"+missing, "", " "+missing, "", missing+" ", "",
	missing, "",
)

// separators goes with an empty domain or name before all else.
var separators = strings.NewReplacer(missing+`\`, "", `\`+missing, "")

// tidy takes out what empty fields leave behind.
func tidy(s string) string { return strings.TrimSpace(tidies.Replace(separators.Replace(s))) }

// appendLine appends a value as one line: the words of its lines, with a space
// between two.
func appendLine(dst []byte, s string) []byte {
	if len(s) > 2*maxMessage {
		s = s[:2*maxMessage]
	}
	start := len(dst)
	for len(s) > 0 {
		n := 0
		for n < len(s) && s[n] > ' ' {
			n++
		}
		if n > 0 {
			if len(dst) > start {
				dst = append(dst, ' ')
			}
			dst = append(dst, s[:n]...)
		}
		s = s[min(n+1, len(s)):]
	}
	return dst
}

// clip cuts a message between characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// plainFields is how many fields the message of an unknown event shows.
const plainFields = 8

func (r *Record) plainMessage() string {
	var room [512]byte
	b := append(room[:0], cmp.Or(r.Channel, r.Provider)...)
	b = strconv.AppendUint(append(b, ' '), uint64(r.ID), 10)
	if r.Channel == "" {
		return string(b)
	}
	n := 0
	for i := range r.Data {
		f := &r.Data[i]
		if f.Value == "" || f.Value == "-" {
			continue
		}
		if n++; n > plainFields || len(b) > maxMessage {
			break
		}
		b = appendField(append(b, ' '), f)
	}
	return clip(string(b), maxMessage)
}
