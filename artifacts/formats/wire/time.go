package wire

import "time"

const (
	// epoch is the FILETIME of 1970-01-01.
	epoch = 116444736000000000
	// MaxFileTime is the FILETIME of 9999-12-31T23:59:59.9999999Z, the last
	// time that RFC 3339 can write.
	MaxFileTime = 2650467743999999999
)

// Time converts a FILETIME, a count of 100 ns since 1601-01-01 UTC
// ([MS-DTYP] 2.3.3). Zero and counts after [MaxFileTime], which include the
// two that mean "never", give the zero time.
func Time(filetime uint64) time.Time {
	if filetime == 0 || filetime > MaxFileTime {
		return time.Time{}
	}
	t := int64(filetime) - epoch
	sec, ticks := t/1e7, t%1e7
	if ticks < 0 {
		sec, ticks = sec-1, ticks+1e7
	}
	return time.Unix(sec, ticks*100).UTC()
}

// FileTime returns the FILETIME of t. What t has below 100 ns is cut off.
func FileTime(t time.Time) int64 {
	return t.Unix()*1e7 + int64(t.Nanosecond()/100) + epoch
}

// TimeAt reads the FILETIME at an offset of b. It returns the zero time when b
// is too short.
func TimeAt(b []byte, off int) time.Time {
	if off < 0 || off > len(b)-8 {
		return time.Time{}
	}
	return Time(le.Uint64(b[off:]))
}

// UnixTime converts seconds since 1970-01-01 UTC. Zero gives the zero time.
func UnixTime(sec uint32) time.Time {
	if sec == 0 {
		return time.Time{}
	}
	return time.Unix(int64(sec), 0).UTC()
}

// SystemTime reads a SYSTEMTIME ([MS-DTYP] 2.3.13): eight u16 for year, month,
// day of the week, day, hour, minute, second and millisecond. The digits are
// returned as UTC, although a source may keep local time. Invalid digits give
// the zero time.
func SystemTime(b []byte) time.Time {
	if len(b) < 16 {
		return time.Time{}
	}
	f := func(i int) int { return int(le.Uint16(b[2*i:])) }
	y, mo, d := f(0), f(1), f(3)
	if y < 1601 || y > 9999 || mo < 1 || mo > 12 || d < 1 || d > 31 || f(4) > 23 || f(5) > 59 || f(6) > 59 || f(7) > 999 {
		return time.Time{}
	}
	at := time.Date(y, time.Month(mo), d, f(4), f(5), f(6), f(7)*1e6, time.UTC)
	if at.Day() != d {
		return time.Time{} // 30 February
	}
	return at
}

// DOSTime reads a FAT date and time: u16 date, u16 time, in steps of two
// seconds since 1980. The digits are returned as UTC, although a source may
// keep local time. Invalid digits give the zero time.
func DOSTime(b []byte) time.Time {
	if len(b) < 4 {
		return time.Time{}
	}
	d, t := int(le.Uint16(b)), int(le.Uint16(b[2:]))
	day, month, year := d&31, d>>5&15, 1980+d>>9
	sec, minute, hour := 2*(t&31), t>>5&63, t>>11
	if day == 0 || month == 0 || month > 12 || sec > 59 || minute > 59 || hour > 23 {
		return time.Time{}
	}
	at := time.Date(year, time.Month(month), day, hour, minute, sec, 0, time.UTC)
	if at.Day() != day {
		return time.Time{} // 30 February
	}
	return at
}
