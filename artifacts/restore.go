package artifacts

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// A Restorer is a record type some of whose fields are not in its JSON. After
// [Artifact.Restore] has read the others, Restored fills these in.
type Restorer interface{ Restored() }

// Restore reads the data of a record from the JSON that they were written as: the
// inverse of encoding a [Record.Data]. What JSON does not hold, such as the origin
// in the file, is not restored.
func (a *Artifact) Restore(data []byte) (Decoded, error) {
	v := reflect.New(a.record)
	if err := json.Unmarshal(data, v.Interface()); err != nil {
		return nil, fmt.Errorf("%s: %w", a.Name, err)
	}
	if r, ok := v.Interface().(Restorer); ok {
		r.Restored()
	}
	d, ok := v.Elem().Interface().(Decoded)
	if !ok || v.Elem().Kind() == reflect.Pointer && v.Elem().IsNil() {
		return nil, fmt.Errorf("%s: no data", a.Name)
	}
	return d, nil
}

// In sets the zone of the machine for a record that was restored: its local times
// become UTC where the zone is known.
func (r *Record) In(z *Zone) { r.zone = z }
