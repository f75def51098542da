package execution

import (
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/hive"
)

// Amcache.hve has gone through five generations, and an updated machine holds
// two of them side by side:
//
//	A  8, 8.1, 2012 and 7 with the update: Root\File, Root\Programs; values are named by numbers
//	B  10 1507 to 1703: A, and Inventory keys whose values are all text
//	C  10 1709 to 1803: Inventory keys named by file name and hash
//	D  10 1809 to 22H2, 2019, 2022: original file names, package names
//	E  11, 2022: values that would be empty are left out
//
// Seen in real files of each.

// amcacheRef is common to the five artifacts.
const amcacheRef = "https://cyber.gouv.fr/sites/default/files/2019/01/anssi-coriin_2019-analysis_amcache.pdf"

// amcacheUint reads a number, which older generations store as text, decimal
// or with 0x.
func amcacheUint(in artifacts.Input, name string) uint64 {
	v, ok := in.Own().Find(name)
	if !ok {
		return 0
	}
	return amcacheNumber(in, v)
}

func amcacheNumber(in artifacts.Input, v hive.Value) uint64 {
	if n, err := v.Uint(); err == nil {
		return n
	}
	s := in.Own().TextOf(v)
	n, _ := strconv.ParseUint(strings.TrimSpace(s), 0, 64)
	return n
}

// amcacheSHA1 takes off the four zeros that stand before a SHA-1.
func amcacheSHA1(id string) string {
	if len(id) == 44 && strings.HasPrefix(id, "0000") {
		return id[4:]
	}
	return id
}

// amcacheDate reads a date in American order, which newer generations write as
// text.
func amcacheDate(s string) time.Time {
	for _, layout := range []string{"01/02/2006 15:04:05", "1/2/2006 15:04:05", "01/02/2006"} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil && t.Year() >= 1601 {
			return t
		}
	}
	return time.Time{}
}

// amcacheTime reads a value that holds a FILETIME.
func amcacheTime(in artifacts.Input, name string) time.Time {
	n, _ := in.Uint(name)
	return wire.Time(n)
}

// amcacheUnix reads a value that holds seconds since 1970. Beyond 32 bits it
// is none.
func amcacheUnix(in artifacts.Input, name string) time.Time {
	n, _ := in.Uint(name)
	if n > 1<<32-1 {
		return time.Time{}
	}
	return wire.UnixTime(uint32(n))
}

// amcacheTexts reads a list of texts.
func amcacheTexts(in artifacts.Input, name string) []string {
	return in.Texts(name)
}

// amcacheYes reads a switch; older generations do not have it.
func amcacheYes(in artifacts.Input, name string) string {
	if _, ok := in.Own().Find(name); !ok {
		return ""
	}
	if amcacheUint(in, name) == 1 {
		return "yes"
	}
	return "no"
}
