package artifacts

import (
	"reflect"
	"strings"
	"sync"
	"time"
)

// localTimes keeps, for each record type, which of its fields may be local times.
var localTimes sync.Map

// A localTime is a time.Time field whose event is local, or with a tag
// `zone:"local"`; any other zone names the field that says whether it is.
type localTime struct {
	name  string // in JSON
	index []int
	asks  []int // the field that says so, nil for always
}

// LocalTimes returns the names of the times of a record that are local times of
// the machine, without a zone: in JSON they end in Z as all others do.
func LocalTimes(data any) []string {
	v := reflect.Indirect(reflect.ValueOf(data))
	if v.Kind() != reflect.Struct {
		return nil
	}
	plan, ok := localTimes.Load(v.Type())
	if !ok {
		plan, _ = localTimes.LoadOrStore(v.Type(), localFields(v.Type()))
	}
	var out []string
	for _, f := range plan.([]localTime) {
		if f.asks != nil && !v.FieldByIndex(f.asks).Bool() || v.FieldByIndex(f.index).Interface().(time.Time).IsZero() {
			continue
		}
		out = append(out, f.name)
	}
	return out
}

func localFields(t reflect.Type) []localTime {
	var out []localTime
	for _, f := range reflect.VisibleFields(t) {
		if f.Type != timeType || !f.IsExported() {
			continue
		}
		x := localTime{index: f.Index}
		x.name, _, _ = strings.Cut(f.Tag.Get("json"), ",")
		_, event, _ := strings.Cut(f.Tag.Get("event"), ",")
		switch zone := f.Tag.Get("zone"); {
		case zone == "local", event == "local":
		case zone != "":
			says, ok := t.FieldByName(zone)
			if !ok || says.Type.Kind() != reflect.Bool {
				panic("artifacts: " + t.String() + " has no field " + zone + " that says whether a time is local")
			}
			x.asks = says.Index
		default:
			continue
		}
		out = append(out, x)
	}
	return out
}
