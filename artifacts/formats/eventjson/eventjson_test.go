package eventjson

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// want is the event that each sample holds.
var want = Event{
	RecordID: 77, EventID: 4624, Provider: "Microsoft-Windows-Security-Auditing", Channel: "Security", Computer: "PC1.corp.example",
	Time: time.Date(2026, 3, 6, 17, 46, 1, 123456700, time.UTC),
}

// samples are one event as each program writes it.
var samples = map[string]string{
	"winlogbeat":          `{"_index":"winlogbeat-8","_source":{"@timestamp":"2026-03-06T17:46:01.1234567Z","winlog":{"channel":"Security","provider_name":"Microsoft-Windows-Security-Auditing","event_id":"4624","record_id":77,"computer_name":"PC1.corp.example","event_data":{"TargetUserName":"anna","LogonType":"3"}},"log":{"level":"information"}}}`,
	"evtx_dump":           `{"Event":{"#attributes":{"xmlns":"x"},"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Security-Auditing"}},"EventID":4624,"Version":2,"Level":0,"TimeCreated":{"#attributes":{"SystemTime":"2026-03-06T17:46:01.123456700Z"}},"EventRecordID":77,"Channel":"Security","Computer":"PC1.corp.example","Security":null},"EventData":{"TargetUserName":"anna","LogonType":3}}}`,
	"evtxecmd":            `{"RecordNumber":77,"EventRecordId":"77","TimeCreated":"2026-03-06T17:46:01.1234567+00:00","EventId":4624,"Level":"LogAlways","Provider":"Microsoft-Windows-Security-Auditing","Channel":"Security","Computer":"PC1.corp.example","Payload":"{\"EventData\":{\"Data\":[{\"@Name\":\"TargetUserName\",\"#text\":\"anna\"},{\"@Name\":\"LogonType\",\"#text\":\"3\"}]}}"}`,
	"velociraptor":        `{"System":{"Provider":{"Name":"Microsoft-Windows-Security-Auditing"},"EventID":{"Value":4624},"TimeCreated":{"SystemTime":1772819161.1234567},"EventRecordID":77,"Channel":"Security","Computer":"PC1.corp.example"},"EventData":{"TargetUserName":"anna","LogonType":3}}`,
	"velociraptor/hunter": `{"EventTime":"2026-03-06T17:46:01.1234567Z","Computer":"PC1.corp.example","Channel":"Security","Provider":"Microsoft-Windows-Security-Auditing","EventID":4624,"EventRecordID":77,"UserSID":null,"Username":null,"EventData":{"TargetUserName":"anna","LogonType":3},"UserData":null,"Message":"x"}`,
	"xml":                 `<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name="Microsoft-Windows-Security-Auditing"/><EventID>4624</EventID><TimeCreated SystemTime="2026-03-06T17:46:01.123456700Z"/><EventRecordID>77</EventRecordID><Channel>Security</Channel><Computer>PC1.corp.example</Computer></System><EventData><Data Name="TargetUserName">anna</Data><Data Name="LogonType">3</Data></EventData></Event>`,
}

func check(t *testing.T, form string, e Event) {
	t.Helper()
	if e.Form != form {
		t.Errorf("form %q, want %q", e.Form, form)
	}
	if len(e.Data) != 2 || e.Data[0] != (Pair{"TargetUserName", "anna"}) || e.Data[1] != (Pair{"LogonType", "3"}) {
		t.Errorf("%s: data %v", form, e.Data)
	}
	if d := e.Time.Sub(want.Time).Abs(); d > time.Microsecond {
		t.Errorf("%s: time %v, want %v", form, e.Time, want.Time)
	}
	if e.RecordID != want.RecordID || e.EventID != want.EventID || e.Provider != want.Provider || e.Channel != want.Channel || e.Computer != want.Computer {
		t.Errorf("%s: %+v", form, e)
	}
}

func TestForms(t *testing.T) {
	for form, s := range samples {
		if !Sniff([]byte(s)) {
			t.Errorf("%s is not known by its beginning", form)
		}
		n := 0
		for e, err := range Read(strings.NewReader(s + "\n" + s)) {
			if err != nil {
				t.Fatal(form, err)
			}
			check(t, strings.TrimSuffix(form, "/hunter"), e)
			n++
		}
		if n != 2 {
			t.Errorf("%s: %d events, want 2", form, n)
		}
	}
}

