package hive

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// lostHives are six real hives of different kinds and sizes.
var lostHives = []string{
	"velo/UsrClass.dat", "regipy/SYSTEM_2", "velo/ntuser.dat", "regipy/NTUSER_with_winscp.DAT",
	"museum-win10-rathbunvm/Amcache.hve", "regipy/amcache.hve",
}

// zeroBins zeroes a share of the bins of an image, in percent, at least one.
func zeroBins(h *Hive, percent int, seed uint64) []byte {
	image := bytes.Clone(h.Bytes())
	var bins []int
	for p := 0; p+binHeader <= len(h.bins); p += pageSize {
		if h.binStart[p/pageSize/64]>>(p/pageSize%64)&1 != 0 {
			bins = append(bins, p)
		}
	}
	r := rand.New(rand.NewPCG(seed, uint64(percent)))
	r.Shuffle(len(bins), func(i, j int) { bins[i], bins[j] = bins[j], bins[i] })
	for _, p := range bins[:max(1, len(bins)*percent/100)] {
		n, _ := h.bin(p)
		clear(image[baseSize+p : min(baseSize+p+n, len(image))])
	}
	return image
}

// dumped sorts the lines of a dump with what was recovered by the letters that they begin with. Of recovered records
// the fields that lines of live ones do not have are cut off.
func dumped(t *testing.T, h *Hive) map[string]map[string]bool {
	t.Helper()
	var out bytes.Buffer
	if err := Dump(&out, h, &DumpOptions{Deleted: true}); err != nil {
		t.Fatal(err)
	}
	lines := map[string]map[string]bool{}
	for line := range strings.Lines(out.String()) {
		kind, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		n := 2
		if strings.HasSuffix(kind, "V") {
			n = 5
		}
		fields := strings.Split(rest, "\t")
		if lines[kind] == nil {
			lines[kind] = map[string]bool{}
		}
		lines[kind][strings.Join(fields[:n], "\t")] = true
	}
	return lines
}

// A share says how much of the truth about a hive a dump of its damaged copy has: as live, with what is unreachable and
// has its whole path, and with what has the end of it.
type share struct{ live, whole, all float64 }

// compareLost compares what is left of a hive with its truth, and returns how many live records are called deleted,
// those aside of which the whole hive has a deleted copy.
func compareLost(t *testing.T, name string, sound map[string]map[string]bool, damaged *Hive) (s share, wrong int) {
	t.Helper()
	got := dumped(t, damaged)
	n, live, unreachable, partial := 0, 0, 0, 0
	for line := range strings.Lines(string(gunzip(t, filepath.Join(evidence(t), name+".truth.tsv.gz")))) {
		kind, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if kind != "K" && kind != "V" {
			continue
		}
		n++
		switch {
		case got[kind][rest]:
			live++
		case got["U"+kind][rest]:
			unreachable++
		case hasEnd(got["U"+kind], rest):
			partial++
		}
		if got["D"+kind][rest] && !sound["D"+kind][rest] {
			if wrong < 3 {
				t.Log(line)
			}
			wrong++
		}
	}
	return share{float64(live) / float64(n), float64(live+unreachable) / float64(n), float64(live+unreachable+partial) / float64(n)}, wrong
}

// hasEnd reports whether the lines have one whose path begins with ? and is the end of this one's.
func hasEnd(lines map[string]bool, line string) bool {
	path, rest, _ := strings.Cut(line, "\t")
	for i := range path {
		if path[i] == '\\' && lines["?"+path[i:]+"\t"+rest] {
			return true
		}
	}
	return false
}

// median returns the median of what f takes from each share, in percent.
func median(shares []share, f func(share) float64) float64 {
	var list []float64
	for _, s := range shares {
		list = append(list, 100*f(s))
	}
	return medianOf(list)
}

func medianOf(list []float64) float64 {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}

// wantShares compares the medians with figures below those in docs/robustness.md.
func wantShares(t *testing.T, what string, shares []share, live, whole, all float64) {
	t.Helper()
	l, w := median(shares, func(s share) float64 { return s.live }), median(shares, func(s share) float64 { return s.whole })
	a := median(shares, func(s share) float64 { return s.all })
	t.Logf("%s: %.1f %% of the truth live, %.1f %% with whole paths, %.1f %% in all (medians of %d)", what, l, w, a, len(shares))
	if !testcost.Samples() && (l < live || w < whole || a < all) {
		t.Errorf("%s: want at least %v, %v and %v %%", what, live, whole, all)
	}
}

