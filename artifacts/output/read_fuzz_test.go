package output

import (
	"bytes"
	"testing"
)

// FuzzReadRow demands of any line that what is read of it can be written and read
// again, with the same result.
func FuzzReadRow(f *testing.F) {
	f.Add([]byte(`{"datetime":"2009-04-02T08:11:20.0000000Z","timestamp":1238659880000000,"filetime":128831334800000000,"message":"m","id":"2f","extra":{"a":"b","also_in":"vss1 C:\\x; C:\\y"}}`))
	f.Add([]byte(`{"datetime":"1601-01-01T00:00:00.0000000","timestamp":-11644473600000000,"filetime":0,"id":"1","tag":["x"]}`))
	f.Add([]byte(`{"datetime":"x","id":"1","extra":[]}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := ReadRow(line)
		if err != nil {
			return
		}
		write := func(r *Row) []byte {
			var b bytes.Buffer
			w := newJSONEvents(&b, nil)
			w.Event(r)
			w.Close()
			return b.Bytes()
		}
		first := write(r)
		again, err := ReadRow(first)
		if err != nil {
			t.Fatalf("%s: %v", first, err)
		}
		if second := write(again); !bytes.Equal(first, second) {
			t.Errorf("%s\n%s", first, second)
		}
	})
}

// FuzzReadRecordLine walks the data of any record that can be read.
func FuzzReadRecordLine(f *testing.F) {
	f.Add([]byte(`{"artifact":"prefetch","id":"dabdab4f2f0da3d0","data":{"files":["a","b"],"volumes":[{"n":1,"deep":{"x":true}}],"no":null}}`))
	f.Add([]byte(`{"artifact":"a","id":"b","data":[[[[1]]]]}`))
	f.Add([]byte(`{"artifact":"a","id":"b"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		l, err := ReadRecordLine(line)
		if err != nil {
			return
		}
		n := 0
		l.Fields(func(name, value string) bool {
			n++
			return n < 1000
		})
	})
}

func TestFields(t *testing.T) {
	l, err := ReadRecordLine([]byte(`{"artifact":"prefetch","id":"1","data":{"name":"x","files":["a","b"],"volumes":[{"serial":7,"ok":true}],"no":null}}`))
	if err != nil {
		t.Fatal(err)
	}
	var got string
	if err := l.Fields(func(name, value string) bool { got += name + "=" + value + " "; return true }); err != nil {
		t.Fatal(err)
	}
	if want := "name=x files=a files=b volumes.serial=7 volumes.ok=true "; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
