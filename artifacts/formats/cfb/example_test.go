package cfb_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/artifactdump/artifactdump/artifacts/formats/cfb"
	"github.com/artifactdump/artifactdump/corpus/compound"
)

func ExampleOpen() {
	b := compound.Build(
		compound.Stream{Name: "DestList", Data: []byte("a list")},
		compound.Stream{Name: "box", Children: []compound.Stream{{Name: "inner", Data: []byte("inside")}}},
	)
	f, err := cfb.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		log.Fatal(err)
	}
	data, err := f.Read(f.Find("box/inner"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s, version %d\n", data, f.Major)
	// Output: inside, version 3
}
