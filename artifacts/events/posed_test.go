package events

import "testing"

// TestPosed: a record that EventCreate writes under a name of Windows is shown, one of a
// program under its own name and one with a process are not.
func TestPosed(t *testing.T) {
	text := Pairs{{Value: "The service entered the stopped state."}}
	for _, c := range []struct {
		name string
		r    Record
		want bool
	}{
		{"named like another log", Record{ID: 7, Channel: "Application", Provider: "System", Data: text}, true},
		{"named like its log", Record{ID: 1000, Channel: "Application", Provider: "Application", Data: text}, true},
		{"EventCreate", Record{ID: 1, Channel: "System", Provider: "EventCreate", Data: text}, true},
		{"its own name", Record{ID: 7, Channel: "Application", Provider: "Backup", Data: text}, false},
		{"a number that EventCreate refuses", Record{ID: 1001, Channel: "Application", Provider: "System", Data: text}, false},
		{"no number", Record{Channel: "Application", Provider: "System", Data: text}, false},
		{"another log", Record{ID: 7, Channel: "Security", Provider: "System", Data: text}, false},
		{"a process", Record{ID: 7, Channel: "System", Provider: "System", Data: text, ProcessID: 4}, false},
		{"two texts", Record{ID: 7, Channel: "System", Provider: "System", Data: append(text, text...)}, false},
		{"a short text", Record{ID: 7, Channel: "System", Provider: "System", Data: Pairs{{Value: "x"}}}, false},
	} {
		if got := c.r.Posed(); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
		if got := new(Filter).Shows(&Event{Record: c.r}); got != c.want {
			t.Errorf("%s is shown: %v", c.name, got)
		}
	}
}
