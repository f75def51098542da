package hive

import "fmt"

// Note tells in a few words where the record was found and how far its path
// can be trusted.
func (r Remnant) Note() string {
	s := fmt.Sprintf("%s, path %s", r.Source, r.Grade)
	if r.Unreachable {
		s = "in use but unreachable: " + s
	}
	if !r.IsKey {
		s += fmt.Sprintf(", data %s", r.Data)
	}
	if r.Log != "" {
		s += fmt.Sprintf(", %s at offset %d", r.Log, r.LogAt)
	}
	return s
}