// TestLostBins zeroes bins of real hives: no key or value that lives may be called deleted.
func TestLostBins(t *testing.T) {
	shares := map[int][]share{}
	for _, name := range testcost.Sample(lostHives, 3) {
		h := openEvidence(t, name)
		sound := dumped(t, h)
		for _, percent := range []int{1, 5, 20} {
			for seed := range uint64(testcost.Rounds(5)) {
				damaged, err := Open(zeroBins(h, percent, seed), nil)
				if err != nil {
					t.Fatal(err)
				}
				s, wrong := compareLost(t, name, sound, damaged)
				if wrong > 0 {
					t.Errorf("%s without %d %% of its bins, seed %d: %d live records are called deleted", name, percent, seed, wrong)
				}
				shares[percent] = append(shares[percent], s)
			}
		}
	}
	wantShares(t, "without 1 % of the bins", shares[1], 97, 98, 98.5)
	wantShares(t, "without 5 % of the bins", shares[5], 85, 90, 92)
	wantShares(t, "without 20 % of the bins", shares[20], 20, 48, 60)
}

// TestLostBinsLogs does the same to a dirty primary file with its logs: what they hold is no state before a deletion.
func TestLostBinsLogs(t *testing.T) {
	for _, name := range []string{"museum-win10-rathbunvm/Amcache.hve", "museum-win2012r2-stolenszechuan/Amcache.hve"} {
		sound := dumped(t, openEvidence(t, name))
		file := filepath.Join(evidence(t), name)
		primary, err := Open(readFile(t, file), &Options{NoLogs: true})
		if err != nil {
			t.Fatal(err)
		}
		for seed := range uint64(testcost.Rounds(10)) {
			damaged, err := Open(zeroBins(primary, 20, seed), &Options{Logs: logsBeside(t, file)})
			if err != nil {
				t.Fatal(err)
			}
			if s, wrong := compareLost(t, name, sound, damaged); wrong > 0 {
				t.Errorf("%s, seed %d: %d live records are called deleted, %.1f %% live", name, seed, wrong, 100*s.live)
			}
		}
	}
}

// TestLostBaseBlock takes the beginning of real hives away.
func TestLostBaseBlock(t *testing.T) {
	cases := []struct {
		name             string
		damage           func(file []byte) []byte
		live, whole, all float64
	}{
		{"one bit of the signature wrong", func(b []byte) []byte { b[2] ^= 0x10; return b }, 100, 100, 100},
		{"the first sector zeroed", func(b []byte) []byte { clear(b[:512]); return b }, 100, 100, 100},
		{"the base block cut off", func(b []byte) []byte { return b[baseSize:] }, 100, 100, 100},
		{"the first 4 KiB encrypted", func(b []byte) []byte { regf.Encrypt(b, 4<<10, 1); return b }, 100, 100, 100},
		{"the first 64 KiB encrypted", func(b []byte) []byte { regf.Encrypt(b, 64<<10, 2); return b }, 0, 10, 90},
		{"the first 256 KiB encrypted", func(b []byte) []byte { regf.Encrypt(b, 256<<10, 3); return b }, 0, 1, 50},
	}
	shares := make([][]share, len(cases))
	for _, name := range testcost.Sample(lostHives, 3) {
		whole := openEvidence(t, name)
		sound := dumped(t, whole)
		for i, c := range cases {
			damaged, err := Open(c.damage(bytes.Clone(whole.Bytes())), nil)
			if err != nil {
				t.Fatalf("%s, %s: %v", name, c.name, err)
			}
			if !damaged.Recovery().BaseBlockLost || !slices.ContainsFunc(damaged.Damage(), func(e *FormatError) bool {
				return strings.HasPrefix(e.Problem, "base block lost") && !e.Warning
			}) {
				t.Errorf("%s, %s: Damage = %v", name, c.name, damaged.Damage())
			}
			s, wrong := compareLost(t, name, sound, damaged)
			if wrong > 0 {
				t.Errorf("%s, %s: %d live records are called deleted", name, c.name, wrong)
			}
			t.Logf("%s, %s: %.1f %%, %.1f %%, %.1f %%", name, c.name, 100*s.live, 100*s.whole, 100*s.all)
			shares[i] = append(shares[i], s)

			// The rebuilt image is a hive.
			again, err := Open(damaged.Bytes(), nil)
			if err != nil || again.Recovery().BaseBlockLost {
				t.Errorf("%s, %s: the rebuilt image: %v, %v", name, c.name, err, again.Damage())
			}
		}
	}
	for i, c := range cases {
		wantShares(t, c.name, shares[i], c.live, c.whole, c.all)
	}
}

