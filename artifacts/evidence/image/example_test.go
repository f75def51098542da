package image_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/artifactdump/artifactdump/artifacts/evidence/image"
)

func ExampleOpen() {
	// A disk of 4 MiB with one entry in its partition table, whose volume is gone.
	b := make([]byte, 4<<20)
	b[510], b[511] = 0x55, 0xAA
	copy(b[446:], "\x80\x00\x00\x00\x07\x00\x00\x00\x00\x08\x00\x00\x00\x10\x00\x00")
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "disk.raw")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		fmt.Println(err)
		return
	}

	d, err := image.Open(path, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Close()
	for _, v := range d.Volumes() {
		fmt.Println(d.Format, d.Scheme, v.Index, v.Offset, v.Size, v.Type)
		if _, err := v.FS(); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// raw mbr 1 1048576 2097152 07
	// disk.raw: volume 1 holds no file system known here: not supported
}
