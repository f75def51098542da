// Package filesystem judges the metadata of an NTFS volume: which times were
// forged, which names deceive, which changes of the journal belong together.
// Its functions take parsed records of $MFT and $UsnJrnl and know one volume
// only: rules join them with what other artifacts know.
package filesystem

// FILETIMEs count 100 ns.
const (
	second = 10_000_000
	minute = 60 * second
	day    = 24 * 60 * minute
)