// TestBaseBlockInLog zeroes the base block of dirty hives: their logs have a copy of it, and are replayed as before.
func TestBaseBlockInLog(t *testing.T) {
	for _, name := range []string{"museum-win10-rathbunvm/Amcache.hve", "museum-win2012r2-stolenszechuan/Amcache.hve"} {
		sound := openEvidence(t, name)
		file := filepath.Join(evidence(t), name)
		primary := readFile(t, file)
		clear(primary[:baseSize])
		damaged, err := Open(primary, &Options{Logs: logsBeside(t, file)})
		if err != nil {
			t.Fatal(err)
		}
		got, want := damaged.Recovery(), sound.Recovery()
		if !got.BaseBlockLost || !got.HeaderRepaired || !got.Applied {
			t.Errorf("%s: recovery %+v, sound %+v", name, got, want)
		}
		if a, b := got.Header, want.Header; a.RootOffset != b.RootOffset || a.Minor != b.Minor || a.FileName != b.FileName {
			t.Errorf("%s: header %+v, sound %+v", name, a, b)
		}
		if s, wrong := compareLost(t, name, dumped(t, sound), damaged); wrong > 0 || s.live < 1 {
			t.Errorf("%s: %.1f %% live, %d live records are called deleted", name, 100*s.live, wrong)
		}
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestUnreachable zeroes the root's cell: all other keys are whole, and nothing was deleted.
func TestUnreachable(t *testing.T) {
	spec := regf.Sound()
	spec.Root.Sub(`Alpha\Gone`).Set("Old", regf.DWord(1))
	spec.Root.Sub(`Alpha\Gone`).Delete(spec.Written)
	l := spec.Live()
	b := l.Image()
	clear(b[baseSize+int(l.Key("")):][:84])
	h, err := Open(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	var all, unreachable []Remnant
	for r := range h.Deleted() {
		all = append(all, r)
		if r.Unreachable {
			unreachable = append(unreachable, r)
			if r.Path[0] != '?' && r.IsKey && r.Path != r.Key.Path() {
				t.Errorf("path %s, and by the key %s", r.Path, r.Key.Path())
			}
			if !r.NotAfter.IsZero() || r.Grade == Doubtful || !strings.Contains(r.Note(), "unreachable") {
				t.Errorf("%s: %s, deleted until %v", r.Path, r.Note(), r.NotAfter)
			}
		}
		got[r.Path] = r.Unreachable
	}
	for _, path := range []string{`\Alpha`, `\Alpha\Inner\Deep`, `\Beta\Five`, `\Omega`} {
		if unreachable, ok := got[path]; !unreachable {
			t.Errorf("%s: found %v, unreachable %v", path, ok, unreachable)
		}
	}
	if unreachable, ok := got[`\Alpha\Gone`]; unreachable || !ok {
		t.Errorf("the deleted key: found %v, unreachable %v", ok, unreachable)
	}
	if only := slices.Collect(h.Unreachable()); !reflect.DeepEqual(only, unreachable) {
		t.Errorf("Unreachable has %d records, Deleted %d of %d that are unreachable", len(only), len(unreachable), len(all))
	}
	for r := range openBytes(t, spec.Build()).Unreachable() {
		t.Errorf("in a sound hive %s is unreachable", r.Path)
	}
}

func openBytes(t *testing.T, b []byte) *Hive {
	t.Helper()
	h, err := Open(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	return h
}
