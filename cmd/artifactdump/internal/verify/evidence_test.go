package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/corpus/scca"
	"github.com/artifactdump/artifactdump/hive"
)

// TestMain makes the test binary the witness when a test starts it as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "witness" {
		switch os.Getenv("WITNESS_OF_TEST") {
		case "dies":
			fmt.Fprintln(os.Stderr, "cannot go on\nand a second line")
			os.Exit(3)
		case "mumbles":
			fmt.Println("this is not what was asked")
			os.Exit(0)
		}
		if err := Serve(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A journal keeps what our own parsers could not read.
type journal struct{ damage []string }

func (j *journal) Damage(err error) { j.damage = append(j.damage, err.Error()) }
func (j *journal) HiveDamage(path string, d *hive.FormatError) {
	j.damage = append(j.damage, path+": "+d.Error())
}

// machine writes files and opens them as evidence.
func machine(t *testing.T, files map[string][]byte) *evidence.Evidence {
	t.Helper()
	dir := t.TempDir()
	for name, b := range files {
		p := filepath.Join(dir, "C", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ev, err := evidence.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ev.Close() })
	return ev
}

// verdicts compares evidence with the witness in a process of its own.
func verdicts(t *testing.T, ev *evidence.Evidence) (map[string]*Verdict, *journal) {
	t.Helper()
	w, err := NewWitness(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	out, log := map[string]*Verdict{}, &journal{}
	err = Evidence(t.Context(), ev, w, log, func(v *Verdict) error {
		out[filepath.Base(strings.ReplaceAll(v.Path, `\`, "/"))] = v
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out, log
}

func sampleHive() []byte {
	spec := regf.New("SYSTEM", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	spec.Root.Sub(`Select`).Set("Current", regf.DWord(1))
	k := spec.Root.Sub(`ControlSet001\Services\heron`)
	k.Set("ImagePath", regf.String(`C:\heron.exe`)).Set("Start", regf.DWord(2)).Set("Blob", regf.Binary([]byte{1, 2, 3, 4, 5}))
	k.Set("naïve", regf.String("a name that the peer cannot spell"))
	return spec.Build()
}

func samplePrefetch() []byte {
	spec := scca.Sample(26, 0)
	return spec.Build()
}

func sampleMFT() []byte {
	at := time.Date(2026, 3, 6, 10, 0, 0, 0, time.UTC)
	vol := ntfsmeta.New(ntfsmeta.Spec{Made: at})
	vol.Create(ntfsmeta.Root, "a.exe", []byte("MZ"), at)
	return vol.MFT()
}

const (
	pf   = "Windows/Prefetch/HERON.EXE-11223344.pf"
	sys  = "Windows/System32/config/SYSTEM"
	logs = "Windows/System32/winevt/Logs/Security.evtx"
)

// TestEvidence compares one file of each kind: all fields agree, but for those of the
// table of divergences.
func TestEvidence(t *testing.T) {
	got, log := verdicts(t, machine(t, map[string][]byte{pf: samplePrefetch(), sys: sampleHive(), logs: someLog(t), "$MFT": sampleMFT()}))
	for name, kind := range map[string]string{filepath.Base(pf): "prefetch", "SYSTEM": "hive", "Security.evtx": "evtx", "$MFT": "mft"} {
		v := got[name]
		if v == nil {
			t.Errorf("no verdict of %s: %v", name, slices.Collect(maps.Keys(got)))
			continue
		}
		if v.Kind != kind || v.Differences() != 0 || v.Agreed == 0 || v.Witness != "" {
			t.Errorf("%s: %+v", name, v)
		}
	}
	if v := got["SYSTEM"]; v != nil && v.Known["value name: the name has a byte above 0x7E or is UTF-16"] != 1 {
		t.Errorf("divergences %v", v.Known)
	}
	if len(log.damage) != 0 {
		t.Errorf("damage %q", log.damage)
	}
}

// TestEvidenceDamaged: a file that is not of its kind is damage for the log, and not a
// difference.
func TestEvidenceDamaged(t *testing.T) {
	whole := samplePrefetch()
	got, log := verdicts(t, machine(t, map[string][]byte{
		pf: whole[:100], "Windows/Prefetch/EMPTY.EXE-00000000.pf": nil, sys: sampleHive(), "Windows/System32/config/SOFTWARE": []byte("regf"),
		logs: []byte("this is no event log"), "$MFT": sampleMFT()[:5000],
	}))
	for name, v := range got {
		if v.Differences() != 0 {
			t.Errorf("%s: a damaged file differs: %+v", name, v)
		}
	}
	for _, name := range []string{"HERON.EXE-11223344.pf", "EMPTY.EXE-00000000.pf", "SOFTWARE", "Security.evtx", "$MFT"} {
		if !slices.ContainsFunc(log.damage, func(d string) bool { return strings.Contains(d, name+":") }) {
			t.Errorf("no damage of %s in %q", name, log.damage)
		}
	}
	if v := got["$MFT"]; v == nil || v.Agreed == 0 {
		t.Errorf("the whole records of the cut $MFT: %+v", v)
	}
}

// TestEvidenceEmptyTable compares a $MFT without a byte.
func TestEvidenceEmptyTable(t *testing.T) {
	got, _ := verdicts(t, machine(t, map[string][]byte{sys: sampleHive(), "$MFT": nil}))
	if v := got["$MFT"]; v != nil && (v.Differences() != 0 || v.Agreed != 0) {
		t.Errorf("%+v", v)
	}
}

// TestEvidenceStops returns the error of the one who takes the verdicts, at once,
// and that of a context that is done.
func TestEvidenceStops(t *testing.T) {
	ev := machine(t, map[string][]byte{pf: samplePrefetch(), sys: sampleHive(), logs: someLog(t)})
	w, err := NewWitness(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	full, n := errors.New("disk full"), 0
	err = Evidence(t.Context(), ev, w, &journal{}, func(*Verdict) error { n++; return full })
	if !errors.Is(err, full) || n != 1 {
		t.Errorf("%d verdicts, %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ev = machine(t, map[string][]byte{logs: someLog(t)})
	if err := Evidence(ctx, ev, w, &journal{}, func(*Verdict) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestWitnessDies: a child that ends or mumbles makes no difference of any file; its
// first line says why, and it is started again for the next file.
func TestWitnessDies(t *testing.T) {
	for state, want := range map[string]string{"dies": "died: cannot go on", "mumbles": "died: "} {
		t.Setenv("WITNESS_OF_TEST", state)
		got, _ := verdicts(t, machine(t, map[string][]byte{pf: samplePrefetch(), sys: sampleHive(), logs: someLog(t)}))
		if len(got) != 3 {
			t.Errorf("%s: %d verdicts", state, len(got))
		}
		for name, v := range got {
			if v.Kind != "prefetch" && v.Differences() != 0 || !strings.HasPrefix(v.Witness, want) || strings.Contains(v.Witness, "second line") {
				t.Errorf("%s: %s: %+v", state, name, v)
			}
		}
	}
}

// TestServe answers several questions in one process, also one that makes the
// witness panic, and reports input that is no question.
func TestServe(t *testing.T) {
	if a := ask(witnessQuestion{Hive: true, Data: sampleHive(), Keys: []int64{1 << 40}}); a.Error == "" && len(a.Keys) == 1 && a.Keys[0].Name != "" {
		t.Errorf("a key outside the hive: %+v", a)
	}
	if a := ask(witnessQuestion{Data: []byte("no Prefetch file")}); a.Error == "" {
		t.Errorf("%+v", a)
	}
	if err := serveWitness(strings.NewReader("no question"), &bytes.Buffer{}); err == nil {
		t.Error("input that is no question was understood")
	}
	if err := serveWitness(strings.NewReader(""), &bytes.Buffer{}); err != nil {
		t.Errorf("the end of the input is %v", err)
	}
}

// TestHiveDiffers has a witness that reads other bytes: each field of the key that
// changed, with its offset.
func TestHiveDiffers(t *testing.T) {
	image := sampleHive()
	h, err := hive.Open(image, nil)
	if err != nil {
		t.Fatal(err)
	}
	k, err := h.Key(`ControlSet001\Services\heron`)
	if err != nil {
		t.Fatal(err)
	}
	a := ask(witnessQuestion{Hive: true, Data: image, Keys: []int64{k.Offset()}})
	if a.Error != "" || len(a.Keys) != 1 {
		t.Fatalf("%+v", a)
	}
	for field, change := range map[string]func(p *witnessKey){
		"key name": func(p *witnessKey) { p.Name = "egret" }, "last written": func(p *witnessKey) { p.Written++ },
		"type": func(p *witnessKey) { p.Values[0].Type++ }, "data": func(p *witnessKey) { p.Values[0].Data = []byte("x") },
		"value name": func(p *witnessKey) { p.Values[0].Name = "x" }, "values": func(p *witnessKey) { p.Values = p.Values[:2] },
	} {
		p := a.Keys[0]
		p.Values = slices.Clone(p.Values)
		change(&p)
		v := &Verdict{}
		compareKey(v, image, k, &p)
		if len(v.Unexplained) != 1 || v.Unexplained[0].Field != field || v.Unexplained[0].Bytes == "" || v.Unexplained[0].Offset == 0 || v.Unexplained[0].Where != k.Path() {
			t.Errorf("%s: %+v", field, v.Unexplained)
		}
	}
	p := a.Keys[0]
	p.Values = append(slices.Clone(p.Values), witnessValue{Name: "more"})
	v := &Verdict{}
	if compareKey(v, image, k, &p); len(v.Unexplained) != 1 || v.Unexplained[0].Field != "values" {
		t.Errorf("one value more: %+v", v.Unexplained)
	}
}

// TestVerdictText: one line for a file, its divergences and differences below it,
// and no control character of the evidence.
func TestVerdictText(t *testing.T) {
	var b strings.Builder
	text := func(v *Verdict) string {
		t.Helper()
		b.Reset()
		if err := v.Text(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if got, want := text(&Verdict{Path: "a", Agreed: 7}), "agreed        7 fields  a\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := text(&Verdict{Path: "a", Witness: "died: x\x1b[2J"}); !strings.HasPrefix(got, "alone ") || strings.Contains(got, "\x1b") || !strings.Contains(got, "witness died: x") {
		t.Errorf("%q", got)
	}
	v := &Verdict{Path: "a\nagreed        9 fields  b", Known: map[string]int{"y: when": 2, "x: when": 1}}
	if got := text(v); strings.Count(got, "\n") != 3 || !strings.HasPrefix(got, "known ") || strings.Index(got, "1 × x") > strings.Index(got, "2 × y") {
		t.Errorf("%q", got)
	}
	for range maxDifferences + 5 {
		v.differ(Difference{Field: "f", Where: "w\x1b", Ours: "o\r", Theirs: "t\u202e", Bytes: "00"})
	}
	got := text(v)
	if !strings.HasPrefix(got, "DIFFERS") || strings.ContainsAny(got, "\x1b\r\u202e") || !strings.HasSuffix(got, "and 5 more\n") || v.Differences() != maxDifferences+5 || v.Divergences() != 3 {
		t.Errorf("%q, %d differences, %d divergences", got, v.Differences(), v.Divergences())
	}
}

// TestHead keeps the first bytes of a child's last words and takes all the others.
func TestHead(t *testing.T) {
	var b bytes.Buffer
	h := &head{w: &b, left: 5}
	for _, s := range []string{"abc", "defg", "hij"} {
		if n, err := h.Write([]byte(s)); n != len(s) || err != nil {
			t.Errorf("%s: %d, %v", s, n, err)
		}
	}
	if b.String() != "abcde" {
		t.Errorf("%q", b.String())
	}
	if got := firstLine("\n a panic \nmore"); got != "a panic " {
		t.Errorf("%q", got)
	}
}
