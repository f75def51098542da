package eventjson

import (
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
	return e, e.payload(n)
}

// payload reads EventData and UserData.
func (e *Event) payload(n *node) error {
	if d := n.get("EventData"); d != nil {
		for i, k := range d.keys {
			if k == "Data" {
				k = ""
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
	for i, k := range n.keys {
		if name, ok := strings.CutPrefix(k, "winlog.event_data."); ok {
			n.kids[i].flatten(name, &e.Data)
		}
	}
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
		if err != nil || n < 0 || n > 1<<40 {
			return time.Time{}
		}
		if len(frac) > 9 {
			frac = frac[:9]
		}
		ns, _ := strconv.ParseInt((frac + "000000000")[:9], 10, 64)
		return time.Unix(n, ns).UTC()
	}
	return time.Time{}
}
