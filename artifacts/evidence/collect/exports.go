package collect

import (
	"bytes"
	"io"

	"github.com/artifactdump/artifactdump/artifacts/formats/eventjson"
)

// exportHead is how much of a file is read to see whether it holds exported events.
const exportHead = 256 << 10

// HasEvents reports whether a file of text holds events of event logs that another
// program exported. head is its beginning, rest reads on from there.
func HasEvents(head []byte, rest io.Reader) bool {
	// Byte order marks of UTF-8 and UTF-16 come first, and the high bytes of UTF-16.
	text := bytes.TrimLeft(head, "\xef\xbb\xbf\xff\xfe \t\r\n\x00")
	if len(text) == 0 || text[0] != '{' && text[0] != '[' && text[0] != '<' && !bytes.HasPrefix(text, []byte("Record ")) {
		return false
	}
	more, err := io.ReadAll(io.LimitReader(rest, exportHead-int64(len(head))))
	if err != nil {
		return false
	}
	return eventjson.Known(append(bytes.Clone(head), more...))
}
