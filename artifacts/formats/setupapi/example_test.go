package setupapi_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/formats/setupapi"
)

func ExampleRead() {
	const text = ">>>  [Device Install (Hardware initiated) - USBSTOR\\Disk&Ven_Heron\\0001&0]\r\n" +
		">>>  Section start 2026/03/01 10:20:30.123\r\n" +
		"     dvi: {Build Driver List} 10:20:30.125\r\n" +
		"<<<  Section end 2026/03/01 10:20:31.000\r\n" +
		"<<<  [Exit status: SUCCESS]\r\n"
	for s, err := range setupapi.Read(strings.NewReader(text)) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("line %d: %s of %s: %s\n", s.Line, s.Kind, s.Subject, s.Status)
	}
	// Output: line 1: Device Install (Hardware initiated) of USBSTOR\Disk&Ven_Heron\0001&0: SUCCESS
}
