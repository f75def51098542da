package regf

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestDamages(t *testing.T) {
	sound := Sound().Build()
	all := contents(Sound().Root, "")
	seen := map[string]bool{}
	for _, d := range Damages() {
		t.Run(d.Name, func(t *testing.T) {
			if seen[d.Name] {
				t.Error("two damages have this name")
			}
			seen[d.Name] = true
			if !strings.HasSuffix(d.About, ".") || strings.Contains(d.About, ". ") {
				t.Errorf("not one sentence: %s", d.About)
			}
			f := d.Build()
			if !reflect.DeepEqual(f, d.Build()) {
				t.Error("two builds differ")
			}
			if bytes.Equal(f.Primary, sound) {
				t.Error("nothing is damaged")
			}
			for _, l := range d.Lost {
				if !slices.Contains(all, strings.TrimSuffix(strings.TrimSuffix(l, "*"), `\`)) && !strings.HasSuffix(l, "|*") {
					t.Errorf("%s is lost, which the sound hive does not have", l)
				}
			}
			switch keeps := d.Keeps(); {
			case d.Fatal != "" && len(keeps) > 0, d.Fatal == "" && len(keeps) < len(all)/3:
				t.Errorf("of %d items these are kept: %q", len(all), keeps)
			}
			if len(f.Log1)+len(f.Log2) == 0 && f.Recovered != nil {
				t.Error("recovered without logs")
			}
		})
	}
}

// What the logs make of a hive is a whole hive again, and holds what the damage says.
func TestDamagedLogs(t *testing.T) {
	for _, d := range slices.Concat(logDamages(), oldLogDamages()) {
		t.Run(d.Name, func(t *testing.T) {
			f := d.Build()
			if f.Recovered == nil {
				f.Recovered = bytes.Clone(f.Primary)
				if strings.HasPrefix(d.Name, "oldLog") { // the base block is already the newer one
					return
				}
			}
			if d.Name == "logHeaderBadTwo" {
				return // half of the change is missing
			}
			w := walk(t, f.Recovered)
			for _, line := range d.Keeps() {
				path, value, isValue := strings.Cut(line, "|")
				k, ok := w.keys[path]
				if isValue {
					_, ok = k.values[value]
				}
				if !ok {
					t.Errorf("no %s", line)
				}
			}
			for _, line := range d.Lost {
				if _, ok := w.keys[line]; ok {
					t.Errorf("%s is there", line)
				}
			}
		})
	}
}

// noBaseBlock are the damages that overwrite the base block or cut it off.
var noBaseBlock = []string{"sectorZero", "baseBlockRandom", "baseBlockCutOff"}

// A damage changes few bytes of a hive: it is one flaw.
func TestOneFlaw(t *testing.T) {
	sound := Sound().Build()
	for _, d := range slices.Concat(headerDamages(), binDamages(), keyDamages(), listDamages(), valueDamages()) {
		b := d.Build().Primary
		if len(b) > len(sound) || d.Fatal == "log" || d.Name == "noKeys" || d.Name == "zeroPage" || slices.Contains(noBaseBlock, d.Name) || d.Name == "wideFan" {
			continue
		}
		changed := 0
		for i := range b {
			if b[i] != sound[i] && (i < bbChecksum || i >= bbChecksum+4) {
				changed++
			}
		}
		if changed > 24 || changed == 0 && len(b) == len(sound) && d.Name != "badChecksum" {
			t.Errorf("%s changes %d bytes", d.Name, changed)
		}
	}
}

// What is cut off or zeroed holds nothing but what the damage says.
func TestCutPlaces(t *testing.T) {
	l := Sound().Live()
	segments := l.Segments("Beta", "Big")
	bin := segments[0] - binHeader
	for path := range walk(t, l.Image()).keys {
		n := l.node(path)
		cells := append([]uint32{n.off, n.sec.off}, n.lists...)
		for _, v := range n.vals {
			cells = append(cells, v.off)
			if v.spec.Name != "Big" {
				cells = append(cells, v.cells...)
			}
		}
		for _, c := range cells {
			if c >= bin && c != NIL {
				t.Errorf("a cell of %q is at %#x, behind %#x", path, c, bin)
			}
		}
	}
	if segments[1]-segments[0] < page {
		t.Error("the zero page reaches into the second segment")
	}
}

func TestPlaces(t *testing.T) {
	h := Sound()
	h.Root.Sub(`Gone\Below`).Set("v", String("some text"))
	h.Root.Sub("Gone").Delete(h.Written.Add(time.Hour))
	l := h.Live()
	b := Bins(l.Image())
	for _, p := range []struct {
		off  uint32
		want string
	}{
		{l.Key(""), "nk"}, {l.Key(`alpha\INNER`), "nk"}, {l.List("Alpha"), "lh"}, {l.List("Beta"), "ri"}, {l.Leaves("Beta")[2], "lh"},
		{l.Value("Alpha", "text"), "vk"}, {l.Data("Alpha", "Text"), "t\x00h\x00e"}, {l.Data("Beta", "Big"), "db"}, {l.Security(""), "sk"},
		{l.ClassName("Gamma"), "a\x00 \x00c"}, {l.ValueList("Omega"), string(le.AppendUint32(nil, l.Value("Omega", "Last")))},
		{l.Segments("Beta", "Big")[3], string(le.AppendUint32(nil, l.Segments("Beta", "Big")[0]))},
		{l.Remains()[0].Offset, "nk"}, {l.Remains()[1].Offset, "vk"}, {l.Remains()[1].Data, "s\x00o\x00m"},
	} {
		if got := string(b[p.off+4 : int(p.off)+4+len(p.want)]); got != p.want {
			t.Errorf("at %#x is %q, want %q", p.off, got, p.want)
		}
	}
	if r := l.Remains(); len(r) != 3 || r[0].Path != `\Gone\Below` || r[1].Value != "v" || r[2].Path != `\Gone` || !r[2].IsKey {
		t.Errorf("remains are %+v", r)
	}
}
