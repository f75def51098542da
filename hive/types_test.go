package hive

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

func TestDecodeText(t *testing.T) {
	for _, tt := range []struct {
		name string
		data string
		want Text
	}{
		{"empty", "", Text{NoNUL: true}},
		{"terminated", "a\x00b\x00\x00\x00", Text{Text: "ab"}},
		{"no NUL", "a\x00b\x00", Text{Text: "ab", NoNUL: true}},
		{"odd", "a\x00b\x00\x00\x00c", Text{Text: "ab", OddLength: true}},
		{"padded with NULs", "a\x00\x00\x00\x00\x00\x00\x00", Text{Text: "a"}},
		{"older text behind the NUL", "a\x00\x00\x00b\x00c\x00\x00\x00", Text{Text: "a", AfterNUL: "bc"}},
		{"8-bit", "channel", Text{Text: "档湡敮", OddLength: true, NoNUL: true, Narrow: "channel"}},
		{"8-bit with NUL", "channels\x00", Text{Text: "档湡敮獬", OddLength: true, NoNUL: true, Narrow: "channels"}},
		{"lone surrogate", "\x00\xD8a\x00", Text{Text: "\uFFFDa", NoNUL: true}},
	} {
		if d := gocmp.Diff(tt.want, DecodeText([]byte(tt.data))); d != "" {
			t.Errorf("DecodeText(%s): -want +got\n%s", tt.name, d)
		}
	}
}

func TestDecodeTexts(t *testing.T) {
	for _, tt := range []struct {
		name string
		data string
		want []string
	}{
		{"no bytes", "", nil},
		{"one NUL", "\x00\x00", nil},
		{"two", "a\x00\x00\x00b\x00\x00\x00\x00\x00", []string{"a", "b"}},
		{"no terminators", "a\x00\x00\x00b\x00", []string{"a", "b"}},
		{"last string terminated, list not", "a\x00\x00\x00b\x00\x00\x00", []string{"a", "b"}},
		{"empty strings inside", "a\x00\x00\x00\x00\x00b\x00\x00\x00\x00\x00c\x00\x00\x00\x00\x00", []string{"a", "", "b", "", "c"}},
		{"empty string first", "\x00\x00a\x00\x00\x00\x00\x00", []string{"", "a"}},
		{"padded", "a\x00\x00\x00\x00\x00\x00\x00\x00\x00", []string{"a"}},
		{"odd", "a\x00\x00\x00b\x00\x00\x00\x00\x00x", []string{"a", "b"}},
	} {
		if d := gocmp.Diff(tt.want, DecodeTexts([]byte(tt.data))); d != "" {
			t.Errorf("DecodeTexts(%s): -want +got\n%s", tt.name, d)
		}
	}
}

func TestTypeBase(t *testing.T) {
	for _, tt := range []struct{ t, want Type }{
		{String, String}, {QWord, QWord}, {12, Binary}, {0xFFFF0007, DWord}, {0xFFFF0010, QWord}, {0xFFFF0012, String}, {0xFFFF2012, MultiString},
		{0xFFFF000D, Binary}, {0xFFFF0000, None}, {0x00040007, MultiString}, {0x00020001, String}, {0x05F5E10C, Binary}, {0x3E8, Binary}, {0x80000001, String},
	} {
		if got := tt.t.Base(); got != tt.want {
			t.Errorf("%v.Base() = %v, want %v", tt.t, got, tt.want)
		}
	}
	if got := Type(0xFFFF0007).String() + Type(7).String(); got != "0xFFFF0007REG_MULTI_SZ" {
		t.Errorf("String() = %s", got)
	}
}

func TestAccessors(t *testing.T) {
	at := time.Date(2024, 2, 3, 4, 5, 6, 789012300, time.UTC)
	spec := regf.New("ROOT", at)
	spec.Root.Set("text", regf.String("abc")).Set("multi", regf.Multi("a", "", "b")).Set("dword", regf.DWord(7)).
		Set("big-endian", regf.Raw(5, []byte{0, 0, 1, 2})).Set("qword", regf.QWord(1<<40)).Set("time", regf.FileTime(at)).
		Set("short", regf.Raw(4, []byte{1, 2})).Set("property", regf.Raw(0xFFFF0010, le.AppendUint64(nil, regf.FILETIME(at))))
	h, err := Open(spec.Build(), nil)
	if err != nil {
		t.Fatal(err)
	}
	root, _ := h.Root()
	value := func(name string) Value {
		t.Helper()
		v, err := root.Value(name)
		if err != nil {
			t.Fatalf("Value(%s): %v", name, err)
		}
		return v
	}
	if s, err := value("TEXT").Text(); s != "abc" || err != nil {
		t.Errorf("Text() = %q, %v", s, err)
	}
	if b, err := value("text").AppendText([]byte("x")); string(b) != "xabc" || err != nil {
		t.Errorf("AppendText() = %q, %v", b, err)
	}
	if l, err := value("multi").Texts(); len(l) != 3 || l[1] != "" || err != nil {
		t.Errorf("Texts() = %q, %v", l, err)
	}
	for name, want := range map[string]uint64{"dword": 7, "big-endian": 0x102, "qword": 1 << 40, "property": regf.FILETIME(at)} {
		if n, err := value(name).Uint(); n != want || err != nil {
			t.Errorf("%s: Uint() = %d, %v, want %d", name, n, err, want)
		}
	}
	for _, name := range []string{"time", "property"} {
		if got, err := value(name).Time(); !got.Equal(at) || err != nil {
			t.Errorf("%s: Time() = %v, %v, want %v", name, got, err, at)
		}
	}
	for _, name := range []string{"short", "text"} {
		if _, err := value(name).Uint(); err == nil {
			t.Errorf("%s: Uint(): no error", name)
		}
	}
	if _, err := value("dword").Text(); err == nil {
		t.Error("Text() of a number: no error")
	}
	if v := value("dword"); !v.Inline() || v.Size() != 4 || v.DataOffset() != v.Offset()+4+vkData {
		t.Errorf("Inline() = %v, Size() = %d, DataOffset() = %d", v.Inline(), v.Size(), v.DataOffset())
	}
	if v := value("text"); v.Inline() || string(h.Bytes()[v.DataOffset():][:6]) != "a\x00b\x00c\x00" {
		t.Errorf("DataOffset() = %d does not lead to the data", v.DataOffset())
	}
}

func TestSecurity(t *testing.T) {
	at := time.Date(2024, 2, 3, 0, 0, 0, 0, time.UTC)
	spec := regf.New("ROOT", at)
	admins, user := regf.SID(5, 32, 544), regf.SID(5, 21, 1, 2, 3, 1001)
	spec.Root.Security = regf.Descriptor(admins, user, regf.ACE(2, 0xF003F, admins), regf.ACE(0x1B, 0x80000000, user), regf.ACE(0, 0x1F, regf.SID(1, 0)))
	h, err := Open(spec.Build(), nil)
	if err != nil {
		t.Fatal(err)
	}
	root, _ := h.Root()
	s, err := root.Security()
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.SDDL()
	if want := "O:BAG:S-1-5-21-1-2-3-1001D:(A;CI;KA;;;BA)(A;OICIIOID;GR;;;S-1-5-21-1-2-3-1001)(A;;0x1F;;;WD)"; got != want || err != nil {
		t.Errorf("SDDL() = %s, %v, want %s", got, err, want)
	}
	if s.Owner != "S-1-5-32-544" || s.Group != "S-1-5-21-1-2-3-1001" || s.References != 1 {
		t.Errorf("Security() = %+v", s)
	}
}
