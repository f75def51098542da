package eventjson_test

import (
	"fmt"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/formats/eventjson"
)

func ExampleRead() {
	const line = `{"Event":{"System":{"Provider":{"#attributes":{"Name":"EventLog"}},"EventID":6005,"Channel":"System","EventRecordID":9},"EventData":{"Data":"x"}}}`
	for e, err := range eventjson.Read(strings.NewReader(line + "\n{}\n")) {
		if err != nil {
			fmt.Println("error at", e.Offset)
			continue
		}
		fmt.Println(e.Form, e.Channel, e.EventID, e.RecordID)
	}
	// Output:
	// evtx_dump System 6005 9
	// error at 147
}
