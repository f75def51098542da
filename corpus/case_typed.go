package corpus

import (
	"encoding/binary"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

const explorerKey = `Software\Microsoft\Windows\CurrentVersion\Explorer\`

// runMRUCase writes what was given to the Run dialog: mira's calculator, and the shell that the intruder opened from
// daniel's desktop.
func runMRUCase(m *Machine) {
	m.Hive(ntuser(Mira)).Sub(explorerKey+"RunMRU").At(utc(2026, 3, 4, 1, 22, 9, 4471002)).
		Set("a", regf.String(`calc\1`)).Set("b", regf.String(`\\FALCON-SRV\reports\1`)).Set("MRUList", regf.String("ab"))
	m.Hive(ntuser(Daniel)).Sub(explorerKey+"RunMRU").At(DiscoveryStart.Add(-14*time.Second)).
		Set("a", regf.String(`winver\1`)).
		Set("b", regf.String(`cmd\1`)).
		Set("c", regf.String(`mstsc /v:`+Neighbor+`\1`)).
		Set("MRUList", regf.String("bac"))
}

// typedURLsCase writes addresses that were typed, with their times. The first is the one that every profile has.
func typedURLsCase(m *Machine) {
	const ie = `Software\Microsoft\Internet Explorer\`
	const seed = "http://go.microsoft.com/fwlink/p/?LinkId=255141"
	m.Hive(ntuser(Mira)).Sub(ie+"TypedURLs").Set("url1", regf.String(seed))

	fetched := ImplantStart.Add(-3 * time.Minute)
	root := m.Hive(ntuser(Daniel))
	root.Sub(ie+"TypedURLs").At(fetched).
		Set("url1", regf.String("http://"+Server+"/update/svchost.exe")).Set("url2", regf.String(seed))
	root.Sub(ie+"TypedURLsTime").At(fetched).
		Set("url1", regf.Binary(binary.LittleEndian.AppendUint64(nil, regf.FILETIME(fetched)))).Set("url2", regf.Binary(make([]byte, 8)))
	root.Sub(ie+"TypedURLsVisitCount").At(fetched).Set("url1", regf.DWord(1)).Set("url2", regf.DWord(0))
}

// typedPathsCase writes what was typed into Explorer's address bar.
func typedPathsCase(m *Machine) {
	m.Hive(ntuser(Mira)).Sub(explorerKey+"TypedPaths").At(utc(2026, 3, 3, 6, 40, 12, 1180043)).
		Set("url1", regf.String(`\\FALCON-SRV\reports`)).Set("url2", regf.String(`D:\`))
	m.Hive(ntuser(Daniel)).Sub(explorerKey+"TypedPaths").At(DiscoveryEnd.Add(70*time.Second)).
		Set("url1", regf.String(`C:\Users\Public`)).Set("url2", regf.String("Control Panel"))
}

// searchesCase writes the words that were looked for in Explorer.
func searchesCase(m *Machine) {
	m.Hive(ntuser(Daniel)).Sub(explorerKey+"WordWheelQuery").At(DiscoveryEnd.Add(25*time.Second)).
		Set("0", regf.Binary(text16("invoice"))).
		Set("1", regf.Binary(text16("password"))).
		Set("2", regf.Binary(text16("*.kdbx"))).
		Set("MRUListEx", regf.Binary(mruOrder(2, 1, 0)))
}

// text16 is a text in UTF-16 with its NUL.
func text16(s string) []byte { return regf.UTF16(s + "\x00") }

// mruOrder is a value MRUListEx.
func mruOrder(order ...uint32) []byte {
	var b []byte
	for _, n := range append(order, 0xFFFFFFFF) {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	return b
}
