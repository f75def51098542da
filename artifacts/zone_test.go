package artifacts_test

import (
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// europe is a clock an hour before UTC, with summer from the last Sunday of
// March, 02:00, to the last Sunday of October, 03:00.
func europe() *evidence.Machine {
	season := func(month, hour byte) []byte { return []byte{0, 0, month, 0, 5, 0, hour, 0, 0, 0, 0, 0, 0, 0, 0, 0} }
	return &evidence.Machine{Clock: &evidence.Clock{Bias: -60, DaylightBias: -60, StandardStart: season(10, 3), DaylightStart: season(3, 2)}}
}

func TestZone(t *testing.T) {
	date := func(mo time.Month, d, h int) time.Time { return time.Date(2021, mo, d, h, 30, 0, 0, time.UTC) }
	named, err := artifacts.ParseZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	offset, err := artifacts.ParseZone("-05:00")
	if err != nil {
		t.Fatal(err)
	}
	south := europe().Clock
	south.StandardStart, south.DaylightStart = south.DaylightStart, south.StandardStart
	for _, c := range []struct {
		zone  *artifacts.Zone
		local time.Time
		hours int
		kind  string
	}{
		{artifacts.ZoneOf(europe()), date(1, 5, 12), 1, "local, inferred +01:00"},
		{artifacts.ZoneOf(europe()), date(3, 28, 1), 1, "local, inferred +01:00"},
		{artifacts.ZoneOf(europe()), date(3, 28, 3), 2, "local, inferred +02:00"},
		{artifacts.ZoneOf(europe()), date(10, 31, 4), 1, "local, inferred +01:00"},
		{artifacts.ZoneOf(&evidence.Machine{Clock: south}), date(1, 5, 12), 2, "local, inferred +02:00"},
		{artifacts.ZoneOf(&evidence.Machine{Clock: south}), date(7, 5, 12), 1, "local, inferred +01:00"},
		{named, date(7, 5, 12), 2, "local, assumed +02:00"},
		{offset, date(7, 5, 12), -5, "local, assumed −05:00"},
		{artifacts.ZoneOf(&evidence.Machine{}), date(7, 5, 12), 0, artifacts.UnknownZone},
		{nil, date(7, 5, 12), 0, artifacts.UnknownZone},
	} {
		got, kind := c.zone.UTC(c.local)
		if want := c.local.Add(-time.Duration(c.hours) * time.Hour); !got.Equal(want) || kind != c.kind {
			t.Errorf("%s at %s: %s, %q; want %s, %q", c.zone, c.local, got, kind, want, c.kind)
		}
	}
	for _, bad := range []string{"", "Nowhere/Else", "Local", "+25:00x"} {
		if _, err := artifacts.ParseZone(bad); err == nil {
			t.Errorf("%q is a zone", bad)
		}
	}
}
