package xpress_test

import (
	"errors"
	"fmt"
	"strings"

	"github.com/artifactdump/artifactdump/prefetch/xpress"
)

func Example() {
	text := strings.Repeat("the same again, ", 1000)
	packed := xpress.AppendEncode(nil, []byte(text))

	dst := make([]byte, len(text))
	err := xpress.Decode(dst, packed)
	fmt.Println(len(packed) < 300, string(dst) == text, err)
	// Output: true true <nil>
}

// What a damaged stream still gives is kept, with the place of the damage.
func ExampleDecode_damaged() {
	const text = "How much of this is left, when so much of that was lost?"
	packed := xpress.AppendEncode(nil, []byte(text))
	packed = packed[:len(packed)-10]

	dst := make([]byte, len(text))
	err := xpress.Decode(dst, packed)
	if ce, ok := errors.AsType[*xpress.CorruptError](err); ok {
		fmt.Printf("%q\n", dst[:ce.Out])
	}
	fmt.Println(err)
	// Output:
	// "How much of this is left, when so"
	// xpress: input ends at offset 272, after 33 bytes of output: in a code
}
