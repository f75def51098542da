// Package evtx reads Windows event logs (.evtx) of Windows Vista to 11 and Server
// 2022: whole ones, dirty ones that were copied from a running machine, torn and
// edited ones, and what is left of them.
//
//	f, err := evtx.Open(r, size, nil)
//	if err != nil {
//		return err
//	}
//	for rec, err := range f.Records() {
//		if err != nil {
//			log.Print(err) // this record or chunk is damaged; the others follow
//		}
//		for name, v := range rec.Data() {
//			fmt.Println(rec.Time(), rec.Channel(), rec.EventID(), name, v)
//		}
//	}
//
// A log is read chunk by chunk; memory does not grow with its size. [NewStream]
// reads a log that cannot be read at any place, and gives the same records.
// Chunks do not depend on each other: [File.Chunk] decodes one, [Parallel] all of
// them on several goroutines, in order. [Carve] reads chunks from anything.
//
// Templates are compiled to flat programs, once for each chunk. A [Record] holds
// no copies: its values are parts of the decoder's buffer, and decoding them
// allocates nothing. Its data are ordered pairs; names may repeat and may be
// empty. [Record.Pairs] gives them as strings with one allocation, [Record.Event]
// a value to keep, [Record.AppendJSON] and [Record.AppendXML] text.
//
// [Options.Want] chooses records by their channel, provider and number before
// their data are decoded.
//
// With [Options.Recover] records that are in no list any more are found, too. Of
// those nothing is shown that was not verified: see [Recovered] and [Partial].
//
// The package does not write logs, does not read the older .evt files, and does
// not resolve messages: that needs the message files of the machine.
//
// Facts about the format are cited by the section of docs/formats/evtx.md.
package evtx
