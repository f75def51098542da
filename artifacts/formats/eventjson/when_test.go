package eventjson

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// TestWhen has the times of all exporters, and numbers that are none.
func TestWhen(t *testing.T) {
	const layout = "2006-01-02T15:04:05.999999999Z07:00"
	for in, want := range map[string]string{
		"2026-03-06T18:09:02.1234567Z":      "2026-03-06T18:09:02.1234567Z",
		"2026-03-06T18:09:02.1234567+09:00": "2026-03-06T09:09:02.1234567Z",
		"2026-03-06T18:09:02.1234567":       "2026-03-06T18:09:02.1234567Z",
		"2026-03-06T18:09:02":               "2026-03-06T18:09:02Z",
		"2026-03-06 18:09:02.1234567 UTC":   "2026-03-06T18:09:02.1234567Z",
		"2026-03-06 18:09:02.1234567":       "2026-03-06T18:09:02.1234567Z",
		"2026-03-06 18:09:02.1234567-05:00": "2026-03-06T23:09:02.1234567Z",
		" 2026-03-06 18:09:02 ":             "2026-03-06T18:09:02Z",
		"1772820542":                        "2026-03-06T18:09:02Z",
		"1772820542.1234567":                "2026-03-06T18:09:02.1234567Z",
		"1772820542.":                       "2026-03-06T18:09:02Z",
		"1772820542.12345678901":            "2026-03-06T18:09:02.123456789Z",
		"0":                                 "1970-01-01T00:00:00Z",
		"1.772820542e9":                     "",
		"1772820542.1e3":                    "",
		"1772820542.-1":                     "",
		"-1":                                "",
		"99999999999999":                    "",
		"06/03/2026":                        "",
		"2026-02-30T00:00:00Z":              "",
		"":                                  "",
		".5":                                "",
	} {
		got := when(in)
		if want == "" && !got.IsZero() || want != "" && (got.Format(layout) != want || got.Location() != time.UTC) {
			t.Errorf("when(%q) = %v, want %q", in, got, want)
		}
	}
}

// TestSeconds: of Velociraptor's values times and bytes are written as Windows does;
// numbers that only look alike stay.
func TestSeconds(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"UtcTime", "1772820542.5", "2026-03-06T18:09:02.5000000Z"},
		{"ProcessCreationTime", "1772820542", "2026-03-06T18:09:02.0000000Z"},
		{"Param", "1772820542.25", "2026-03-06T18:09:02.2500000Z"},
		{"ProcessId", "1772820542", "1772820542"}, // no fraction, no name of a time
		{"Version", "10.0", "10.0"},               // not between 1990 and 2100
		{"Version", "10.0.19045.1", "10.0.19045.1"},
		{"IpAddress", "192.0.2.1", "192.0.2.1"},
		{"TimeTaken", "631152000", "631152000"}, // the bound itself
		{"UtcTime", "4102444800.5", "4102444800.5"},
		{"UtcTime", "1.7e9", "1.7e9"},
		{"Binary", "AQL/", "0102FF"},
		{"Binary", "no base64", "no base64"},
		{"Other", "AQL/", "AQL/"},
	} {
		e := Event{Data: []Pair{{c.name, c.value}}}
		if e.seconds(); e.Data[0].Value != c.want {
			t.Errorf("%s = %q: %q, want %q", c.name, c.value, e.Data[0].Value, c.want)
		}
	}
}

// sample is one event in the form of evtx_dump, pretty-printed.
const sample = `{
 "Event": {
  "System": {"Provider": {"#attributes": {"Name": "Microsoft-Windows-Security-Auditing"}}, "EventID": 4688, "Channel": "Security",
   "Computer": "PC", "EventRecordID": 7, "TimeCreated": {"#attributes": {"SystemTime": "2026-03-06T18:09:02.123456Z"}}},
  "EventData": {"CommandLine": "cmd /c \"{ [ \\\" ] }\"", "Empty": null, "N": 18446744073709551615, "B": true}
 }
}`

// read collects the events of an export and its errors.
func read(text string) (out []Event, errs []error) {
	for e, err := range Read(strings.NewReader(text)) {
		if err != nil {
			errs = append(errs, err)
		} else {
			out = append(out, e)
		}
	}
	return out, errs
}

// TestDocuments has the same event alone, in an array, in lines, after a mark of the
// byte order, between damage, and read one byte at a time.
func TestDocuments(t *testing.T) {
	flat := strings.ReplaceAll(strings.ReplaceAll(sample, "\n", ""), "  ", "")
	for name, c := range map[string]struct {
		text      string
		n, errors int
	}{
		"alone":          {sample, 1, 0},
		"array":          {"[" + sample + ",\n" + sample + "]", 2, 0},
		"lines":          {flat + "\n" + flat + "\r\n", 2, 0},
		"byte order":     {"\ufeff" + flat, 1, 0},
		"no separator":   {flat + flat + flat, 3, 0},
		"another object": {`{"a":1}` + flat, 1, 1},
		"cut":            {flat + flat[:len(flat)-20], 1, 1},
		"empty array":    {"[]", 0, 0},
		"nothing":        {"", 0, 0},
	} {
		got, errs := read(c.text)
		if len(got) != c.n || len(errs) != c.errors {
			t.Errorf("%s: %d events, errors %v", name, len(got), errs)
		}
		last := int64(-1)
		for _, e := range got {
			if e.EventID != 4688 || e.RecordID != 7 || e.Channel != "Security" || e.Provider != "Microsoft-Windows-Security-Auditing" ||
				e.Time.Nanosecond() != 123456000 || e.Offset <= last {
				t.Errorf("%s: %+v", name, e)
			}
			last = e.Offset
			values := map[string]string{}
			for _, p := range e.Data {
				values[p.Name] = p.Value
			}
			if values["CommandLine"] != `cmd /c "{ [ \" ] }"` || values["N"] != "18446744073709551615" || values["B"] != "true" {
				t.Errorf("%s: %v", name, e.Data)
			}
		}
		n := 0
		for _, err := range Read(iotest.OneByteReader(strings.NewReader(c.text))) {
			if err == nil {
				n++
			}
		}
		if n != c.n {
			t.Errorf("%s, byte by byte: %d events", name, n)
		}
	}
}

// TestReaderFails: the error of the reader is the last one, after the events before it.
func TestReaderFails(t *testing.T) {
	bad := errors.New("cable pulled")
	for _, text := range []string{"", sample, sample + sample[:50], "<Events><Event>"} {
		var last error
		n := 0
		for _, err := range Read(io.MultiReader(strings.NewReader(text), iotest.ErrReader(bad))) {
			if last = err; err == nil {
				n++
			}
		}
		if !errors.Is(last, bad) || n != strings.Count(text, "}\n}") {
			t.Errorf("after %d bytes: %d events, then %v", len(text), n, last)
		}
	}
}

// TestStopped leaves the sequence at its first event, and at its first error.
func TestStopped(t *testing.T) {
	for _, text := range []string{sample + sample, `{"a":1}` + sample, "<Event/><Event/>"} {
		n := 0
		for range Read(strings.NewReader(text)) {
			n++
			break
		}
		if n > 1 {
			t.Errorf("%q: %d", text[:5], n)
		}
	}
}
