package system

import (
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// TimeZone is the machine's time zone.
type TimeZone struct {
	artifacts.Origin
	Name         string    `json:"name"`
	Standard     string    `json:"standard_name,omitempty"`
	Daylight     string    `json:"daylight_name,omitempty"`
	Bias         int32     `json:"bias"` // minutes; UTC = local + bias
	StandardBias int32     `json:"standard_bias"`
	DaylightBias int32     `json:"daylight_bias"`
	ActiveBias   int32     `json:"active_bias"` // at the last boot or change
	StandardFrom string    `json:"standard_start,omitempty"`
	DaylightFrom string    `json:"daylight_start,omitempty"`
	NoDaylight   bool      `json:"daylight_disabled,omitempty"`
	Written      time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var timeZone = artifacts.Define(artifacts.Artifact{
	Name:     "timezone",
	Title:    "Time zone",
	DataType: "windows:registry:timezone",
	About: `The time zone of the machine, for reading local times in other artifacts: UTC is local time plus the
bias, in minutes. Proves the zone that was set when the hive was written, not the zone at any
earlier event. The active bias is that of the last boot or change, not of the event's season: use
the two dates on which daylight saving starts and ends. The key's time is a change of the zone, or
of the season, or a boot.`,
	Proves: artifacts.Configured,
	Refs: []string{
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/system-keys/Time-zones.md",
		"https://learn.microsoft.com/windows/win32/api/timezoneapi/ns-timezoneapi-dynamic_time_zone_information",
	},
	Sources: []artifacts.Source{artifacts.Key(evidence.SYSTEM, `{CS}\Control\TimeZoneInformation`)},
}, decodeTimeZone)

func decodeTimeZone(in artifacts.Input, yield func(TimeZone) bool) error {
	if in.Partial() {
		return nil
	}
	minutes := func(name string) int32 { n, _ := in.Uint(name); return int32(uint32(n)) }
	z := TimeZone{
		Origin: in.AtKey(), Name: in.Text("TimeZoneKeyName"), Standard: in.Text("StandardName"), Daylight: in.Text("DaylightName"),
		Bias: minutes("Bias"), StandardBias: minutes("StandardBias"), DaylightBias: minutes("DaylightBias"),
		ActiveBias: minutes("ActiveTimeBias"),
		NoDaylight: minutes("DynamicDaylightTimeDisabled") == 1 || minutes("DisableAutoDaylightTimeSet") == 1, Written: in.Written(),
	}
	if z.Name == "" {
		z.Name = z.Standard
	}
	z.StandardFrom = timeZoneStart(in.Bytes("StandardStart"))
	z.DaylightFrom = timeZoneStart(in.Bytes("DaylightStart"))
	yield(z)
	return nil
}

// timeZoneStart spells the start of a season: u16 year (0 means every year),
// month, week of the month (5 is the last), hour, minute, second, milliseconds,
// day of the week. Seen in real hives; the order is not that of SYSTEMTIME.
func timeZoneStart(b []byte) string {
	if len(b) < 16 {
		return ""
	}
	f := func(i int) int { return int(le.Uint16(b[2*i:])) }
	month, week, day := f(1), f(2), f(7)
	if month < 1 || month > 12 || day > 6 || week < 1 || week > 5 {
		return ""
	}
	nth := [...]string{"first", "second", "third", "fourth", "last"}[week-1]
	return fmt.Sprintf("%s %s of %s at %02d:%02d", nth, time.Weekday(day), time.Month(month), f(3), f(4))
}

// Summary names the zone.
func (z TimeZone) Summary() string {
	return fmt.Sprintf("[%s] bias %d minutes, active bias %d", z.Name, z.Bias, z.ActiveBias)
}
