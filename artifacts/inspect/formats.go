package inspect

import "bytes"

// formats is the table of what can be inspected. A format whose signature is
// part of another's comes first.
func formats() []format {
	return []format{
		{"evtx", begins("ElfFile\x00", "ElfChnk\x00"), readEVTX},
		{"logfile", begins("RSTR", "RCRD", "CHKD"), readLogFile},
		{"i30", begins("INDX"), readI30},
		{"mft", knownMFT, readMFT},
		eseFormat,
		wmiFormat,
		sqliteFormat,
		lnkFormat,
		jumplistFormat,
		prefetchFormat,
		hiveFormat,
		rdpcacheFormat,
		{"usn", knownUSN, readUSN},
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
