package hive

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"www.velocidex.com/golang/regparser"
)

// walkSum goes through every key, its time, its values and their raw data.
func walkSum(h *Hive) (keys, values, bytes int, times uint64) {
	for k, err := range h.Keys() {
		if err != nil {
			continue
		}
		keys++
		times += k.WrittenRaw()
		for v, err := range k.Values() {
			if err != nil {
				continue
			}
			values++
			b, _ := v.Bytes()
			bytes += len(b)
		}
	}
	return
}

// textSum does the same with names and texts decoded.
func textSum(h *Hive) (keys, values, bytes int) {
	for k, err := range h.Keys() {
		if err != nil {
			continue
		}
		keys++
		bytes += len(k.Name())
		_ = k.Written()
		for v, err := range k.Values() {
			if err != nil {
				continue
			}
			values++
			bytes += len(v.Name())
			switch v.Type() {
			case String, ExpandString:
				s, _ := v.Text()
				bytes += len(s)
			default:
				b, _ := v.Bytes()
				bytes += len(b)
			}
		}
	}
	return
}

// appendSum does the same into a buffer that is used again.
func appendSum(h *Hive) (keys, values, bytes int) {
	var buf []byte
	for k, err := range h.Keys() {
		if err != nil {
			continue
		}
		keys++
		buf = k.AppendName(buf[:0])
		bytes += len(buf)
		_ = k.Written()
		for v, err := range k.Values() {
			if err != nil {
				continue
			}
			values++
			buf = v.AppendName(buf[:0])
			switch v.Type() {
			case String, ExpandString:
				buf, _ = v.AppendText(buf)
			default:
				b, _ := v.Bytes()
				bytes += len(b)
			}
			bytes += len(buf)
		}
	}
	return
}

// peerSum is what regparser does for the same: its Name, Values and ValueData decode on the way.
func peerSum(b *testing.B, r *bytes.Reader, n int) (keys, values, bytes int, times uint64) {
	reg, err := regparser.NewRegistry(r)
	if err != nil {
		b.Fatal(err)
	}
	var walk func(k *regparser.CM_KEY_NODE)
	walk = func(k *regparser.CM_KEY_NODE) {
		keys++
		bytes += len(k.Name())
		times += uint64(k.LastWriteTime().UnixNano())
		for _, v := range k.Values() {
			values++
			bytes += len(v.ValueName())
			d := v.ValueData()
			bytes += len(d.Data) + len(d.String)
		}
		for _, s := range k.Subkeys() {
			walk(s)
		}
	}
	if root := reg.OpenKey(`\`); root != nil {
		walk(root)
	}
	return
}

func BenchmarkWalk(b *testing.B) {
	dir := evidence(b)
	for _, name := range []string{"regipy/SYSTEM_WIN_10_1709", "regipy/SYSTEM_2", "regipy/NTUSER_with_winscp.DAT"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			b.Fatal(err)
		}
		run := func(impl string, keys func() int) {
			b.Run("case="+filepath.Base(name)+"/impl="+impl, func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				for b.Loop() {
					if keys() == 0 {
						b.Fatal("no keys")
					}
				}
			})
		}
		open := func() *Hive {
			h, err := Open(data, nil)
			if err != nil {
				b.Fatal(err)
			}
			return h
		}
		run("walk", func() int { keys, _, _, _ := walkSum(open()); return keys })
		run("text", func() int { keys, _, _ := textSum(open()); return keys })
		run("append", func() int { keys, _, _ := appendSum(open()); return keys })
		run("regparser", func() int { keys, _, _, _ := peerSum(b, bytes.NewReader(data), len(data)); return keys })
	}
}
