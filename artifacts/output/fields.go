package output

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
)

// maxDepth bounds how deep data may be nested.
const maxDepth = 64

// Fields calls yield with each plain value in the data of the record, until it
// returns false: texts, numbers and booleans, with their path in the data, such as
// "volumes.device". What is in a list has the path of the list. A record without
// data has none.
func (l *RecordLine) Fields(yield func(name, value string) bool) error {
	if len(l.Data) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(l.Data))
	d.UseNumber()
	_, err := walk(d, "", 0, yield)
	return err
}

// walk reads one value. It returns false when no more are wanted.
func walk(d *json.Decoder, path string, depth int, yield func(name, value string) bool) (bool, error) {
	t, err := d.Token()
	if err != nil {
		return false, err
	}
	switch v := t.(type) {
	case string:
		return yield(path, v), nil
	case json.Number:
		return yield(path, v.String()), nil
	case bool:
		return yield(path, strconv.FormatBool(v)), nil
	case json.Delim:
		if depth == maxDepth {
			return false, errors.New("data are nested too deep")
		}
		return walkIn(d, v == '{', path, depth, yield)
	}
	return true, nil // null
}

// walkIn reads the rest of an object or list.
func walkIn(d *json.Decoder, object bool, path string, depth int, yield func(name, value string) bool) (bool, error) {
	for d.More() {
		at := path
		if object {
			t, err := d.Token()
			if err != nil {
				return false, err
			}
			key, _ := t.(string)
			if at != "" {
				at += "."
			}
			at += key
		}
		if more, err := walk(d, at, depth+1, yield); !more {
			return false, err
		}
	}
	_, err := d.Token()
	return err == nil, err
}
