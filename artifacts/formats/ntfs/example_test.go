package ntfs

import (
	"bytes"
	"fmt"
	"io/fs"
)

func ExampleOpen() {
	img := sample() // any io.ReaderAt that begins with the volume's boot sector
	v, err := Open(bytes.NewReader(img), int64(len(img)), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	info, err := fs.Stat(v, "longname dir/SPLIT")
	if err != nil {
		fmt.Println(err)
		return
	}
	st := info.Sys().(*Stat)
	fmt.Println(v.Label, v.Version, info.Name(), st.Entry, st.Created.Format("2006-01-02T15:04:05.0000000Z"))
	// Output:
	// TEST 3.1 split 35 2021-03-06T02:56:42.9062944Z
}
