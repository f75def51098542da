// Package jsontext writes times and JSON the way all outputs of this module do.
package jsontext

import (
	"time"
)

// TimeLayout writes UTC with the seven digits that a FILETIME holds.
const TimeLayout = "2006-01-02T15:04:05.0000000Z"

// Time writes a time in UTC, and nothing for the zero time.
func Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(TimeLayout)
}

// Marshal is json.Marshal without the escapes for HTML.
func Marshal(v any) ([]byte, error) {
	b, err := Append(nil, v)
	if err != nil {
		return nil, err
	}
	return b, nil
}
