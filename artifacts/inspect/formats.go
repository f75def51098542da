package inspect

import "bytes"

// formats is the table of what can be inspected. A format whose signature is
// part of another's comes first.
func formats() []format {
	return []format{
		{kind: "evtx", known: begins("ElfFile\x00", "ElfChnk\x00"), read: readEVTX},
	}
}

// begins returns a test for files that begin with one of the signatures.
func begins(signatures ...string) func([]byte, int64, string) bool {
	return func(head []byte, _ int64, _ string) bool {
		for _, s := range signatures {
			if bytes.HasPrefix(head, []byte(s)) {
				return true
			}
		}
		return false
	}
}
