package corpus

import (
	"time"

	"github.com/artifactdump/artifactdump/corpus/destinations"
	"github.com/artifactdump/artifactdump/corpus/shelllink"
)

const recent = "AppData/Roaming/Microsoft/Windows/Recent/"

// heronDroid is a file id that counts from 1582 and holds the network address.
var heronDroid = [16]byte{0x4B, 0x1F, 0x33, 0x90, 0x2E, 0xCE, 0xEF, 0x11, 0x9C, 0x4D, 0x02, 0x00, 0x5E, 0x10, 0x20, 0x30}

// documentLink is a shortcut to a document of mira's.
func documentLink(target string, written time.Time) shelllink.Link {
	l := shelllink.Link{Target: target, Serial: SystemSerial, Label: "Windows", Machine: "kestrel-pc",
		Created: written.Add(-48 * time.Hour), Accessed: written, Written: written, Size: 18_204}
	l.Droids[1], l.Droids[3] = heronDroid, heronDroid
	return l
}

// jumpListsCase writes a list of a text editor, which the hash of its path names, and a custom one of a browser.
func jumpListsCase(m *Machine) {
	opened := utc(2026, 3, 5, 1, 22, 40, 5512009)
	notes, plan := documentLink(`C:\Users\mira\Documents\minutes.txt`, opened), documentLink(`C:\Users\mira\Documents\plan.txt`,
		opened.Add(-72*time.Hour))
	old := documentLink(`C:\Users\mira\Documents\draft.txt`, opened.Add(-500*time.Hour))
	item := func(n uint32, l shelllink.Link, at time.Time, pin int32, count uint32) destinations.Item {
		return destinations.Item{Number: n, Path: l.Target, Host: "kestrel-pc", File: heronDroid, Score: 1.5, Opened: at, Pin: pin,
			Count: count, Link: l.Build()}
	}
	removed := item(1, old, time.Time{}, -1, 0)
	removed.Removed = true
	m.File("Users/mira/"+recent+"AutomaticDestinations/9b9cdc69c1c24e2b.automaticDestinations-ms",
		destinations.Automatic(4, item(2, plan, opened.Add(-72*time.Hour), 0, 3), item(3, notes, opened, -1, 7), removed))
	page := shelllink.Link{Target: `C:\Program Files\Google\Chrome\Application\chrome.exe`, Arguments: "https://kestrel.example/rota",
		Name: "Rota", Serial: SystemSerial, Label: "Windows"}
	m.File("Users/mira/"+recent+"CustomDestinations/5d696d521de238c3.customDestinations-ms",
		destinations.Custom(destinations.Category{Name: "Most visited", Links: [][]byte{page.Build()}}))
}

// shortcutsCase writes what mira opened, and what lies on her desktop.
func shortcutsCase(m *Machine) {
	at := utc(2026, 3, 5, 1, 22, 40, 0)
	m.File("Users/mira/"+recent+"minutes.txt.lnk", documentLink(`C:\Users\mira\Documents\minutes.txt`, at).Build())
	chrome := documentLink(`C:\Program Files\Google\Chrome\Application\chrome.exe`, utc(2025, 2, 1, 0, 0, 9, 0))
	m.File("Users/mira/Desktop/Chrome.lnk", chrome.Build())
	// The intruder opened the archive, and the program that another file replaced later.
	archive := fileItem{name: "out.rar", short: "out.rar", size: 12_400_000}.on(`C:\PerfLogs\out.rar`)
	first := fileItem{name: "fsync.exe", short: "fsync.exe", size: 118_784}.on(Syncer)
	first.sequence--
	for _, f := range []struct {
		path string
		item fileItem
		at   time.Time
	}{
		{`C:\PerfLogs\out.rar`, archive, utc(2026, 3, 6, 18, 24, 58, 1)},
		{Syncer, first, utc(2026, 3, 6, 18, 13, 58, 2205110)},
	} {
		l := shelllink.Link{Target: f.path, Serial: SystemSerial, Label: "Windows", Created: f.at, Accessed: f.at, Written: f.at,
			Size: f.item.size, IDList: itemList(rootItem(myComputer), volumeItem(`C:\`), f.item.item())}
		m.File("Users/daniel/"+recent+f.item.name+".lnk", l.Build())
	}
}
