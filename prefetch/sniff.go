package prefetch

import (
	"fmt"
	"path"
	"strings"
)

// A FileKind says what a file of the Prefetch folder is.
type FileKind uint8

// The kinds.
const (
	KindUnknown    FileKind = iota // nothing that is known to lie there
	KindPrefetch                   // a prefetch file, for Parse
	KindOperation                  // a prefetch file of an operation inside a running program, for Parse
	KindBoot                       // a prefetch file of the system's start, for Parse
	KindReadyBoot                  // a boot trace of ReadyBoot
	KindSuperfetch                 // a database of Superfetch or SysMain
	KindLayout                     // Layout.ini: files to lay out together on the disk, from all prefetch files
)

var fileKindNames = [...]string{
	"unknown file", "prefetch file", "prefetch file of an operation scenario", "prefetch file of the boot scenario",
	"boot trace (ReadyBoot)", "Superfetch database", "Layout.ini",
}

// String returns the kind in words, such as "Superfetch database".
func (k FileKind) String() string {
	if int(k) < len(fileKindNames) {
		return fileKindNames[k]
	}
	return fmt.Sprintf("FileKind(%d)", uint8(k))
}

// Parsable reports whether the kind is one that [Parse] reads.
func (k FileKind) Parsable() bool { return k == KindPrefetch || k == KindOperation || k == KindBoot }

// Sniff tells what a file of the Prefetch folder is by its name, with or without its folder, and
// its first bytes; eight are enough, and none are
// needed. It names the other files of the folder, which are no broken prefetch files.
func Sniff(name string, head []byte) FileKind {
	folder, base := path.Split(strings.ToLower(strings.ReplaceAll(name, `\`, "/")))
	ext := path.Ext(base)
	switch {
	case len(head) >= 4 && string(head[:4]) == "PfB\xE3", base == "readyboot.etl", base == "rblayout.xin",
		strings.HasSuffix(folder, "readyboot/") && ext == ".fx":
		return KindReadyBoot
	case base == "layout.ini":
		return KindLayout
	case ext == ".db" && strings.HasPrefix(base, "ag"), ext == ".7db", base == "pfsvperfstats.bin",
		ext == ".mkd" && strings.HasPrefix(base, "pfpre_"), ext == ".ebd" && strings.HasPrefix(base, "respri"):
		return KindSuperfetch
	}
	switch {
	case !isSCCA(head) && !isMAM(head) && ext != ".pf":
		return KindUnknown
	case strings.HasPrefix(base, "op-"):
		return KindOperation
	case base == "ntosboot-b00dfaad.pf":
		return KindBoot
	}
	return KindPrefetch
}
