package prefetch_test

import (
	"fmt"
	"log"
	"time"

	"github.com/artifactdump/artifactdump/corpus/scca"
	"github.com/artifactdump/artifactdump/prefetch"
)

func Example() {
	s := scca.Sample(scca.Win10, 2)
	b := s.Build() // or os.ReadFile(`CMD.EXE-4A81B364.pf`)

	f, err := prefetch.Parse(b, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(f.Executable, "was started", f.RunCount, "times, last on", f.LastRun().Format(time.RFC3339Nano))
	v := f.Verify(nil, nil)
	fmt.Println(v.Status, v.Path)
	// Output:
	// CMD.EXE was started 11 times, last on 2021-09-14T06:25:11.9876543Z
	// verified \DEVICE\HARDDISKVOLUME2\WINDOWS\SYSTEM32\CMD.EXE
}

// A hosting program's command line is part of its hash: what the machine's services say is added to the dictionary.
func ExampleDictionary() {
	s := scca.Sample(scca.Win10, 2)
	s.Path = `\DEVICE\HARDDISKVOLUME2\WINDOWS\SYSTEM32\SVCHOST.EXE`
	s.CommandLine = `C:\Windows\System32\svchost.exe -k Updates -p -s UpdateSvc`

	f, err := prefetch.Parse(s.Build(), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(f.Verify(nil, nil).Status)
	var d prefetch.Dictionary
	d.AddService(`%SystemRoot%\System32\svchost.exe -k Updates -p`, "UpdateSvc")
	v := f.Verify(&d, nil)
	fmt.Println(v.Status, v.CommandLine)
	// Output:
	// not-verifiable
	// verified-by-dictionary C:\Windows\System32\svchost.exe -k Updates -p -s UpdateSvc
}
