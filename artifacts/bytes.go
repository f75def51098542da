package artifacts

import "encoding/binary"

var le = binary.LittleEndian
