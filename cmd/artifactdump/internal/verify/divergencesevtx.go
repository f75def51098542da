package verify

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/formats/evtx"
)

var le = binary.LittleEndian

// An evtxDivergence explains a difference in an event log. Where the witness
// makes one thing of certain bytes, is compares with just that.
type evtxDivergence struct {
	divergence
	is func(c *eventCase, v evtx.Value) bool
}

var damagedRecord = divergence{"record, payload", "the record is damaged",
	"the peer reads on over the damage, whatever the sizes of a record say; ours keeps what is before it and reports it"}

var evtxDivergences = []evtxDivergence{
	{divergence{"record", "the last chunk is cut",
		"the peer refuses a chunk that is not whole; ours gives the records before the cut (docs/formats/evtx.md, section 1)"},
		func(c *eventCase, _ evtx.Value) bool {
			return c.path == "record" && len(c.chunk.bytes) < evtx.ChunkSize && c.chunk.theirs.Error != ""
		}},
	{divergence{"record", "the chunk is damaged, or its header counts fewer records than it has",
		"the peer reads as many records as the header says, up to the first damage, and says nothing of the rest"},
		func(c *eventCase, _ evtx.Value) bool {
			return c.path == "record" && (c.chunk.damaged || c.chunk.behind())
		}},
	{divergence{"record", "always", "the records in the chunks' lists are compared, not those that recovery finds"}, nil},
	{damagedRecord,
		func(c *eventCase, _ evtx.Value) bool { return c.path != "record" && c.bad }},
	{divergence{"payload", "a value that is empty", "the peer leaves it out; compared as equal"}, nil},
	{divergence{"payload", "an EventData with one Data, or in a record without template",
		"the peer leaves names and values apart; compared under the names"}, nil},
	{divergence{"payload", "numbers and GUIDs", "the peer gives hexadecimal numbers in decimal, or as text in forwarded events, and GUIDs without braces; " +
		"compared by value"}, nil},
	{divergence{"payload", "text in several parts, with references to characters or entities",
		"the peer keeps the last part of a text, and loses its place in a template with references ([MS-EVEN6] 2.2.12)"},
		func(c *eventCase, _ evtx.Value) bool { return c.path != "record" && c.assembled() }},
	{divergence{"payload", "EventData and RenderingInfo in one value", "the peer keeps the second of two payloads"},
		func(c *eventCase, _ evtx.Value) bool { return c.rendered() && strings.HasPrefix(c.path, "EventData/") }},
	{divergence{"payload", "values of equal names", "the peer's map keeps one of them; ours lists all in their order"},
		func(c *eventCase, v evtx.Value) bool {
			return len(c.ours) > 1 && len(c.their) == 1 && slices.ContainsFunc(c.ours, func(v evtx.Value) bool { return sameValue(v, c.their[0]) })
		}},
	{divergence{"payload", "Binary, and attributes, beside Data",
		"the peer replaces EventData by a map of its Data, so that other elements are lost"},
		func(c *eventCase, _ evtx.Value) bool { return len(c.their) == 0 && c.beside() }},
	{divergence{"payload", "a list of strings that ends with empty ones", "the peer drops the last of them; each NUL ends a string ([MS-EVEN6] 2.2.12)"},
		func(c *eventCase, _ evtx.Value) bool { return c.emptyEnd() }},
	{divergence{"payload", "types 0x03, 0x05 and 0x10, and arrays of types that the peer does not know", "the peer gives the stored bytes as a text; they are numbers ([MS-EVEN6] 2.2.12)"},
		func(c *eventCase, v evtx.Value) bool {
			return len(c.their) > 0 && len(v.Data) > 0 && v.Type != evtx.ANSI && rawText(v, c.their[0])
		}},
	{divergence{"payload", "arrays of types 0x86, 0x8A and 0x95", "the peer reads on to the end of the chunk; the first item is the same"},
		func(c *eventCase, v evtx.Value) bool {
			return len(c.their) > 0 && strings.HasPrefix(c.their[0], "["+v.String()+" ")
		}},
	{divergence{"payload", "a FILETIME", "the peer makes seconds of it, as a floating-point number, which loses the last digits; compared to 10 microseconds"},
		func(c *eventCase, v evtx.Value) bool {
			ft, ok := v.FileTime()
			return v.Type == evtx.FileTime && ok && len(c.their) > 0 && nearSeconds(ft, c.their[0])
		}},
	{divergence{"payload", "a SYSTEMTIME", "the peer takes milliseconds as nanoseconds and adds a zone that is not stored; compared in seconds"},
		func(c *eventCase, v evtx.Value) bool {
			return v.Type == evtx.SystemTime && len(c.their) > 0 && sameSecond(v, c.their[0])
		}},
	{divergence{"payload", "8-bit text that is not ASCII", "the peer takes it as UTF-8; its code page is not stored, and Windows-1252 is read"},
		func(c *eventCase, v evtx.Value) bool {
			return v.Type == evtx.ANSI && slices.ContainsFunc(v.Data, func(b byte) bool { return b >= 0x80 })
		}},
}

// behind reports whether the witness stops early because of the header of the
// chunk, which counts fewer records than follow.
func (x *chunkCompare) behind() bool {
	if len(x.bytes) < 24 {
		return false
	}
	return x.theirs.Error == "" && uint64(len(x.theirs.Records)) == le.Uint64(x.bytes[16:])-le.Uint64(x.bytes[8:])+1
}

// assembled reports whether a text of the record was made of several parts.
func (c *eventCase) assembled() bool {
	for _, v := range c.rec.Data() {
		if v.Type == evtx.UTF8 {
			return true
		}
	}
	return false
}

func (c *eventCase) rendered() bool {
	for name := range c.rec.Data() {
		if strings.HasPrefix(name, "RenderingInfo/") {
			return true
		}
	}
	return false
}

// beside reports whether the value stands beside the Data of an EventData.
func (c *eventCase) beside() bool {
	for name := range c.rec.Data() {
		if witnessPath(name) == c.path && (strings.HasPrefix(name, "@") || name == "Binary") {
			return true
		}
	}
	return false
}

// emptyEnd reports whether the witness lacks only empty texts at the end.
func (c *eventCase) emptyEnd() bool {
	if len(c.their) == 0 || len(c.ours) <= len(c.their) {
		return false
	}
	for i, v := range c.ours {
		switch {
		case i < len(c.their) && !sameValue(v, c.their[i]), i >= len(c.their) && v.String() != "":
			return false
		}
	}
	return true
}

// rawText reports whether a text is the stored bytes of a number.
func rawText(v evtx.Value, theirs string) bool {
	return strings.ToValidUTF8(strings.TrimRight(string(v.Data), "\x00"), "\uFFFD") == strings.ToValidUTF8(theirs, "\uFFFD")
}

func nearSeconds(filetime uint64, theirs string) bool {
	f, err := strconv.ParseFloat(theirs, 64)
	ours := float64(filetime)/1e7 - 11644473600
	return err == nil && math.Abs(f-ours) < 1e-5
}

// sameSecond compares the whole seconds of two texts of times.
func sameSecond(v evtx.Value, theirs string) bool {
	const digits = len("2006-01-02T15:04:05")
	s := v.String()
	return len(s) >= digits && len(theirs) >= digits && s[:10] == theirs[:10] && s[11:digits] == theirs[11:digits]
}
