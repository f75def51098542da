// Package defender decodes what Windows Defender Antivirus keeps of its work:
// the history of detections, the text logs of its engine (MPLog, MPDetection),
// and its quarantine. None of them has a public document; the layouts are
// those of real files, except for the quarantine, of which none was at hand.
package defender

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

var le = binary.LittleEndian

// ErrNotDetection is returned for files that do not begin like a detection.
var ErrNotDetection = errors.New("not a detection history: no threat id and version mark")

// maxValues bounds the values of a detection. Real ones have some dozen.
const maxValues = 1 << 16

// A Detection is one file of DetectionHistory.
type Detection struct {
	ThreatID   uint64
	ID         string // GUID of the detection, the file's name
	Threat     string
	Category   uint32 // 8 trojan, 27 unwanted, 34 tool, 42 virus, 46 behaviour
	Resources  []Resource
	Status     time.Time // of the last change
	First      time.Time // when the threat was detected first
	Remediated time.Time // zero when it was not
	User       string
	Process    string // that touched the resource; "Unknown" as well
	Account    string // that remediated
	Values     []Value
	Damage     []*wire.FormatError
}

// A Resource is what was detected.
type Resource struct {
	Kind     string // file, containerfile, webfile, behavior, regkeyvalue, CmdLine, process …
	Place    string // as stored
	Offset   int64  // of the place
	Tracking []Tracked
}

// Tracked is one property that the engine noted of a resource, such as
// ThreatTrackingSha256.
type Tracked struct {
	Name  string
	Value string
}

// A Value is one stored value.
type Value struct {
	Offset int64
	Type   uint32
	Data   []byte
}

// Types of values.
const (
	typeUint32   = 6 // 0 and 5 as well
	typeUint64   = 8
	typeFileTime = 0x0A
	typeText     = 0x15
	typeGUID     = 0x1E
	typeBytes    = 0x28
)

func (v Value) text() string {
	if v.Type != typeText {
		return ""
	}
	return wire.UTF16Trim(v.Data)
}

func (v Value) uint() uint64 {
	switch {
	case v.Type == typeUint64 && len(v.Data) >= 8:
		return le.Uint64(v.Data)
	case len(v.Data) >= 4:
		return uint64(le.Uint32(v.Data))
	}
	return 0
}

func (v Value) time() time.Time {
	if v.Type != typeFileTime {
		return time.Time{}
	}
	return wire.TimeAt(v.Data, 0)
}

// versionMark begins each set of values. The digits follow.
const versionMark = "Magic.Version:"

// Places in the last set, counted from its version mark.
const (
	lastStatus     = 6
	lastUser       = 12
	lastProcess    = 14
	lastFirst      = 18
	lastRemediated = 20
	lastAccount    = 24
)

// ParseDetection decodes a file of DetectionHistory: values, each with its
// size and type and padded to eight bytes, in sets. The error is
// [ErrNotDetection], or the first of the Damage.
func ParseDetection(b []byte) (*Detection, error) {
	d := &Detection{}
	for off := 0; off < len(b) && len(d.Values) < maxValues; {
		if len(b)-off < 8 {
			d.bad(off, "ends inside of a header")
			break
		}
		n := int64(le.Uint32(b[off:]))
		if n > int64(len(b)-off-8) {
			d.bad(off, fmt.Sprintf("value of %d bytes where %d are left", n, len(b)-off-8))
			break
		}
		d.Values = append(d.Values, Value{int64(off), le.Uint32(b[off+4:]), b[off+8 : off+8+int(n)]})
		off += 8 + (int(n)+7)&^7
	}
	var sets [][]Value
	start := 0
	for i, v := range d.Values {
		if strings.HasPrefix(v.text(), versionMark) {
			sets = append(sets, d.Values[start:i])
			start = i
		}
	}
	if sets == nil || len(sets[0]) < 2 || sets[0][1].Type != typeGUID {
		return nil, ErrNotDetection
	}
	sets = append(sets, d.Values[start:])
	d.read(sets)
	if len(d.Damage) > 0 {
		return d, d.Damage[0]
	}
	return d, nil
}

func (d *Detection) bad(off int, problem string) {
	d.Damage = append(d.Damage, &wire.FormatError{Format: "detection history", Offset: int64(off), Struct: "value", Problem: problem})
}

func (d *Detection) read(sets [][]Value) {
	d.ThreatID, d.ID = sets[0][0].uint(), wire.GUID(sets[0][1].Data)
	if head := sets[1]; len(head) > 4 {
		d.Threat, d.Category = head[1].text(), uint32(head[4].uint())
	}
	for _, set := range sets[min(2, len(sets)):] {
		if len(set) < 3 || set[1].Type != typeText {
			continue
		}
		r := Resource{Kind: set[1].text(), Place: set[2].text(), Offset: set[2].Offset}
		if len(set) > 5 && set[5].Type == typeBytes {
			r.Tracking = tracking(set[5].Data)
		}
		d.Resources = append(d.Resources, r)
	}
	last := sets[len(sets)-1]
	at := func(i int) Value {
		if len(sets) > 2 && i < len(last) {
			return last[i]
		}
		return Value{}
	}
	d.Status, d.First, d.Remediated = at(lastStatus).time(), at(lastFirst).time(), at(lastRemediated).time()
	d.User, d.Process, d.Account = at(lastUser).text(), at(lastProcess).text(), at(lastAccount).text()
}

// Web splits the place of a webfile: the file, the address that it came from,
// the process that fetched it and when that process started.
func (r *Resource) Web() (path, address string, pid uint64, started time.Time, ok bool) {
	parts := strings.Split(r.Place, "|")
	if r.Kind != "webfile" || len(parts) < 3 {
		return "", "", 0, time.Time{}, false
	}
	for p := range strings.SplitSeq(parts[len(parts)-1], ",") {
		key, value, _ := strings.Cut(p, ":")
		switch n, _ := strconv.ParseUint(value, 10, 64); key {
		case "pid":
			pid = n
		case "ProcessStart":
			started = wire.Time(n)
		}
	}
	return parts[0], strings.Join(parts[1:len(parts)-1], "|"), pid, started, true
}

// tracking reads the named properties at the end of a resource's bytes: u32
// size of the name, the name, u32 type, the value. It stops at a type that is
// not known.
func tracking(b []byte) (out []Tracked) {
	const header = 24
	r := wire.NewReader(b, header)
	for r.Left() > 8 && !r.Failed() {
		name := wire.UTF16Trim(r.Take(int(r.Uint32() & 0x7FFFFFFF)))
		var value string
		switch kind := r.Uint32(); kind {
		case 3:
			value = fmt.Sprint(r.Uint32())
		case 4:
			n := r.Uint64()
			value = fmt.Sprint(n)
			if t := wire.Time(n); strings.HasSuffix(name, "Time") && !t.IsZero() {
				value = t.Format(time.RFC3339Nano)
			}
		case 5:
			value = fmt.Sprint(r.Uint8())
		case 6:
			value = wire.UTF16Trim(r.Take(int(r.Uint32() & 0x7FFFFFFF)))
		default:
			return out
		}
		if r.Failed() || name == "" {
			return out
		}
		out = append(out, Tracked{name, value})
	}
	return out
}
