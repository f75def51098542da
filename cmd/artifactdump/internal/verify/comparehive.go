package verify

import (
	"bytes"
	"fmt"

	"github.com/artifactdump/artifactdump/hive"
)

func compareHive(w *Witness, path string, h *hive.Hive) *Verdict {
	v := &Verdict{Path: path, Kind: "hive"}
	image := h.Bytes()
	if hd := h.Header(); hd.Major == 1 && hd.Minor < 3 {
		v.Witness = "does not know the cells of format 1.1 and 1.2"
		return v
	}
	var keys []hive.Key
	flush := func() bool {
		if len(keys) == 0 {
			return true
		}
		q := witnessQuestion{Hive: true, Data: image}
		for _, k := range keys {
			q.Keys = append(q.Keys, k.Offset())
		}
		a, died, err := w.ask(q)
		switch {
		case died || err != nil:
			v.Witness = "died: " + err.Error()
		case a.Error != "":
			v.Witness = "refused: " + a.Error
		case len(a.Keys) != len(keys):
			v.Witness = "answered only a part"
		}
		if v.Witness != "" {
			return false
		}
		for i, k := range keys {
			compareKey(v, image, k, &a.Keys[i])
		}
		keys = keys[:0]
		return true
	}
	for k, err := range h.Keys() {
		if err != nil || k.Offset()+80 > int64(len(image)) {
			continue
		}
		if keys = append(keys, k); len(keys) == 1<<16 && !flush() {
			return v
		}
	}
	flush()
	return v
}

func compareKey(v *Verdict, image []byte, k hive.Key, p *witnessKey) {
	differ := func(name string, val hive.Value, off int64, ours, theirs string) {
		if i := explainHiveField(name, k, val); i >= 0 {
			v.known(hiveDivergences[i].divergence, 1)
			return
		}
		v.differ(Difference{name, k.Path(), off, ours, theirs, hexBytes(image, int(off), 64)})
	}
	field := func(name string, val hive.Value, off int64, ours, theirs string) {
		if ours == theirs {
			v.Agreed++
			return
		}
		differ(name, val, off, ours, theirs)
	}
	var none hive.Value
	field("key name", none, k.Offset(), k.Name(), p.Name)
	field("last written", none, k.Offset(), fmt.Sprint(k.Written().Unix()), fmt.Sprint(p.Written))
	if i := explainHiveField("values", k, none); i >= 0 {
		v.known(hiveDivergences[i].divergence, 1)
		return
	}
	i := 0
	for val, err := range k.Values() {
		if err != nil {
			continue
		}
		if i == len(p.Values) {
			differ("values", none, k.Offset(), "more", fmt.Sprint(len(p.Values)))
			return
		}
		pv := &p.Values[i]
		i++
		field("value name", val, val.Offset(), val.Name(), pv.Name)
		field("type", val, val.Offset(), fmt.Sprint(uint32(val.Type())), fmt.Sprint(pv.Type))
		b, _ := val.Bytes()
		if bytes.Equal(b, pv.Data) {
			v.Agreed++
			continue
		}
		differ("data", val, val.Offset(), fmt.Sprintf("%.64x", b), fmt.Sprintf("%.64x", pv.Data))
	}
	if i < len(p.Values) {
		differ("values", none, k.Offset(), fmt.Sprint(i), fmt.Sprint(len(p.Values)))
	}
}
