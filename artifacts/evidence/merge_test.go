package evidence

import (
	"errors"
	"slices"
	"testing"
	"testing/fstest"
)

// TestOpenLetters makes one machine of the volumes of a running one, and names those that cannot be opened.
func TestOpenLetters(t *testing.T) {
	broken := errors.New("broken")
	closed := 0
	open := func(device, letter string, opts *Options) (*Evidence, error) {
		fsys := fstest.MapFS{"Data/x": {}}
		switch letter {
		case "D:":
			fsys = fstest.MapFS{"Windows/System32/config/SYSTEM": {}}
		case "E:":
			return nil, broken
		}
		v := &volume{name: letter, fsys: fsys, dirs: map[string]*dir{}}
		return &Evidence{Path: device, Trees: []*Tree{{volumes: []*volume{v}}}, Notes: []string{device}, live: true,
			closers: []func() error{func() error { closed++; return nil }}}, nil
	}
	for _, c := range []struct {
		letters []string
		want    []string // volumes of the only machine
		broken  int
	}{
		{[]string{"C:", "D:", "E:", "F:"}, []string{"D:", "C:", "F:"}, 1},
		{[]string{"C:", "F:"}, []string{"C:", "F:"}, 0},
		{[]string{"D:"}, []string{"D:"}, 0},
	} {
		closed = 0
		e, err := openLetters(c.letters, open, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, v := range e.Trees[0].Volumes() {
			got = append(got, v.Name)
		}
		if !slices.Equal(got, c.want) || len(e.Trees) != 1 || !e.Live() || len(e.Trees[0].Problems()) != c.broken {
			t.Errorf("%v: volumes %v, problems %v", c.letters, got, e.Trees[0].Problems())
		}
		if err := e.Close(); err != nil || closed != len(c.want) || len(e.Notes) != closed {
			t.Errorf("%v: %d closed, notes %q, %v", c.letters, closed, e.Notes, err)
		}
	}
	if _, err := openLetters([]string{"E:"}, open, nil); !errors.Is(err, ErrNothing) || !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}
