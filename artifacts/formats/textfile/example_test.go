package textfile_test

import (
	"fmt"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/formats/textfile"
)

func ExampleLines() {
	const text = "\xff\xfeo\x00n\x00e\x00\r\x00\n\x00t\x00w\x00o\x00" // UTF-16 with a byte order mark
	for offset, line := range textfile.Lines(strings.NewReader(text)) {
		fmt.Println(offset, line)
	}
	// Output:
	// 2 one
	// 12 two
}
