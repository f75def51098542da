package regpol_test

import (
	"encoding/binary"
	"fmt"
	"log"

	"github.com/artifactdump/artifactdump/artifacts/formats/regpol"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

func ExampleParse() {
	le := binary.LittleEndian
	b := le.AppendUint32([]byte("PReg"), 1)
	text := func(s string) { b = append(b, regf.UTF16(s)...) }
	text("[Software\\Policies\\Heron\x00;Level\x00;")
	b = le.AppendUint32(b, regf.TypeDWord)
	text(";")
	b = le.AppendUint32(b, 4)
	text(";")
	b = le.AppendUint32(b, 2)
	text("]")

	entries, err := regpol.Parse(b)
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range entries {
		fmt.Println(e.Key, e.Value, le.Uint32(e.Data))
	}
	// Output: Software\Policies\Heron Level 2
}
