package ese

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// TestAppendTime compares with the standard library.
func TestAppendTime(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		at := time.Unix(r.Int64N(265046774400)-11644473600, r.Int64N(1e9)).UTC()
		if got, want := string(appendTime([]byte("x"), at)), "x"+at.Format("2006-01-02T15:04:05.0000000Z"); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
}

// TestDateTime reads OLE dates of all years.
func TestDateTime(t *testing.T) {
	for day, want := range map[float64]string{
		44597.92986111111: "2022-02-05T22:19:00.0000000Z", -1.5: "1899-12-29T12:00:00.0000000Z", 2958465.9999999: "9999-12-31T23:59:59.9910000Z",
		-109205: "1601-01-01T00:00:00.0000000Z", -109206: "", 3e6: "", 0.5: "",
	} {
		if got := string((Value{Type: DateTime, b: le.AppendUint64(nil, math.Float64bits(day))}).AppendText(nil)); got != want {
			t.Errorf("%v: %q, want %q", day, got, want)
		}
	}
}
