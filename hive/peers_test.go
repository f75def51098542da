package hive

import (
	"bufio"
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"www.velocidex.com/golang/regparser"

	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// FuzzPeer compares what regparser reads of the keys and values that we find in a changed hive; divergences lists what it
// may read otherwise. The peer may fail where it likes.
func FuzzPeer(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, base uint8, patch, raw []byte) {
		primary, log1, log2 := patched(base, patch, raw)
		h, err := Open(primary, &Options{Logs: []Log{{"1", log1}, {"2", log2}}})
		if err != nil || h.cellHead != 4 {
			return
		}
		comparePeer(t, h)
	})
}

// peerKeys bounds the keys that are compared, and peerData the length of their data: the peer has no bounds of its own.
const (
	peerKeys = 100
	peerData = 1 << 16
)

func comparePeer(t *testing.T, h *Hive) {
	reg, err := regparser.NewRegistry(bytes.NewReader(h.Bytes()))
	if err != nil {
		return
	}
	n := 0
	for k, err := range h.Keys() {
		if err != nil || k.Offset()+nkName+4 > int64(len(h.Bytes())) || k.NumValues() > 1000 {
			continue
		}
		if n++; n > peerKeys {
			return
		}
		comparePeerKey(t, k, reg.Profile.CM_KEY_NODE(reg.Reader, k.Offset()+4))
	}
}

func comparePeerKey(t *testing.T, k Key, p *regparser.CM_KEY_NODE) {
	defer func() {
		if r := recover(); r != nil {
			t.Logf("the peer fails: %v", r)
		}
	}()
	if got := k.Name(); got != p.Name() && !explained("key name", k, Value{}) {
		t.Errorf("key at %d: name %q, the peer's %q", k.Offset(), got, p.Name())
	}
	if got := k.Written().Unix(); !k.Written().IsZero() && got != p.LastWriteTime().Unix() && !explained("time", k, Value{}) {
		t.Errorf("key at %d: time %d, the peer's %d", k.Offset(), got, p.LastWriteTime().Unix())
	}
	if explained("values", k, Value{}) {
		return
	}
	for v, err := range k.Values() {
		if err != nil || v.Size() > peerData {
			return // the peer would read all of it
		}
	}
	peers := p.Values()
	i := 0
	for v := range k.Values() {
		if i == len(peers) {
			t.Errorf("key at %d: the peer has %d values", k.Offset(), len(peers))
			return
		}
		pv := peers[i]
		i++
		whole := len(v.RawName()) == int(v.u16(vkNameLen))
		if got := v.Name(); whole && got != pv.ValueName() && !explained("value name", k, v) {
			t.Errorf("value at %d: name %q, the peer's %q", v.Offset(), got, pv.ValueName())
		}
		if uint32(v.Type()) != pv.Type() {
			t.Errorf("value at %d: type %d, the peer's %d", v.Offset(), v.Type(), pv.Type())
		}
		if explained("data", k, v) {
			continue
		}
		if b, _ := v.Bytes(); !bytes.Equal(b, pv.ValueData().Data) {
			t.Errorf("value at %d: data %.20x, the peer's %.20x", v.Offset(), b, pv.ValueData().Data)
		}
	}
}

// A foundKey is a key as another program lists it.
type foundKey struct {
	name    string
	written string // to the second, where the program has it
}

// hivexKeys returns what hivexml, a program in C over libhivex, lists of a hive: keys by the offset of their cells.
func hivexKeys(ctx context.Context, file string) map[int64]foundKey {
	out, _ := exec.CommandContext(ctx, "hivexml", "-k", file).Output()
	keys := map[int64]foundKey{}
	var open []foundKey
	inTime := false
	d := xml.NewDecoder(bytes.NewReader(out))
	for {
		token, err := d.Token()
		if err != nil {
			return keys // it may have ended in the middle
		}
		switch e := token.(type) {
		case xml.StartElement:
			attr := map[string]string{}
			for _, a := range e.Attr {
				attr[a.Name.Local] = a.Value
			}
			switch e.Name.Local {
			case "node":
				open = append(open, foundKey{name: attr["name"]})
			case "mtime":
				inTime = true
			case "byte_run":
				if at, err := strconv.ParseInt(attr["file_offset"], 10, 64); err == nil && len(open) > 0 {
					if k := open[len(open)-1]; k.name != "" && k.written != "" {
						if _, ok := keys[at]; !ok {
							keys[at] = k
						}
						open[len(open)-1].name = "" // runs that follow are its values'
					}
				}
			}
		case xml.CharData:
			if inTime && len(open) > 0 && open[len(open)-1].written == "" {
				open[len(open)-1].written = string(e)
			}
		case xml.EndElement:
			switch e.Name.Local {
			case "node":
				open = open[:max(0, len(open)-1)]
			case "mtime":
				inTime = false
			}
		}
	}
}

