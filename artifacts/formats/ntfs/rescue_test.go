package ntfs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// crowded is a volume with a directory of 120 files in several index blocks, and a small one with a directory inside.
func crowded() []byte {
	b := newBuilder(800, 512)
	var crowd []ent
	for i, n := range names(120) {
		crowd = append(crowd, ent{uint64(100 + i), n, 0, 1})
		b.file(uint64(100+i), 30, n, 0, resident(typeData, "", []byte(n)))
	}
	b.dir(RootEntry, 5, ".", ent{30, "Crowd", fnIsDir, 3}, ent{31, "Small", fnIsDir, 3}, ent{32, "file", 0, 3})
	b.file(32, 5, "file", 0, resident(typeData, "", []byte("x")))
	b.dir(30, 5, "Crowd", crowd...)
	b.dir(31, 5, "Small", ent{33, "SYSTEM", 0, 3}, ent{34, "SYSTEM.LOG1", 0, 3}, ent{35, "sub", fnIsDir, 3})
	b.file(33, 31, "SYSTEM", 0, resident(typeData, "", []byte("hive")))
	b.file(34, 31, "SYSTEM.LOG1", 0, resident(typeData, "", []byte("log")))
	b.dir(35, 31, "sub")
	return b.bytes()
}

// walked lists a volume: what is there, and whether anything was said to be wrong.
func walked(v *Volume) (found map[string]bool, errs []error) {
	found = map[string]bool{}
	errs = append(errs, v.Damage...)
	fs.WalkDir(v, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			errs = append(errs, err)
		}
		if e == nil {
			return nil
		}
		kind := "file"
		if e.IsDir() {
			kind = "dir"
		} else if b, err := fs.ReadFile(v, p); err != nil {
			errs = append(errs, err)
		} else {
			kind = fmt.Sprintf("%q", b)
		}
		found[p+" "+kind] = true
		return nil
	})
	return found, errs
}

// No single wrong byte in an index makes a file vanish without an error. The seed is fixed: a failure names its byte.
func TestIndexByte(t *testing.T) {
	testcost.Again(t)
	img := crowded()
	clean, errs := walked(mustOpen(t, img, nil))
	if len(errs) > 0 || len(clean) != 127 {
		t.Fatalf("%d entries, %v", len(clean), errs)
	}
	at := []int{} // each byte of the small directory's record, and of the index blocks
	for i := range 1024 {
		at = append(at, recordAt(img, 31)+i)
	}
	for block := 0; ; {
		i := bytes.Index(img[block:], []byte("INDX"))
		if i < 0 {
			break
		}
		block += i
		used := int(le.Uint32(img[block+blockNode+nodeEnd:])) + blockNode
		for k := block % 7; k < used; k += 7 {
			at = append(at, block+k)
		}
		block += 4096
	}
	rng := rand.New(rand.NewPCG(1, 2))
	whole, silent := 0, 0
	at = testcost.Sample(at, 9)
	for _, i := range at {
		old := img[i]
		img[i] ^= byte(1 << rng.IntN(8))
		v, err := Open(bytes.NewReader(img), int64(len(img)), nil)
		if err != nil {
			t.Fatalf("byte %d: %v", i, err)
		}
		got, errs := walked(v)
		missing := 0
		for name := range clean {
			if !got[name] {
				missing++
			}
		}
		if missing == 0 {
			whole++
		} else if len(errs) == 0 {
			silent++
			t.Errorf("byte %d (%#x for %#x): %d of %d entries are missing, and no error says so", i, img[i], old, missing, len(clean))
		}
		img[i] = old
	}
	t.Logf("%d mutations, %d delivered everything", len(at), whole)
	if whole < len(at)*9/10 {
		t.Errorf("only %d of %d mutations delivered everything", whole, len(at))
	}
}

func recordAt(img []byte, entry int) int {
	return int(le.Uint64(img[bootMFT:]))*bCluster + entry*bRecord
}

// A directory whose own record is gone is listed by its files, and so is the root.
func TestLostDirectory(t *testing.T) {
	for _, test := range []struct {
		entry int
		dir   string
		want  int
	}{{30, "Crowd", 120}, {31, "Small", 3}, {RootEntry, ".", 3}} {
		img := crowded()
		copy(img[recordAt(img, test.entry):], "BAAD")
		v := mustOpen(t, img, nil)
		ents, err := v.ReadDir(test.dir)
		ie, ok := errors.AsType[*IndexError](err)
		if !ok || len(ents) < test.want || ie.FromMFT < test.want {
			t.Errorf("%s: %d entries, %v", test.dir, len(ents), err)
		}
		if b, err := v.ReadFile("Small/SYSTEM"); string(b) != "hive" {
			t.Errorf("%s: %q, %v", test.dir, b, err)
		}
		if _, err := v.Open(test.dir + "/not there"); test.dir != "." && errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: what cannot be known is said not to exist", test.dir)
		}
	}
}

// Records whose directory is not there are counted, and the first are named.
func TestLostRecords(t *testing.T) {
	b := newBuilder(200, 64)
	b.dir(RootEntry, 5, ".", ent{30, "dir", fnIsDir, 3})
	b.dir(30, 5, "dir", ent{31, "kept", 0, 3})
	b.file(31, 30, "kept", 0, resident(typeData, "", []byte("x")))
	b.file(40, 41, "stray.pf", 0, resident(typeData, "", []byte("y")))
	img := b.bytes()
	i := bytes.LastIndex(img, utf16le("kept")) // in the record's own name, or in the index: one of them is enough
	img[i] = 'q'
	_, err := mustOpen(t, img, nil).ReadDir("dir")
	ie, ok := errors.AsType[*IndexError](err)
	if !ok || ie.Lost != 1 || !strings.Contains(err.Error(), "stray.pf") {
		t.Errorf("%v", err)
	}
}

// The search through the MFT reads no more than the volume holds, whatever size the MFT claims.
func TestRescueBounded(t *testing.T) {
	img := crowded()
	rec := img[recordAt(img, 0):]
	i := bytes.Index(rec[:bRecord], []byte{typeData, 0, 0, 0})
	le.PutUint64(rec[i+attrRealSize:], 1<<40)
	le.PutUint64(rec[i+attrInitSize:], 1<<40)
	copy(img[recordAt(img, 30):], "BAAD")
	if v, err := Open(bytes.NewReader(img), int64(len(img)), nil); err == nil {
		walked(v)
	}
}
