package artifacts

import (
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// Copy reports whether the place lies in an older copy of the machine, be the
// record deleted there or not.
func (l *Locator) Copy() bool { return l.State == Backup || l.Snapshot != "" }

// Merge joins the events that several copies of one machine tell alike: the
// same thing at the same time from the same file or key, once live and once in
// a shadow copy, in Windows.old or in RegBack. The live one stays and names the
// other places in Also. Events that only an older copy holds stay as they are.
// The events must be sorted; the result is.
func Merge(events []Event) []Event {
	out := events[:0]
	for i := 0; i < len(events); {
		j := i + 1
		for j < len(events) && events[j].Time.Equal(events[i].Time) {
			j++
		}
		out = append(out, mergeGroup(events[i:j])...)
		i = j
	}
	clear(events[len(out):])
	return out
}

// mergeGroup joins events of one instant. Groups are small but for machines
// that stamp everything alike, so equal places are found by a map.
func mergeGroup(group []Event) []Event {
	if len(group) < 2 || !slices.ContainsFunc(group, func(e Event) bool { return e.Record.From.Copy() }) {
		return group
	}
	first := map[string]int{} // index in out of the event that stands for the place
	out := make([]Event, 0, len(group))
	add := func(e Event) {
		k := e.place()
		i, ok := first[k]
		if ok && (e.Record.From.Copy() || out[i].Record.From.Copy()) && e.Record != out[i].Record {
			out[i].Also = append(out[i].Also, e.Record.From)
			return
		}
		if !ok {
			first[k] = len(out)
		}
		out = append(out, e)
	}
	for _, e := range group {
		if !e.Record.From.Copy() {
			add(e)
		}
	}
	for _, e := range group {
		if e.Record.From.Copy() {
			add(e)
		}
	}
	slices.SortFunc(out, func(a, b Event) int { return a.Compare(&b) })
	return out
}

// place is what two copies of one fact share. A start that was the last one
// when a shadow copy was made is a previous one today. RegBack lies in another
// folder, so that for a key the hive's name counts and not its path.
func (e *Event) place() string {
	from := &e.Record.From
	file := winpath.Key(from.Path)
	says := e.Path()
	if from.Key != "" {
		file = file[strings.LastIndexByte(file, '\\')+1:] + e.Record.User.SID
		says = e.Message // one key can hold several records
	}
	return strings.Join([]string{e.DataType, strings.TrimPrefix(e.Kind, "Previous "), file, strings.ToLower(from.Key), strings.ToLower(from.Value), says, e.Record.Host}, "\x00")
}
