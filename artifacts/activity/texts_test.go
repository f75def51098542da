package activity

import (
	"testing"
	"time"
)

// TestPDFTime has dates of ISO 32000-1, 7.9.4, with an offset; one without is no moment.
func TestPDFTimes(t *testing.T) {
	for in, want := range map[string]string{
		"D:20260306182030+09'00'": "2026-03-06T09:20:30Z", "D:20260306182030+09'00": "2026-03-06T09:20:30Z", "20260306182030-05'30'": "2026-03-06T23:50:30Z",
		"D:20260306182030Z": "2026-03-06T18:20:30Z", "D:20260306182030Z00'00'": "2026-03-06T18:20:30Z", "D:20260306182030Z00'00": "2026-03-06T18:20:30Z",
		"D:20260306182030": "", "D:202603061820": "", "D:20260230000000Z": "", "": "", "D:": "",
	} {
		got, err := pdfTime(in)
		if (err == nil) != (want != "") || want != "" && got.Format(time.RFC3339) != want {
			t.Errorf("%q: %v, %v, want %q", in, got, err, want)
		}
	}
}

// TestHotKey has the low byte of [MS-SHLLINK] 2.1.3 and the modifiers of its high byte.
func TestHotKeys(t *testing.T) {
	for n, want := range map[uint16]string{0: "", 0x0600: "", 0x0041: "A", 0x0630: "Ctrl+Alt+0", 0x0770: "Ctrl+Alt+Shift+F1", 0x0287: "Ctrl+F24", 0x0188: "Shift+0x88",
		0x0490: "Alt+0x90", 0x085A: "Z", 0x005B: "0x5b"} {
		if got := hotKey(n); got != want {
			t.Errorf("%#04x: %q, want %q", n, got, want)
		}
	}
}

// TestOfficeItem has the entries of the lists of Office.
func TestOfficeItem(t *testing.T) {
	at := time.Date(2026, 3, 6, 18, 20, 30, 0, time.UTC)
	for _, c := range []struct {
		in, path string
		at       time.Time
		bad      bool
	}{
		{`[F00000000][T01DCAD95E9E36B00][O00000000]*C:\a*b.docx`, `C:\a*b.docx`, at, false},
		{`[F00000000][T0000000000000000]*C:\a.docx`, `C:\a.docx`, time.Time{}, false},
		{`[F00000000]*C:\a.docx`, `C:\a.docx`, time.Time{}, false},
		{`C:\a.docx`, `C:\a.docx`, time.Time{}, false}, // of Office before 2007
		{`[F00000000][Txyz]*C:\a.docx`, `C:\a.docx`, time.Time{}, true},
		{`[F00000000][T01DCAD95E9E36B00]`, `[F00000000][T01DCAD95E9E36B00]`, time.Time{}, true},
		{``, ``, time.Time{}, false},
	} {
		path, when, err := officeItem(c.in)
		if path != c.path || (err != nil) != c.bad || !when.Equal(c.at) {
			t.Errorf("%q: %q at %v, %v", c.in, path, when, err)
		}
	}
}

func TestPercentText(t *testing.T) {
	for in, want := range map[string]string{"a%20b": "a b", "%C3%A4": "ä", "%41": "A", "%4": "%4", "%": "%", "%zz": "%zz", "%+1": "%+1", "100%": "100%", "%ff": "\uFFFD", "": ""} {
		if got := percentText(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestNumberedNames(t *testing.T) {
	for in, want := range map[string]int{"url1": 1, "URL25": 25, "url": -1, "url-1": -1, "urlx": -1, "xurl1": -1, "": -1, "url99999999999999999999": -1} {
		n, ok := userNumbered(in, "url")
		if ok != (want >= 0) || ok && n != want {
			t.Errorf("%q: %d, %t, want %d", in, n, ok, want)
		}
	}
	for in, want := range map[string]bool{"0": true, "4294967295": true, "4294967296": false, "-1": false, "+1": false, "a": false, "": false, "01": true} {
		if got := mruNumber(in); got != want {
			t.Errorf("%q: %t, want %t", in, got, want)
		}
	}
}
