package appcompat_test

import (
	"fmt"

	"github.com/artifactdump/artifactdump/artifacts/formats/appcompat"
)

func Example() {
	// The start of a value of Windows 10, 1703 or later, with one entry.
	value := make([]byte, 0x34)
	value[0] = 0x34
	value = append(value, "10ts\x00\x00\x00\x00\x1E\x00\x00\x00\x10\x00C\x00:\x00\\\x00a\x00.\x00e\x00x\x00e\x00"...)
	value = append(value, "\x00\x80\x3E\xD5\xDE\xB1\x9D\x01\x00\x00\x00\x00"...)
	c, err := appcompat.Parse(value, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range c.Entries {
		fmt.Println(c.Version, e.Path, e.Modified)
	}
	// Output: 10 1703+ C:\a.exe 1970-01-01 00:00:00 +0000 UTC
}
