package wmi

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/wmirepo"
)

var (
	built  = time.Date(2021, 5, 8, 8, 24, 20, 0, time.UTC)
	stored = time.Date(2024, 5, 6, 7, 8, 9, 123400, time.UTC)
	sid    = []byte{1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0xE8, 3, 0, 0}
	script = strings.Repeat("x = x + 1 ' a long script\n", 1500)
)

// classes are the definitions that the sample's instances need, and one that
// looks like a consumer to a search for strings.
func classes() []wmirepo.Class {
	p := func(name string, typ int) wmirepo.Property { return wmirepo.Property{Name: name, Type: typ} }
	return []wmirepo.Class{
		{Name: "__SystemClass", Stored: built},
		{Name: "__NAMESPACE", Super: "__SystemClass", Stored: built, Properties: []wmirepo.Property{p("Name", wmirepo.String)}},
		{Name: "__IndicationRelated", Super: "__SystemClass", Stored: built},
		{Name: "__EventFilter", Super: "__IndicationRelated", Stored: built, Properties: []wmirepo.Property{
			p("Name", wmirepo.String), p("CreatorSID", wmirepo.Uint8|wmirepo.Array), {Name: "QueryLanguage", Type: wmirepo.String, Default: "WQL"},
			p("Query", wmirepo.String), p("EventNamespace", wmirepo.String), p("EventAccess", wmirepo.String)}},
		{Name: "__EventConsumer", Super: "__IndicationRelated", Stored: built, Properties: []wmirepo.Property{
			p("MachineName", wmirepo.String), p("MaximumQueueSize", wmirepo.Uint32), p("CreatorSID", wmirepo.Uint8|wmirepo.Array)}},
		{Name: "OddConsumer", Super: "__EventConsumer", Stored: built, Properties: []wmirepo.Property{
			p("Name", wmirepo.String), p("Lines", wmirepo.String|wmirepo.Array), {Name: "Retry", Type: wmirepo.Uint16, Default: 3},
			p("Big", wmirepo.Uint64), p("Low", wmirepo.Sint32), p("On", wmirepo.Boolean), p("ScriptText", wmirepo.String)}},
	}
}

func instances() []wmirepo.Instance {
	return []wmirepo.Instance{
		{Class: "__NAMESPACE", Namespace: "ROOT", Stored: built, Values: []any{"subscription"}},
		{Class: "__EventFilter", Namespace: `ROOT\subscription`, Stored: stored,
			Values: []any{"f", sid, wmirepo.Default{}, "SELECT * FROM x", "root\\cimv2", nil}},
		{Class: "OddConsumer", Namespace: `ROOT\subscription`, Stored: stored, Wide: true,
			Values: []any{nil, nil, sid, "ü", []string{"a", "b"}, wmirepo.Default{}, int64(1 << 40), -3, true, script}},
		{Class: "__EventFilter", Namespace: `ROOT\subscription`, Stored: stored, OldPage: true, Values: []any{"old", sid, nil, "q", nil, nil}},
		{Class: "__EventFilter", Namespace: `ROOT\subscription`, Stored: stored, Free: true, Values: []any{"free", sid, nil, "q", nil, nil}},
		{Class: "__EventFilter", Namespace: `ROOT\subscription`, Stored: stored, Hidden: true, Values: []any{"hidden", sid, nil, "q", nil, nil}},
		// The same again on an old page is no record of its own.
		{Class: "__EventFilter", Namespace: `ROOT\subscription`, Stored: stored, OldPage: true,
			Values: []any{"f", sid, wmirepo.Default{}, "SELECT * FROM x", "root\\cimv2", nil}},
	}
}

func sample(change ...func(*wmirepo.Repository)) wmirepo.Files {
	r := &wmirepo.Repository{Classes: classes(), Instances: instances()}
	for _, f := range change {
		f(r)
	}
	return r.Files()
}

func files(f wmirepo.Files) Files {
	return Files{Objects: bytes.NewReader(f.Objects), ObjectsSize: int64(len(f.Objects)),
		Index: bytes.NewReader(f.Index), IndexSize: int64(len(f.Index)), Maps: [][]byte{f.Map}}
}

