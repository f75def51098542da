package shelllink_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/shelllink"
)

func sample() shelllink.Link {
	return shelllink.Link{
		Target: `C:\Tools\t.exe`, Serial: 0x5C3A91E7, Label: "Windows", WorkingDir: `C:\Tools`, Arguments: "-x 1", Machine: "kestrel-pc",
		Written: time.Date(2025, 1, 9, 2, 14, 33, 340881200, time.UTC), Size: 4096,
	}
}

// A parser that is not ours, where it is installed, reads what was written.
func TestOracle(t *testing.T) {
	tool, err := exec.LookPath("lnkinfo")
	if err != nil {
		t.Skip("lnkinfo of liblnk is not installed")
	}
	for _, wide := range []bool{false, true} {
		l := sample()
		l.Wide = wide
		path := filepath.Join(t.TempDir(), "x.lnk")
		if err := os.WriteFile(path, l.Build(), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(tool, path).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for _, want := range []string{`C:\Tools\t.exe`, "-x 1", "kestrel-pc", "0x5c3a91e7", "Jan 09, 2025 02:14:33.340881200 UTC", "4096 bytes"} {
			if !strings.Contains(string(out), want) {
				t.Errorf("wide %t: the peer does not read %s", wide, want)
			}
		}
	}
}

func ExampleLink_Build() {
	b := sample().Build()
	fmt.Printf("%x\n", b[:4])
	// Output: 4c000000
}
