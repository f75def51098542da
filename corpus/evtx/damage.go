package evtx

// Places returns the offset in the file of each allocated record.
func Places(file []byte) []int {
	var places []int
	for c := headerSize; c+recordsStart <= len(file); c += chunkSize {
		if string(file[c:c+8]) != "ElfChnk\x00" {
			continue
		}
		end := c + int(le.Uint32(file[c+48:]))
		for at := c + recordsStart; at < min(end, len(file)-28); at += int(le.Uint32(file[at+4:])) {
			places = append(places, at)
		}
	}
	return places
}

// Hide makes record i of the file a part of the record before it: a known tool
// hides events so. The counts of the chunk and its checksums are made to fit.
// Both records must be in one chunk.
func Hide(file []byte, i int) {
	at := Places(file)
	before, hidden := at[i-1], at[i]
	size := le.Uint32(file[before+4:]) + le.Uint32(file[hidden+4:])
	le.PutUint32(file[before+4:], size)
	le.PutUint32(file[before+int(size)-4:], size)
	c := file[headerSize+(before-headerSize)/chunkSize*chunkSize:][:chunkSize]
	le.PutUint64(c[16:], le.Uint64(c[16:])-1)
	le.PutUint64(c[32:], le.Uint64(c[32:])-1)
	end := int(le.Uint32(c[48:]))
	for p := recordsStart; p < end; p += int(le.Uint32(c[p+4:])) {
		if id := le.Uint64(c[p+8:]); id > le.Uint64(file[hidden+8:]) {
			le.PutUint64(c[p+8:], id-1)
		}
		le.PutUint32(c[44:], uint32(p))
	}
	SumChunk(c)
}

// Cut returns the file without its last n bytes.
func Cut(file []byte, n int) []byte { return file[:len(file)-n] }

// LoseHeader overwrites the header of the file with zeros.
func LoseHeader(file []byte) { clear(file[:headerSize]) }

// LoseChunk overwrites the header of chunk i with zeros: the records stay.
func LoseChunk(file []byte, i int) { clear(file[headerSize+i*chunkSize:][:recordsStart]) }
