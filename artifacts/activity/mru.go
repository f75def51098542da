package activity

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/hive"
)

// An mruEntry is one value of a list of the most recently used things.
type mruEntry struct {
	value hive.Value
	pos   int // 1 is the newest; 0 when the order does not name the value
}

// mru returns the entries of the source's key in their order, newest first,
// and after them the ones that the order does not name. MRUListEx is a row of
// u32 numbers that ends with FFFFFFFF, MRUList a text of letters; an entry's
// value is named by its number or letter. Numbers without a value are normal.
func mru(in artifacts.Input) ([]mruEntry, error) {
	order, err := mruOrder(in)
	var errs []error
	if err != nil {
		errs = append(errs, err)
	}
	var out []mruEntry
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		name := v.Name()
		if name == "" || len(name) > 1 && !mruNumber(name) {
			continue // MRUList itself, NodeSlot and the like
		}
		out = append(out, mruEntry{v, order[strings.ToLower(name)]})
	}
	slices.SortStableFunc(out, func(a, b mruEntry) int {
		if (a.pos == 0) != (b.pos == 0) {
			return cmp.Compare(b.pos, a.pos)
		}
		return cmp.Compare(a.pos, b.pos)
	})
	return out, errors.Join(errs...)
}

// mruOrder maps names to positions, from 1.
func mruOrder(in artifacts.Input) (map[string]int, error) {
	order := map[string]int{}
	put := func(name string, pos int) {
		if _, twice := order[name]; !twice {
			order[name] = pos
		}
	}
	if v, ok := in.Own().Find("MRUListEx"); ok {
		b, err := v.Bytes()
		if err != nil {
			return order, in.Wrap(in.At(v), err)
		}
		for i := 0; i+4 <= len(b); i += 4 {
			n := le.Uint32(b[i:])
			if n == 0xFFFFFFFF {
				return order, nil
			}
			put(strconv.FormatUint(uint64(n), 10), i/4+1)
		}
		return order, in.Errorf(in.At(v), "the order of %d bytes has no end mark", len(b))
	}
	if v, ok := in.Own().Find("MRUList"); ok {
		s, err := v.Text()
		for i, r := range []rune(strings.ToLower(s)) {
			put(string(r), i+1)
		}
		return order, in.Wrap(in.At(v), err)
	}
	return order, nil
}

// mruWritten is the time of the entry at a position: a key has one time, that
// of its last change, and so it dates the newest entry only.
func mruWritten(in artifacts.Input, pos int) time.Time {
	if pos != 1 {
		return time.Time{}
	}
	return in.Written()
}

// mruNumber tells the names of entries from other values of the key.
func mruNumber(name string) bool {
	_, err := strconv.ParseUint(name, 10, 32)
	return err == nil
}

// userNumbered returns the number behind a prefix of a value's name: 3 for
// "url3".
func userNumbered(name, prefix string) (int, bool) {
	if len(name) <= len(prefix) || !strings.EqualFold(name[:len(prefix)], prefix) {
		return 0, false
	}
	n, err := strconv.Atoi(name[len(prefix):])
	return n, err == nil && n >= 0
}

// userNonEmpty drops the empty texts of a list.
func userNonEmpty(l []string) []string {
	return slices.DeleteFunc(l, func(s string) bool { return s == "" })
}
