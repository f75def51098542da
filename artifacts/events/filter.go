package events

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
)

// A Filter chooses the events that are shown. Rules and analyses see all events,
// whatever the filter. The zero value shows what the catalogue rates high or
// medium, all records that were hidden in their log, and those that a program wrote
// under a name of Windows.
type Filter struct {
	all, none bool
	channels  map[string]bool
	kinds     map[string]bool // "provider:id"
}

// ParseFilter reads "all", "none", "default", or a list of channels and of
// provider:id, separated by commas. Case does not matter.
func ParseFilter(s string) (*Filter, error) {
	f := &Filter{}
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "", "default":
		return f, nil
	case "all":
		f.all = true
		return f, nil
	case "none":
		f.none = true
		return f, nil
	}
	f.channels, f.kinds = map[string]bool{}, map[string]bool{}
	for item := range strings.SplitSeq(s, ",") {
		item = strings.ToLower(strings.TrimSpace(item))
		if item == "" {
			return nil, fmt.Errorf("empty item in the list of events %q", s)
		}
		i := strings.LastIndexByte(item, ':')
		if i < 0 {
			f.channels[item] = true
			continue
		}
		if _, err := strconv.ParseUint(item[i+1:], 10, 16); err != nil || i == 0 {
			return nil, fmt.Errorf("%q is not a channel and not provider:id", item)
		}
		f.kinds[item] = true
	}
	return f, nil
}

// Shows reports whether an event is shown.
func (f *Filter) Shows(e *Event) bool {
	switch {
	case f.all:
		return true
	case f.none:
		return false
	case f.channels != nil:
		return f.channels[strings.ToLower(e.Channel)] ||
			len(f.kinds) > 0 && f.kinds[strings.ToLower(e.Provider)+":"+strconv.FormatUint(uint64(e.ID), 10)]
	}
	if state, _ := e.Found(); state == artifacts.Hidden {
		return true
	}
	return e.Kind != nil && e.Kind.Worth >= Medium || e.Posed()
}

// Quiet is the complement of [Filter.Shows] in the form that
// [artifacts.Options] wants. Records that are not events are shown.
func (f *Filter) Quiet(_ *artifacts.Artifact, d artifacts.Decoded) bool {
	e, ok := d.(Event)
	return ok && !f.Shows(&e)
}
