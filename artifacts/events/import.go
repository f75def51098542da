package events

import (
	"github.com/artifactdump/artifactdump/artifacts/formats/eventjson"
)

// FromExport returns an event that another program exported in plain values.
func FromExport(e eventjson.Event) Record {
	r := Record{
		Number: e.RecordID, ID: e.EventID, Version: e.Version, Level: e.Level, Channel: e.Channel, Provider: e.Provider,
		Computer: e.Computer,
		UserSID:  e.UserSID, ProcessID: e.ProcessID, ThreadID: e.ThreadID, Activity: e.Activity, Time: e.Time,
		Data: make([]Field, len(e.Data)),
	}
	for i, p := range e.Data {
		r.Data[i] = Field{Name: p.Name, Value: p.Value}
	}
	return r
}
