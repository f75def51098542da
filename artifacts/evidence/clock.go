package evidence

import (
	"bytes"

	"github.com/artifactdump/artifactdump/hive"
)

// A Clock is what a SYSTEM hive says of local time (key TimeZoneInformation).
// Biases are minutes: UTC is local time plus Bias and that of the season.
type Clock struct {
	Bias          int    `json:"bias"`
	StandardBias  int    `json:"standard_bias"`
	DaylightBias  int    `json:"daylight_bias"`
	StandardStart []byte `json:"standard_start,omitempty"` // as stored
	DaylightStart []byte `json:"daylight_start,omitempty"`
	NoDaylight    bool   `json:"no_daylight,omitempty"` // the clock is not changed for the season
}

func clock(k hive.Key, bias int) *Clock {
	number := func(name string) int {
		v, err := k.Value(name)
		if err != nil {
			return 0
		}
		n, _ := v.Uint()
		return int(int32(uint32(n)))
	}
	data := func(name string) []byte {
		v, err := k.Value(name)
		if err != nil {
			return nil
		}
		b, _ := v.Bytes()
		return bytes.Clone(b) // the hive may be given up
	}
	return &Clock{
		Bias: bias, StandardBias: number("StandardBias"), DaylightBias: number("DaylightBias"), StandardStart: data("StandardStart"),
		DaylightStart: data("DaylightStart"),
		NoDaylight:    number("DynamicDaylightTimeDisabled") == 1 || number("DisableAutoDaylightTimeSet") == 1,
	}
}
