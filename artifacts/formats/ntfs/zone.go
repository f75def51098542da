package ntfs

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A Zone is the text of a stream Zone.Identifier, the Mark of the Web: where a
// file came from. The stream is part of the file record, so that it outlives a
// rename, and a deleted program still has it.
type Zone struct {
	ID          int    // 0 local, 1 intranet, 2 trusted, 3 Internet, 4 restricted; -1 when the text has none
	HostURL     string // the address of the file; "about:internet" withholds it
	ReferrerURL string // the page that led to it, or the archive that held it
	HostIP      string
	Package     string // of the app that wrote it: LastWriterPackageFamilyName
	AppZoneID   string
	Other       []string // lines that are not known, as they are
	Cut         bool     // the text is longer than what is read of it
}

const (
	maxZoneText  = 64 << 10
	maxZoneLines = 64
)

// ParseZone reads the text of a Zone.Identifier, in 8-bit characters, UTF-8 or
// UTF-16. Nothing in it is followed or resolved.
func ParseZone(b []byte) Zone {
	z := Zone{ID: -1}
	if len(b) > maxZoneText {
		b, z.Cut = b[:maxZoneText], true
	}
	n := 0
	for line := range strings.Lines(ZoneText(b)) {
		line = strings.TrimSpace(strings.Trim(line, "\r\n\x00"))
		if line == "" || strings.EqualFold(line, "[ZoneTransfer]") {
			continue
		}
		if n++; n > maxZoneLines {
			z.Cut = true
			break
		}
		z.line(line)
	}
	return z
}

func (z *Zone) line(line string) {
	key, value, ok := strings.Cut(line, "=")
	if ok {
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "zoneid":
			if id, err := strconv.Atoi(value); err == nil && id >= 0 {
				z.ID = id
				return
			}
		case "hosturl":
			z.HostURL = value
			return
		case "referrerurl":
			z.ReferrerURL = value
			return
		case "hostipaddress":
			z.HostIP = value
			return
		case "lastwriterpackagefamilyname":
			z.Package = value
			return
		case "appzoneid":
			z.AppZoneID = value
			return
		}
	}
	z.Other = append(z.Other, line)
}

// ZoneText decodes the text by its mark, or by its second byte: the first
// character is a bracket.
func ZoneText(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		return wire.UTF16(b[2:])
	case len(b) >= 2 && b[0] != 0 && b[1] == 0:
		return wire.UTF16(b)
	case bytes.HasPrefix(b, []byte{0xEF, 0xBB, 0xBF}):
		b = b[3:]
	}
	if utf8.Valid(b) {
		return string(b)
	}
	return wire.Latin1(b)
}

// harmlessStreams are named streams that Windows and common programs make.
var harmlessStreams = map[string]bool{
	"$bad": true, "$sds": true, "$j": true, "$max": true, "$t": true, "$config": true, "$verify": true,
	"$corrupt": true, "$info": true, "favicon": true, "encryptable": true, "smartscreen": true,
	"com.dropbox.attributes": true, "com.dropbox.attrs": true, "{4c8cc155-6c1e-11d1-8e41-00c04fb9386d}": true,
	"wofcompresseddata": true, "ms-properties": true, "oecustomproperty": true, "zone.identifier": true,
	"win32app_1": true, "afp_afpinfo": true, "afp_resource": true, "com.apple.quarantine": true,
	"com.apple.lastuseddate#ps": true,
	"\x05summaryinformation":    true, "\x05documentsummaryinformation": true,
}

// HarmlessStream reports whether a stream has a name that Windows or a common
// program gives. Anyone can use the name, so that its content may still matter.
func HarmlessStream(name string) bool { return harmlessStreams[strings.ToLower(name)] }

// ReparseName returns the meaning of a reparse tag, or "".
func ReparseName(tag uint32) string {
	switch tag {
	case tagMountPoint:
		return "mount point"
	case tagSymlink:
		return "symbolic link"
	case tagWOF:
		return "WOF"
	case 0x80000013:
		return "deduplicated"
	case 0x8000001B:
		return "app execution alias"
	case 0xA000001D:
		return "WSL symbolic link"
	case 0x80000023:
		return "WSL socket"
	case 0x80000024:
		return "WSL FIFO"
	case 0x80000025:
		return "WSL character device"
	case 0x80000026:
		return "WSL block device"
	}
	if tag&0xFFFF0FFF == 0x9000001A {
		return "cloud file"
	}
	return ""
}