// TestWrapped reads an array of documents, documents that evtx_dump separates,
// and XML below another element and in UTF-16.
func TestWrapped(t *testing.T) {
	d := samples["evtx_dump"]
	x := "<?xml version=\"1.0\" encoding=\"UTF-16\"?><Events>" + samples["xml"] + samples["xml"] + "</Events>"
	var wide strings.Builder
	wide.WriteString("\xff\xfe")
	for _, c := range x {
		wide.WriteString(string([]byte{byte(c), byte(c >> 8)}))
	}
	for name, s := range map[string]string{
		"array": "[" + d + "," + d + "]", "records": "Record 1\n" + d + "\nRecord 2\n" + d, "xml": x, "utf-16": wide.String(),
	} {
		n := 0
		for e, err := range Read(strings.NewReader(s)) {
			if err != nil || e.EventID != 4624 {
				t.Fatal(name, e, err)
			}
			n++
		}
		if n != 2 {
			t.Errorf("%s: %d events, want 2", name, n)
		}
	}
}

// TestUserData joins names below UserData, and takes unnamed strings.
func TestUserData(t *testing.T) {
	for _, s := range []string{
		`{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Eventlog"}},"EventID":104,"Channel":"System"},"UserData":{"LogFileCleared":{"#attributes":{"xmlns":"x"},"SubjectUserName":"anna"}}}}`,
		`{"winlog":{"channel":"System","event_id":104,"provider_name":"Microsoft-Windows-Eventlog","user_data":{"xml_name":"LogFileCleared","SubjectUserName":"anna"}}}`,
		`<Event><System><Provider Name="Microsoft-Windows-Eventlog"/><EventID>104</EventID><Channel>System</Channel></System><UserData><LogFileCleared><SubjectUserName>anna</SubjectUserName></LogFileCleared></UserData></Event>`,
	} {
		for e, err := range Read(strings.NewReader(s)) {
			if err != nil || len(e.Data) != 1 || e.Data[0] != (Pair{"UserData/LogFileCleared/SubjectUserName", "anna"}) {
				t.Errorf("%s: %v %v", e.Form, e.Data, err)
			}
		}
	}
	s := `{"Event":{"System":{"Provider":{"#attributes":{"Name":"MSSQLSERVER"}},"EventID":{"#attributes":{"Qualifiers":16384},"#text":15457},"Channel":"Application"},"EventData":{"Data":{"#text":["xp_cmdshell","0","1"]}}}}`
	for e := range Read(strings.NewReader(s)) {
		if e.EventID != 15457 || len(e.Data) != 3 || e.Data[0] != (Pair{"", "xp_cmdshell"}) || e.Data[2].Value != "1" {
			t.Errorf("unnamed strings: %+v", e)
		}
	}
}

// TestUnnamed: documents name unnamed strings by their place, sorted as text, without
// the empty ones.
func TestUnnamed(t *testing.T) {
	for _, s := range []string{
		`{"winlog":{"channel":"Application","provider_name":"MSSQLSERVER","event_id":18456,"event_data":{"param1":"a","param10":"j","param3":"c"}}}`,
		`{"winlog.channel":"Application","winlog.provider_name":"MSSQLSERVER","winlog.event_id":18456,"winlog.event_data.param1":"a","winlog.event_data.param10":"j","winlog.event_data.param3":"c"}`,
	} {
		for e, err := range Read(strings.NewReader(s)) {
			if err != nil || len(e.Data) != 10 || e.Data[0] != (Pair{"", "a"}) || e.Data[1] != (Pair{"", ""}) || e.Data[2] != (Pair{"", "c"}) || e.Data[9] != (Pair{"", "j"}) {
				t.Errorf("%v: %v", err, e.Data)
			}
		}
	}
	// What these providers call param1 has that name.
	for _, provider := range []string{`Service Control Manager"`, `Microsoft-Windows-DistributedCOM"`, `X","provider_guid":"{1}"`} {
		for e := range Read(strings.NewReader(`{"winlog":{"channel":"System","event_id":7036,"event_data":{"param1":"a"},"provider_name":"` + provider + `}}`)) {
			if len(e.Data) != 1 || e.Data[0] != (Pair{"param1", "a"}) {
				t.Errorf("%s: %v", provider, e.Data)
			}
		}
	}
}

