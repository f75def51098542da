package corpus

import (
	"math"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

const explorer = `Software\Microsoft\Windows\CurrentVersion\Explorer\`

// A use is one entry of UserAssist, version 5.
type use struct {
	name  string
	runs  uint32
	focus uint32
	msec  uint32
	last  time.Time
}

// userAssistCase writes what both users started from the desktop, the entries that a new profile comes with, and one
// that had the focus without having been started.
func userAssistCase(m *Machine) {
	const (
		programs  = explorer + `UserAssist\{CEBFF5CD-ACE2-4F4F-9178-9926F41749EA}`
		shortcuts = explorer + `UserAssist\{F4E57C4B-2036-45F0-A9AB-443BCFE33D9F}`
	)
	for _, u := range []struct {
		name    string
		created time.Time
		uses    []use
		links   []use
	}{
		{Mira, Installed.Add(23 * time.Minute), []use{
			{`{6D809377-6AF0-444B-8957-A3773F02200E}\Microsoft Office\root\Office16\EXCEL.EXE`, 148, 611, 92_310_442,
				at("07 00:12:20").times[0]},
			{`{6D809377-6AF0-444B-8957-A3773F02200E}\PaperScan\PaperScan.exe`, 3, 9, 402_118, at("06 04:10:18").times[0]},
			{`Chrome`, 0, 71, 3_004_512, time.Time{}},
		}, []use{{`{9E3995AB-1F9C-4F13-B827-48B24B6C7174}\TaskBar\Excel.lnk`, 97, 0, 97, at("06 06:48:01").times[0]}}},
		{Daniel, utc(2025, 1, 24, 1, 17, 2, 5510042), []use{
			{Implant, 1, 0, 0, ImplantStart},
			{`{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\cmd.exe`, 2, 5, 613_204, at("06 17:45:50").times[0]},
			{`Microsoft.Windows.RemoteDesktop`, 0, 1, 12_090, at("05 05:14:32").times[0]},
		}, nil},
	} {
		root := m.Hive(ntuser(u.name))
		count := root.Sub(programs).Set("Version", regf.DWord(5)).Sub("Count").At(u.created.Add(200 * day))
		count.Set(rot13("UEME_CTLSESSION"), regf.Binary(make([]byte, 1612)))
		count.Set(rot13("UEME_CTLCUACount:ctor"), use{}.value())
		for i, name := range []string{
			`Microsoft.Getstarted_8wekyb3d8bbwe!App`, `Microsoft.WindowsFeedbackHub_8wekyb3d8bbwe!App`,
			`Microsoft.WindowsMaps_8wekyb3d8bbwe!App`,
			`{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\SnippingTool.exe`, `{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\mspaint.exe`,
		} {
			n := uint32(i)
			count.Set(rot13(name), use{name, 14 - n, 21 - 2*n, 420_000 - 51_428*n, u.created}.value())
		}
		for _, e := range u.uses {
			count.Set(rot13(e.name), e.value())
			if e.last.After(u.created) {
				count.At(e.last)
			}
		}
		links := root.Sub(shortcuts).Set("Version", regf.DWord(5)).Sub("Count").At(u.created)
		for _, e := range u.links {
			links.Set(rot13(e.name), e.value()).At(e.last)
		}
	}
}

// value is the entry's 72 bytes.
func (u use) value() regf.Value {
	b := make([]byte, 72)
	le.PutUint32(b[4:], u.runs)
	le.PutUint32(b[8:], u.focus)
	le.PutUint32(b[12:], u.msec)
	for i := range 10 {
		le.PutUint32(b[16+4*i:], math.Float32bits(-1))
	}
	le.PutUint32(b[56:], math.MaxUint32)
	if !u.last.IsZero() {
		le.PutUint64(b[60:], regf.FILETIME(u.last))
	}
	return regf.Binary(b)
}

func rot13(s string) string {
	return strings.Map(func(r rune) rune {
		switch low := r | 0x20; {
		case low >= 'a' && low <= 'm':
			return r + 13
		case low >= 'n' && low <= 'z':
			return r - 13
		}
		return r
	}, s)
}
