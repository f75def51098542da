package filesystem

import (
	"cmp"
	"fmt"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// Linux is what the Windows Subsystem for Linux records of a file in its extended
// attributes.
type Linux struct {
	UID    *uint32 `json:"uid,omitempty"`
	GID    *uint32 `json:"gid,omitempty"`
	Mode   string  `json:"mode,omitempty"`   // st_mode in octal: "0100755"
	Device string  `json:"device,omitempty"` // major:minor
}

func linux(w ntfs.WSL) *Linux {
	l := &Linux{UID: w.UID, GID: w.GID}
	if w.Mode != nil {
		l.Mode = fmt.Sprintf("%07o", *w.Mode)
	}
	if w.Major != nil {
		l.Device = fmt.Sprintf("%d:%d", *w.Major, *w.Minor)
	}
	return l
}

// summary names the owner and the mode.
func (l *Linux) summary() string {
	id := func(n *uint32) string {
		if n == nil {
			return "?"
		}
		return fmt.Sprint(*n)
	}
	s := fmt.Sprintf(" Linux owner %s:%s mode %s", id(l.UID), id(l.GID), cmp.Or(l.Mode, "?"))
	if l.Device != "" {
		s += " device " + l.Device
	}
	return s
}
