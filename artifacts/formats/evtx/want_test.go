package evtx

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	corpus "github.com/artifactdump/artifactdump/corpus/evtx"
)

// TestWant chooses the records that a reader of all of them would, in each state, and
// asks before it decodes the data.
func TestWant(t *testing.T) {
	choose := func(name string, b []byte, pick func(id uint64, event uint16, channel string) bool) {
		want := func(rec Record) bool {
			if n := rec.Len(); n > 0 && !rec.d.salvage && name != "damaged" {
				t.Errorf("%s: record %d has %d data when it is asked for", name, rec.ID, n)
			}
			return pick(rec.ID, rec.EventID(), rec.Channel())
		}
		not := func(e Event) bool { return !pick(e.ID, e.EventID, e.Channel) }
		same := func(what string, all, some []Event) {
			if len(all)+len(some) > 0 && !reflect.DeepEqual(all, some) {
				t.Errorf("%s: %s: %d records are chosen of all, %d while they are read", name, what, len(all), len(some))
			}
		}
		all, _ := read(t, b, nil)
		some, _ := read(t, b, &Options{Want: want})
		same("allocated", slices.DeleteFunc(all, not), some)
		all, _ = read(t, b, &Options{Recover: true})
		some, _ = read(t, b, &Options{Recover: true, Want: want})
		same("all states", slices.DeleteFunc(all, not), some)

		f, err := Open(bytes.NewReader(b), int64(len(b)), &Options{Want: want})
		if err != nil {
			t.Fatal(err)
		}
		some = nil
		for rec := range f.Recovered(NewDecoder()) {
			some = append(some, rec.Event())
		}
		same("recovered", slices.DeleteFunc(all, func(e Event) bool { return not(e) || e.State == Allocated || e.State == Hidden }), some)
	}
	check := func(name string, b []byte) {
		choose(name, b, func(_ uint64, event uint16, channel string) bool { return event%2 == 1 && channel != "" })
	}
	for name, b := range aheadLogs() {
		if name == "bomb" || name == "names" { // they are cut at other records when some cost less
			continue
		}
		check(name, b)
		// Recovered records borrow templates of records that are not wanted.
		choose(name, b, func(id uint64, _ uint16, _ string) bool { return id <= 250 })
		opts := &Options{Recover: true, Want: func(rec Record) bool { return rec.ID%3 == 0 }}
		if one := lines(t, bytes.NewReader(b), opts, 1, nil); !slices.Equal(one, lines(t, bytes.NewReader(b), opts, 3, nil)) {
			t.Errorf("%s: one goroutine and three choose different records", name)
		}
	}
	w := corpus.Writer{Forwarded: true}
	first := logon(0)
	first.Data = []corpus.Field{{Name: "TargetUserName", Value: corpus.Str("j.doe")}}
	second := first
	second.EventID++
	check("forwarded", corpus.Log{Records: w.Records(1, first, second)}.Build())
	someLogs(t, check)
}

// BenchmarkWant reads the largest shared logs, all of their records and those of one
// event in turn.
func BenchmarkWant(b *testing.B) {
	logs := benchLogs(b, 45<<20)
	for _, c := range []struct {
		name string
		want func(Record) bool
	}{{"all", nil}, {"4624", func(rec Record) bool { return rec.EventID() == 4624 }}} {
		b.Run(c.name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				n = records(b, logs, &Options{Want: c.want}, func(Record) {})
			}
			b.ReportMetric(float64(n), "records")
		})
	}
}
