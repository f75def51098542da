package output

import (
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
)

// evtxecmdHeader are the columns of EvtxECmd, in its order.
var evtxecmdHeader = []string{
	"RecordNumber", "EventRecordId", "TimeCreated", "EventId", "Level", "Provider", "Channel", "ProcessId", "ThreadId", "Computer",
	"ChunkNumber",
	"UserId", "MapDescription", "UserName", "RemoteHost", "PayloadData1", "PayloadData2", "PayloadData3", "PayloadData4", "PayloadData5",
	"PayloadData6",
	"ExecutableInfo", "HiddenRecord", "SourceFile", "Keywords", "ExtraDataOffset", "Payload",
}

// evtxecmd writes records of event logs. The columns that the peer fills from
// its maps come from the roles of our catalogue.
type evtxecmd struct {
	*ezTables
	main    *table
	err     error
	partial int
}

func newEvtxECmd(create func(string) (io.Writer, error), o *Options) RecordWriter {
	e := &evtxecmd{ezTables: newEZTables(create, o)}
	e.main, e.err = e.table("EvtxECmd_Output.csv", evtxecmdHeader)
	return e
}

// evtxLevels are the words of the levels.
var evtxLevels = [...]string{"LogAlways", "Critical", "Error", "Warning", "Info", "Verbose"}

// Record writes one row. A record that was recovered without the names of its
// values has no place in these columns: it is left out, and counted.
func (x *evtxecmd) Record(r *artifacts.Record) error {
	e, ok := r.Data.(events.Event)
	if !ok || x.err != nil {
		return x.err
	}
	if r.From.State == artifacts.Partial {
		x.partial++
		return nil
	}
	level := strconv.Itoa(int(e.Level))
	if int(e.Level) < len(evtxLevels) {
		level = evtxLevels[e.Level]
	}
	role := func(list ...events.Role) string {
		for _, k := range list {
			if v := e.Role(e.Kind, k); len(v) > 0 {
				return strings.Join(v, ", ")
			}
		}
		return ""
	}
	labelled := func(label string, k events.Role) string {
		if v := role(k); v != "" {
			return label + ": " + v
		}
		return ""
	}
	user := e.Account(e.Kind, events.Actor).String()
	if user == "" {
		user = e.Account(e.Kind, events.Target).String()
	}
	description, number := "", strconv.FormatUint(e.Number, 10)
	if e.Kind != nil {
		description = e.Kind.Name
	}
	payload, err := evtxPayload(e.Data)
	if err != nil {
		return err
	}
	chunk := (r.From.Offset - 4096) / 65536
	return x.main.row(
		number, number, ezTime(e.Time), strconv.FormatUint(uint64(e.ID), 10), level, e.Provider, e.Channel,
		strconv.FormatUint(uint64(e.ProcessID), 10), strconv.FormatUint(uint64(e.ThreadID), 10), e.Computer, strconv.FormatInt(chunk, 10),
		e.UserSID, description, user, role(events.Source), labelled("Type", events.Type), labelled("Status", events.Status),
		labelled("Object", events.Object),
		labelled("Auth", events.Auth), labelled("Detail", events.Detail), labelled("Link", events.Link), role(events.Process),
		ezBool(r.From.State == artifacts.Hidden), r.From.Path, fmt.Sprintf("0x%016x", e.Keywords), "0", payload,
	)
}

// Notes says what was left out.
func (x *evtxecmd) Notes() []string {
	if x.partial == 0 {
		return nil
	}
	return []string{plural(x.partial, "record") + " recovered in part left out: these tables cannot mark them"}
}

func (x *evtxecmd) Close() error {
	if x.err != nil {
		return x.err
	}
	return x.ezTables.Close()
}

// evtxPayload writes the data as the peer does: what its XML holds, as JSON.
func evtxPayload(data events.Pairs) (string, error) {
	type element struct {
		Name string `json:"@Name,omitempty"`
		Text string `json:"#text"`
	}
	if len(data) > 0 && strings.HasPrefix(data[0].Name, "UserData/") {
		container := map[string]map[string]string{}
		for _, f := range data {
			dir, name := path.Split(strings.TrimPrefix(f.Name, "UserData/"))
			dir = strings.Trim(dir, "/")
			if container[dir] == nil {
				container[dir] = map[string]string{}
			}
			container[dir][name] = f.Value
		}
		b, err := json.Marshal(map[string]any{"UserData": container})
		return string(b), err
	}
	list := []element{}
	for _, f := range data {
		list = append(list, element{f.Name, f.Value})
	}
	b, err := json.Marshal(map[string]any{"EventData": map[string]any{"Data": list}})
	return string(b), err
}
