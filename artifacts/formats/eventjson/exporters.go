package eventjson

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// evtxDump reads a document of evtx_dump.
func evtxDump(n *node) (Event, error) {
	s := n.get("System")
	e := Event{
		Form: "evtx_dump", Channel: s.str("Channel"), Provider: s.str("Provider/#attributes/Name", "Provider_attributes/Name"),
		EventID: uint32(s.num("EventID", "EventID/#text")), RecordID: s.num("EventRecordID"), Version: uint8(s.num("Version")),
		Level:    uint8(s.num("Level")),
		Computer: s.str("Computer"), UserSID: s.str("Security/#attributes/UserID", "Security_attributes/UserID"),
		ProcessID: uint32(s.num("Execution/#attributes/ProcessID", "Execution_attributes/ProcessID")),
		ThreadID:  uint32(s.num("Execution/#attributes/ThreadID", "Execution_attributes/ThreadID")),
		Activity:  s.str("Correlation/#attributes/ActivityID"),
		Time:      when(s.str("TimeCreated/#attributes/SystemTime", "TimeCreated_attributes/SystemTime")),
	}
	return e, e.payload(n)
}

// velociraptor reads a row of Velociraptor's parse_evtx.
func velociraptor(n *node) (Event, error) {
	s := n.get("System")
	e := Event{
		Form: "velociraptor", Channel: s.str("Channel"), Provider: s.str("Provider/Name"),
		EventID:  uint32(s.num("EventID/Value", "EventID")),
		RecordID: s.num("EventRecordID"), Version: uint8(s.num("Version")), Level: uint8(s.num("Level")), Computer: s.str("Computer"),
		UserSID: s.str("Security/UserID"), ProcessID: uint32(s.num("Execution/ProcessID")), ThreadID: uint32(s.num("Execution/ThreadID")),
		Activity: s.str("Correlation/ActivityID"), Time: when(s.str("TimeCreated/SystemTime")),
	}
	err := e.payload(n)
	e.seconds()
	return e, err
}

// seconds writes times and bytes among the values as other programs do. Velociraptor
// writes a FILETIME as seconds since 1970, which is a number with a fraction or has the
// name of a time, and bytes in base64.
func (e *Event) seconds() {
	for i := range e.Data {
		p := &e.Data[i]
		if b, err := base64.StdEncoding.DecodeString(p.Value); err == nil && p.Name == "Binary" {
			p.Value = strings.ToUpper(hex.EncodeToString(b))
			continue
		}
		if strings.ContainsRune(p.Value, '.') || strings.Contains(p.Name, "Time") {
			f, err := strconv.ParseFloat(p.Value, 64)
			if at := when(p.Value); err == nil && f > leastTime && f < mostTime && !at.IsZero() {
				p.Value = at.Format("2006-01-02T15:04:05.0000000Z")
			}
		}
	}
}

// A number between these is taken for seconds since 1970: from 1990 to 2100.
const (
	leastTime = 631_152_000
	mostTime  = 4_102_444_800
)

// hunter reads a row of Velociraptor's artifacts for event logs, which bring the
// members of System to the top.
func hunter(n *node) (Event, error) {
	e := Event{
		Form: "velociraptor", Channel: n.str("Channel"), Provider: n.str("Provider"), EventID: uint32(n.num("EventID")),
		RecordID: n.num("EventRecordID"), Computer: n.str("Computer"), UserSID: n.str("UserSID"), Time: when(n.str("EventTime")),
	}
	err := e.payload(n)
	e.seconds()
	return e, err
}

// payload reads EventData and UserData.
func (e *Event) payload(n *node) error {
	if d := n.get("EventData"); d != nil {
		for i, k := range d.keys {
			if k == "Data" {
				k = ""
			}
			if k == "Name" && d.get("Data").pairs() {
				k = "@Name" // of the whole payload
			}
			if k == "#attributes" {
				continue
			}
			d.kids[i].data(k, &e.Data)
		}
	}
	if d := n.get("UserData"); d != nil {
		for i, k := range d.keys {
			if k != "#attributes" {
				d.kids[i].flatten("UserData/"+k, &e.Data)
			}
		}
	}
	if e.EventID == 0 && e.Channel == "" {
		return ErrFormat
	}
	return nil
}

