package output

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
)

// columns returns the fields of a record under their JSON names, in the order
// of the type, the same ones for every record of the type: times in our
// layout, local ones without a zone, lists and structs as JSON.
func columns(data any) []artifacts.Field {
	v := reflect.Indirect(reflect.ValueOf(data))
	local := artifacts.LocalTimes(data)
	var out []artifacts.Field
	for _, f := range reflect.VisibleFields(v.Type()) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		cell := ""
		if fv, err := v.FieldByIndexErr(f.Index); err == nil {
			cell = text(fv)
		}
		if slices.Contains(local, name) {
			cell = strings.TrimSuffix(cell, "Z")
		}
		out = append(out, artifacts.Field{Name: name, Value: cell})
	}
	return out
}

func text(v reflect.Value) string {
	if t, ok := v.Interface().(time.Time); ok {
		return FormatTime(t)
	}
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.Slice, reflect.Map, reflect.Pointer:
		if v.IsNil() || v.Kind() != reflect.Pointer && v.Len() == 0 {
			return ""
		}
	}
	b, err := Marshal(v.Interface())
	if err != nil {
		return err.Error()
	}
	return string(b)
}
