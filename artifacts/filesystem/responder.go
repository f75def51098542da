package filesystem

import (
	"strings"
)

// collectors are how the names of programs begin with which responders collect evidence.
var collectors = []string{
	"kape.exe", "gkape.exe", "velociraptor", "cylr", "winpmem", "dumpit.exe", "ftk imager", "magnetramcapture", "magnetresponse", "mrc.exe",
	"ramcapture", "acquire.exe", "dfir-orc", "fastir", "artifactdump",
}

// IsCollector reports whether a program of this name collects evidence: KAPE,
// Velociraptor and their like.
func IsCollector(name string) bool { return isCollector(name) }

func isCollector[T string | []byte](name T) bool {
	if !isProgram(name) {
		return false
	}
	start := len(name)
	for start > 0 && name[start-1] != '\\' {
		start--
	}
	base := name[start:]
	for _, c := range collectors {
		if len(base) >= len(c) && base[0]|0x20 == c[0] && strings.EqualFold(string(base[:len(c)]), c) {
			return true
		}
	}
	return false
}

// A collection finds when the responder began to collect: when a collector came to the
// volume, on its last day. What was named later is the responder's.
type collection struct {
	came []uint64 // FILETIMEs
}

const maxCollectors = 256

func (k *collection) add(at uint64) {
	if len(k.came) < maxCollectors {
		k.came = append(k.came, at)
	}
}

// began returns the first of these moments on the day before the end of the volume, 0
// for none.
func (k *collection) began(end uint64) (at uint64) {
	for _, t := range k.came {
		if t != 0 && t <= end && t+day >= end && (at == 0 || t < at) {
			at = t
		}
	}
	return at
}

// responder returns when the responder began, by the journal and by $MFT.
func (x *journalReader) responder() uint64 {
	at := x.collection.began(x.last)
	if x.v != nil && x.v.responder != 0 && (at == 0 || x.v.responder < at) {
		at = x.v.responder
	}
	return at
}
