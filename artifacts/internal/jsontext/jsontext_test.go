package jsontext

import (
	"testing"
	"time"
)

func TestTime(t *testing.T) {
	berlin := time.FixedZone("", 3600)
	for want, at := range map[string]time.Time{
		"":                             {},
		"2026-03-06T18:09:02.9045635Z": time.Date(2026, 3, 6, 19, 9, 2, 904563599, berlin),
		"2026-03-06T00:00:00.0000000Z": time.Date(2026, 3, 6, 0, 0, 0, 0, time.UTC),
	} {
		if got := Time(at); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestMarshal(t *testing.T) {
	b, err := Marshal(map[string]string{"a": "<&>\n"})
	if want := `{"a":"<&>\n"}`; err != nil || string(b) != want {
		t.Errorf("%s, %v; want %s", b, err, want)
	}
	if b, err := Marshal(func() {}); err == nil || b != nil {
		t.Errorf("%s, %v", b, err)
	}
}