// data appends a value of EventData; lists below Data are unnamed strings.
func (n *node) data(name string, out *[]Pair) {
	if n.leaf {
		*out = append(*out, Pair{name, n.text})
		return
	}
	if nm := n.str("#attributes/Name", "@Name"); nm != "" {
		*out = append(*out, Pair{nm, n.str("#text")})
		return
	}
	if name == "" && n.get("Name") != nil && n.pairs() { // as Velociraptor writes it beside a name of the payload
		*out = append(*out, Pair{n.str("Name"), n.str("Value")})
		return
	}
	for i, k := range n.kids {
		switch key := n.keys[i]; key {
		case "#attributes", "@Name":
		case "", "#text":
			k.data(name, out)
		default:
			k.data(join(name, key), out)
		}
	}
}

// pairs reports whether a node is a name and a value, or a list of such.
func (n *node) pairs() bool {
	if n == nil || n.leaf || len(n.kids) == 0 {
		return false
	}
	for i, k := range n.keys {
		if k != "Name" && k != "Value" && (k != "" || !n.kids[i].pairs()) {
			return false
		}
	}
	return true
}

// evtxECmd reads a line of EvtxECmd, whose payload is JSON within JSON.
func evtxECmd(n *node) (Event, error) {
	e := Event{
		Form: "evtxecmd", Channel: n.str("Channel"), Provider: n.str("Provider"), EventID: uint32(n.num("EventId")),
		RecordID: n.num("EventRecordId", "RecordNumber"), Level: levels[strings.ToLower(n.str("Level"))], Computer: n.str("Computer"),
		UserSID: n.str("UserId"), ProcessID: uint32(n.num("ProcessId")), ThreadID: uint32(n.num("ThreadId")),
		Time: when(n.str("TimeCreated")),
	}
	p := n.str("Payload")
	if p == "" {
		return e, nil
	}
	b := builder{dec: json.NewDecoder(strings.NewReader(p))}
	b.dec.UseNumber()
	d, err := b.value(0)
	if err != nil {
		return e, fmt.Errorf("payload: %w", err)
	}
	return e, e.payload(d)
}

// dotted reads a document whose members are joined with dots.
func dotted(n *node) Event {
	e := Event{
		Form: "winlogbeat", Channel: n.str("winlog.channel"), Provider: n.str("winlog.provider_name"),
		EventID:  uint32(n.num("winlog.event_id", "event.code")),
		RecordID: n.num("winlog.record_id"), Computer: n.str("winlog.computer_name"), UserSID: n.str("winlog.user.identifier"),
		ProcessID: uint32(n.num("winlog.process.pid")), Time: when(n.str("@timestamp")), Level: levels[strings.ToLower(n.str("log.level"))],
	}
	var keys []string
	var kids []*node
	for i, k := range n.keys {
		if name, ok := strings.CutPrefix(k, "winlog.event_data."); ok {
			keys, kids = append(keys, name), append(kids, n.kids[i])
		}
	}
	e.members(keys, kids, n.str("winlog.provider_guid") != "")
	return e
}

// timeForms are the ways in which exports write times.
var timeForms = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999", "2006-01-02 15:04:05.999999999 UTC"}

// when reads a time: as text, or as seconds since 1970, as Velociraptor writes
// them.
func when(s string) time.Time {
	s = strings.TrimSpace(s)
	for _, f := range timeForms {
		if t, err := time.Parse(f, s); err == nil {
			return t.UTC()
		}
	}
	if sec, frac, _ := strings.Cut(s, "."); sec != "" {
		n, err := strconv.ParseInt(sec, 10, 64)
		if err != nil || n < 0 || n > 1<<40 || strings.Trim(frac, "0123456789") != "" {
			return time.Time{} // 1.7e9 is not the first second of 1970
		}
		ns, _ := strconv.ParseInt((frac + "000000000")[:9], 10, 64)
		return time.Unix(n, ns).UTC()
	}
	return time.Time{}
}
