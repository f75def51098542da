// Package wire reads what the formats of Windows have in common: times, GUIDs,
// security identifiers, text, and fields in a row. It also holds the one type
// of error by which the formats report damage.
package wire

import "encoding/binary"

var le = binary.LittleEndian