func open(t *testing.T, f Files) *Repository {
	t.Helper()
	r, err := Open(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// names writes name, state and namespace of each instance.
func names(r *Repository) map[string]string {
	m := map[string]string{}
	for _, i := range r.Instances {
		m[i.Text("Name")] = i.State.String() + " " + i.Namespace
	}
	return m
}

func TestOpen(t *testing.T) {
	for _, xp := range []bool{false, true} {
		r := open(t, files(sample(func(r *wmirepo.Repository) { r.XP = xp })))
		if len(r.Damage()) != 0 || r.Sequence != 77 || r.XP != xp {
			t.Errorf("damage %v, sequence %d", r.Damage(), r.Sequence)
		}
		want := map[string]string{"f": `live ROOT\subscription`, "ü": `live ROOT\subscription`,
			"old": "deleted ", "free": "deleted ", "hidden": "deleted "}
		if got := names(r); !reflect.DeepEqual(got, want) || len(r.Instances) != len(want) {
			t.Fatalf("XP %v: %d instances: %v", xp, len(r.Instances), got)
		}
		for _, i := range r.Instances {
			if !i.Stored.Equal(stored) || !i.ClassStored.Equal(built) || i.CreatorSID() != "S-1-5-21-1-2-3-1000" {
				t.Errorf("%s: %v %v %s", i.Text("Name"), i.Stored, i.ClassStored, i.CreatorSID())
			}
		}
	}
}

func TestProperties(t *testing.T) {
	r := open(t, files(sample()))
	for _, i := range r.Instances {
		var want []Property
		switch i.Text("Name") {
		case "f":
			want = []Property{{"Name", "f", false}, {"CreatorSID", sid, false}, {"QueryLanguage", "WQL", true}, {"Query", "SELECT * FROM x", false},
				{"EventNamespace", `root\cimv2`, false}}
		case "ü":
			want = []Property{{"CreatorSID", sid, false}, {"Name", "ü", false}, {"Lines", []string{"a", "b"}, false}, {"Retry", uint64(3), true},
				{"Big", uint64(1 << 40), false}, {"Low", int64(-3), false}, {"On", true, false}, {"ScriptText", script, false}}
		default:
			continue
		}
		if !reflect.DeepEqual(i.Properties, want) {
			t.Errorf("%.300v\nwant\n%.300v", i.Properties, want)
		}
	}
}

// TestPlace holds the offset of an instance to the bytes of the file.
func TestPlace(t *testing.T) {
	f := sample()
	for _, i := range open(t, files(f)).Instances {
		if h, ok := hexText(f.Objects[i.Offset:], 64, nil); !ok || h != hashName(i.Class, false) || i.Offset/pageSize != int64(i.Page) {
			t.Errorf("%s at %d: %s", i.Class, i.Offset, h)
		}
	}
}

func TestParts(t *testing.T) {
	f := files(sample())
	f.Index = nil
	if got := names(open(t, f)); got["f"] != "live " || got["hidden"] != "live " || got["old"] != "deleted " {
		t.Errorf("without the index: %v", got)
	}
	f.Maps = nil
	r := open(t, f)
	if got := names(r); got["f"] != "unknown " || got["old"] != "unknown " {
		t.Errorf("without the map: %v", got)
	}
	// The long record goes on in another page, which only the map names.
	if len(r.Damage()) != 1 || !strings.Contains(r.Damage()[0].Problem, "is cut short") {
		t.Errorf("damage: %v", r.Damage())
	}
	bare := open(t, files(sample(func(r *wmirepo.Repository) {
		r.Classes = append(r.Classes, wmirepo.Class{Name: "__eventfilter", Stored: built})
	})))
	if got := names(bare)["f"]; !strings.HasPrefix(got, "live") {
		t.Errorf("a second definition without properties: %q", got)
	}
}

func TestDamage(t *testing.T) {
	if _, err := Open(files(wmirepo.Files{Objects: make([]byte, 3*pageSize)})); !errors.Is(err, ErrNotWMI) {
		t.Errorf("empty pages: %v", err)
	}
	if _, err := Open(Files{Objects: bytes.NewReader(nil)}); !errors.Is(err, ErrNotWMI) {
		t.Errorf("empty file: %v", err)
	}
	f := sample()
	for n, want := range map[int]string{len(f.Map) / 2: "is not a whole map", len(f.Map) - 4: "the part of the index is not whole"} {
		cut := files(f)
		cut.Maps = [][]byte{f.Map[:n]}
		if r := open(t, cut); len(r.Damage()) == 0 || r.Damage()[0].Problem != want {
			t.Errorf("a torn map: %v, want %q", r.Damage(), want)
		}
	}
	// A size that claims the next pages does not hide the records on them.
	r := open(t, files(sample()))
	at := r.Instances[0]
	for _, i := range r.Instances {
		if i.Text("Name") == "f" {
			at = i
		}
	}
	b := bytes.Clone(f.Objects)
	size := int(at.Offset) % pageSize
	for d := int(at.Page) * pageSize; ; d += descSize {
		if int(le.Uint32(b[d+4:])) == size {
			le.PutUint32(b[d+8:], 1<<20)
			break
		}
	}
	f.Objects = b
	if got := names(open(t, files(f))); got["f"] == "" {
		t.Errorf("after a wrong size: %v", got)
	}
	if Detect(make([]byte, 4096)) || !Detect(sample().Objects[:4096]) {
		t.Error("detection of a first page")
	}
}

func TestHashName(t *testing.T) {
	// As in the index of a Windows Server 2022.
	if got := hashName(`root\subscription`, false); got != "E1DD43413ED9FD9C458D2051F082D1D739399B29035B455F09073926E5ED9870" {
		t.Error(got)
	}
	if got := hashName("x", true); len(got) != 32 {
		t.Error(got)
	}
}

func FuzzOpen(f *testing.F) {
	s := sample(func(r *wmirepo.Repository) { r.Instances = r.Instances[:4] })
	f.Add(s.Objects, s.Map, s.Index)
	f.Add(s.Objects, []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, objects, m, index []byte) {
		r, err := Open(files(wmirepo.Files{Objects: objects, Map: m, Index: index}))
		if err != nil {
			return
		}
		for _, i := range r.Instances {
			_ = fmt.Sprint(i.Properties, i.CreatorSID())
		}
	})
}

// FuzzChange changes bytes at one place of a sound repository.
func FuzzChange(f *testing.F) {
	s := sample()
	f.Add(uint32(500), []byte{0xFF, 0xFF, 0xFF, 0x7F})
	f.Add(uint32(pageSize+4), []byte{16, 0, 0, 0, 0, 0, 1, 0})
	f.Fuzz(func(t *testing.T, at uint32, change []byte) {
		c := wmirepo.Files{Objects: bytes.Clone(s.Objects), Map: bytes.Clone(s.Map), Index: bytes.Clone(s.Index)}
		n := int(at) % (len(c.Objects) + len(c.Map) + len(c.Index))
		for _, b := range [][]byte{c.Objects, c.Map, c.Index} {
			if n < len(b) {
				copy(b[n:], change)
				break
			}
			n -= len(b)
		}
		if r, err := Open(files(c)); err == nil {
			for _, i := range r.Instances {
				_ = fmt.Sprint(i.Properties, i.CreatorSID())
			}
		}
	})
}
