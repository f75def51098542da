package collect

import (
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf16"
)

const exportedXML = `<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name="p"/><EventID>4624</EventID><Channel>Security</Channel></System></Event>`

// TestExportedEvents: among loose files those with exported events are event logs, and
// other text is not.
func TestExportedEvents(t *testing.T) {
	wide := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(exportedXML)) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	long := `{"note":"` + strings.Repeat("x", 3*SniffSize) + `","winlog":{"channel":"Security","event_id":4624,"provider_name":"p"}}`
	files := fstest.MapFS{}
	for name, s := range map[string]string{
		"a.xml": exportedXML, "b.xml": "\ufeff\r\n<Events>" + exportedXML + "</Events>", "wide.xml": string(wide), "long.jsonl": long,
		"no-task.xml": `<Task><Event/></Task>`, "no.json": `{"Event":{},"System":{}}`, "no.txt": "Record of events <Event>", "no-events.xml": "<Events/>",
		"no-empty": "", "no-short": "{",
	} {
		files[name] = &fstest.MapFile{Data: []byte(s)}
	}
	for _, f := range looseHost(files, nil).Files {
		if no := strings.HasPrefix(f.Path, "no"); f.Kind == EventLogFile == no {
			t.Errorf("%s is %q", f.Path, f.Kind)
		}
		delete(files, f.Path)
	}
	for name := range files {
		if !strings.HasPrefix(name, "no") {
			t.Errorf("%s is not known", name)
		}
	}
}