// TestVelociraptorValues: times that are seconds and bytes in base64 become what the
// other programs write.
func TestVelociraptorValues(t *testing.T) {
	for e, err := range Read(strings.NewReader(`{"System":{"Provider":{"Name":"x"},"EventID":{"Value":4616},"Channel":"Security"},"EventData":{"PreviousTime":1697607880.597264,"NewTime":1697597080,` +
		`"Count":1697597080,"Ratio":1.5,"Binary":"AAAB/w==","Text":"AAAB/w=="}}`)) {
		want := []Pair{{"PreviousTime", "2023-10-18T05:44:40.5972640Z"}, {"NewTime", "2023-10-18T02:44:40.0000000Z"}, {"Count", "1697597080"}, {"Ratio", "1.5"},
			{"Binary", "000001FF"}, {"Text", "AAAB/w=="}}
		if err != nil || !slices.Equal(e.Data, want) {
			t.Errorf("%v: %v", err, e.Data)
		}
	}
}

// TestNamedPayload: where the whole payload has a name, Velociraptor writes its values
// as names and values.
func TestNamedPayload(t *testing.T) {
	const head = `{"System":{"Provider":{"Name":"x"},"EventID":{"Value":37},"Channel":"System"},"EventData":`
	for data, want := range map[string][]Pair{
		`{"Name":"TMP","Data":{"Name":"TimeSource","Value":"a"}}`:                       {{"@Name", "TMP"}, {"TimeSource", "a"}},
		`{"Name":"TMP","Data":[{"Name":"A","Value":1},{"Name":"B"}]}`:                   {{"@Name", "TMP"}, {"A", "1"}, {"B", ""}},
		`{"Name":"eth0","Data":["a","b"]}`:                                              {{"Name", "eth0"}, {"", "a"}, {"", "b"}},
		`{"Name":"eth0","Value":"a"}`:                                                   {{"Name", "eth0"}, {"Value", "a"}},
		`{"Data":{"Name":"A","Value":"v"},"Other":{"Name":"A","Value":"v","More":"m"}}`: {{"A", "v"}, {"Other/Name", "A"}, {"Other/Value", "v"}, {"Other/More", "m"}},
	} {
		for e, err := range Read(strings.NewReader(head + data + "}")) {
			if err != nil || !slices.Equal(e.Data, want) {
				t.Errorf("%s: %v %v", data, e.Data, err)
			}
		}
	}
}

// TestKnown: JSON and XML of other programs are not events.
func TestKnown(t *testing.T) {
	for form, s := range samples {
		if !Known([]byte(s)) {
			t.Errorf("%s is not known by its beginning", form)
		}
	}
	for _, s := range []string{"", "{}", `{"System":"x","Event":1,"EventID":4624}`, `{"event_id":5,"EventData":{}}`, "<Events/>", `<Event><System><EventID>0</EventID></System></Event>`,
		`{"EventID":{"Value":4624},"winlog":{}}`, strings.Repeat("{}", 100) + samples["evtx_dump"]} {
		if Known([]byte(s)) {
			t.Errorf("%.60s is taken for events", s)
		}
	}
}

// TestDamaged goes on after a document that is no event.
func TestDamaged(t *testing.T) {
	events, errs := 0, 0
	for e, err := range Read(strings.NewReader(`{"a":1}` + samples["evtx_dump"] + `{"Event":{"System`)) {
		switch {
		case err != nil:
			errs++
		case e.EventID == 4624:
			events++
		}
	}
	if events != 1 || errs != 2 {
		t.Errorf("%d events and %d errors, want 1 and 2", events, errs)
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range samples {
		f.Add([]byte(s))
	}
	f.Add([]byte("\xff\xfe<\x00E\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		n := 0
		for e := range Read(strings.NewReader(string(b))) {
			if n++; n > 2*len(b)+2 {
				t.Fatal("more events than bytes")
			}
			if e.Offset < 0 {
				t.Fatal("offset", e.Offset)
			}
		}
		Sniff(b)
	})
}