// regfKeys counts the keys that regfexport, a program in C over libregf, lists of a hive.
func regfKeys(ctx context.Context, file string) int {
	out, _ := exec.CommandContext(ctx, "regfexport", file).Output()
	n := 0
	for s := bufio.NewScanner(bytes.NewReader(out)); s.Scan(); {
		if strings.HasPrefix(s.Text(), "Key path:") {
			n++
		}
	}
	return n
}

// flipBytes changes some bytes of a hive's bins.
func flipBytes(b []byte, n int, seed uint64) []byte {
	b = bytes.Clone(b)
	r := rand.New(rand.NewPCG(seed, 77))
	for range n {
		b[baseSize+r.IntN(len(b)-baseSize)] ^= byte(1 + r.IntN(255))
	}
	return b
}

// TestPeersDamaged compares what is left of damaged real hives with what two programs in C find, where they are installed:
// each key that they list is one of ours, live or unreachable. The shares are those in docs/robustness.md.
func TestPeersDamaged(t *testing.T) {
	if _, err := exec.LookPath("hivexml"); err != nil {
		t.Skip("hivexml is not installed")
	}
	_, err := exec.LookPath("regfexport")
	hasRegf := err == nil
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	for _, c := range []struct {
		name   string
		damage func(h *Hive, seed uint64) []byte
	}{
		{"sound", func(h *Hive, _ uint64) []byte { return bytes.Clone(h.Bytes()) }},
		{"1 % of the bins zeroed", func(h *Hive, seed uint64) []byte { return zeroBins(h, 1, seed) }},
		{"5 % of the bins zeroed", func(h *Hive, seed uint64) []byte { return zeroBins(h, 5, seed) }},
		{"20 % of the bins zeroed", func(h *Hive, seed uint64) []byte { return zeroBins(h, 20, seed) }},
		{"100 bytes changed", func(h *Hive, seed uint64) []byte { return flipBytes(h.Bytes(), 100, seed) }},
		{"first sector zeroed", func(h *Hive, _ uint64) []byte { b := bytes.Clone(h.Bytes()); clear(b[:512]); return b }},
		{"first 64 KiB encrypted", func(h *Hive, seed uint64) []byte {
			b := bytes.Clone(h.Bytes())
			regf.Encrypt(b, 64<<10, seed+2)
			return b
		}},
	} {
		var live, lost, hivex, libregf []float64
		for _, name := range testcost.Sample([]string{"velo/ntuser.dat", "velo/UsrClass.dat", "museum-win10-rathbunvm/Amcache.hve"}, 3) {
			whole := openEvidence(t, name)
			all := 0
			for range whole.Keys() {
				all++
			}
			for seed := range uint64(testcost.Rounds(3)) {
				b := c.damage(whole, seed)
				file := filepath.Join(t.TempDir(), "hive")
				if err := os.WriteFile(file, b, 0o666); err != nil {
					t.Fatal(err)
				}
				ours, n, m := ourKeys(t, b)
				peer := hivexKeys(ctx, file)
				for at, k := range peer {
					if got, ok := ours[at]; !ok || got.written != k.written {
						t.Errorf("%s, %s, seed %d: hivex lists %q of %s at %d, ours %v %v", name, c.name, seed, k.name, k.written, at, ok, got)
					}
				}
				share := func(n int) float64 { return 100 * float64(n) / float64(all) }
				live, lost, hivex = append(live, share(n)), append(lost, share(n+m)), append(hivex, share(len(peer)))
				if hasRegf {
					libregf = append(libregf, share(regfKeys(ctx, file)))
				}
			}
		}
		t.Logf("%-24s keys: %s live, %s with unreachable, hivex %s, libregf %s", c.name, middle(live), middle(lost), middle(hivex), middle(libregf))
	}
}

// ourKeys lists the keys of a hive by the offsets of their cells, and counts those that are live and unreachable.
func ourKeys(t *testing.T, b []byte) (keys map[int64]foundKey, live, lost int) {
	t.Helper()
	h, err := Open(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	keys = map[int64]foundKey{}
	add := func(k Key) { keys[k.Offset()] = foundKey{k.Name(), k.Written().Format(time.RFC3339)} }
	for k, err := range h.Keys() {
		if err == nil {
			live++
			add(k)
		}
	}
	for r := range h.Deleted() {
		if r.IsKey {
			if _, ok := keys[r.Key.Offset()]; ok {
				t.Errorf("the key at %d is live and a remnant", r.Key.Offset())
			}
			add(r.Key)
			if r.Unreachable {
				lost++
			}
		}
	}
	return keys, live, lost
}

// middle is the median in percent, for people.
func middle(list []float64) string {
	if len(list) == 0 {
		return "not installed"
	}
	return fmt.Sprintf("%.1f %%", medianOf(list))
}
