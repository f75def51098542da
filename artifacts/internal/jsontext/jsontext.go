// Package jsontext writes times and JSON the way all outputs of this module do.
package jsontext

import (
	"bytes"
	"encoding/json"
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
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
