package activity

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/jumplist"
	"github.com/artifactdump/artifactdump/artifacts/formats/lnk"
	"github.com/artifactdump/artifactdump/artifacts/formats/shellitem"
	"github.com/artifactdump/artifactdump/hive"
)

// An appName is a program of the machine: as people name it, and the text that
// its hash is of.
type appName struct{ path, key string }

// maxAppNames bounds the hashes that one machine's traces can make us compute.
const maxAppNames = 200_000

// machineAppIDs are the names of lists that the programs of this machine give:
// those which its registry names as started or installed.
func machineAppIDs(in artifacts.Input) map[string]appName {
	if in.Tree == nil {
		return nil
	}
	return in.Once("jump list programs", func() any {
		ids := appIDs{}
		hives, _ := in.Tree.Hives()
		for _, h := range hives {
			if h.Backup || h.Snapshot != "" {
				continue
			}
			ids.hive(in, h)
			if h.Kind != evidence.SYSTEM && h.Kind != evidence.SOFTWARE {
				h.Release() // a machine can have hundreds of them
			}
		}
		return ids
	}).(appIDs)
}

type appIDs map[string]appName

// add hashes a path or an AppUserModelID in each form that may have been used.
func (m appIDs) add(name string) {
	if name == "" || len(name) > 1024 || len(m) > maxAppNames {
		return
	}
	for _, key := range jumplist.Names(name) {
		if id := jumplist.AppID(key); m[id].path == "" {
			m[id] = appName{name, key}
		}
	}
}

// hive adds the programs that one hive names.
func (m appIDs) hive(in artifacts.Input, h *evidence.Hive) {
	add := map[evidence.Kind]func(artifacts.Input, hive.Key){
		evidence.NTUSER:   m.started,
		evidence.SOFTWARE: m.appPaths,
		evidence.SYSTEM:   m.activityModerator,
		evidence.AMCACHE:  m.inventory,
	}[h.Kind]
	if add == nil {
		return
	}
	if x, err := h.Open(); err == nil {
		if root, err := x.Root(); err == nil {
			add(in, root)
		}
	}
}

// started adds what Explorer counted for one account.
func (m appIDs) started(_ artifacts.Input, root hive.Key) {
	for _, set := range keysBelow(root, `Software\Microsoft\Windows\CurrentVersion\Explorer\UserAssist`) {
		for _, name := range valueNames(set, "Count") {
			m.add(rot13(name))
		}
	}
	for _, list := range []string{"AppLaunch", "AppSwitched", "ShowJumpView"} {
		for _, name := range valueNames(root, `Software\Microsoft\Windows\CurrentVersion\Explorer\FeatureUsage\`+list) {
			m.add(name)
		}
	}
}

func (m appIDs) appPaths(in artifacts.Input, root hive.Key) {
	for _, k := range keysBelow(root, `Microsoft\Windows\CurrentVersion\App Paths`) {
		m.add(in.Machine.Expand(strings.Trim(textBelow(k, ""), `"`), evidence.User{}))
	}
}

func (m appIDs) activityModerator(in artifacts.Input, root hive.Key) {
	for _, place := range []string{`bam\State\UserSettings`, `bam\UserSettings`} {
		for _, k := range keysBelow(root, in.Machine.ControlSet+`\Services\`+place) {
			for _, name := range valueNames(k, "") {
				m.add(bamPath(name))
			}
		}
	}
}

func (m appIDs) inventory(_ artifacts.Input, root hive.Key) {
	for _, k := range keysBelow(root, `Root\InventoryApplicationShortcut`) {
		m.add(textBelow(k, "AppUserModelId"))
		m.add(textBelow(k, "ShortcutAumid"))
	}
	for _, k := range keysBelow(root, `Root\InventoryApplicationFile`) {
		m.add(textBelow(k, "LowerCaseLongPath"))
	}
}

// textBelow returns the text of a value, or "" where there is none: what these
// hives hold is reported by their own artifacts, damage included.
func textBelow(k hive.Key, name string) string {
	v, err := k.Value(name)
	if err != nil {
		return ""
	}
	text, _ := v.Text()
	return text
}

// bamPath takes the device away from the path in a value of BAM: the device of
// Windows' own volume is a harddisk, and its letter is C in all but rare cases.
func bamPath(name string) string {
	if rest, ok := strings.CutPrefix(name, `\Device\HarddiskVolume`); ok {
		if i := strings.IndexByte(rest, '\\'); i >= 0 {
			return "C:" + rest[i:]
		}
	}
	return name
}

// keyBelow follows a path from a key, which "" leads back to.
func keyBelow(k hive.Key, path string) (hive.Key, error) {
	var err error
	for part := range strings.SplitSeq(path, `\`) {
		if part == "" {
			continue
		}
		if k, err = k.Subkey(part); err != nil {
			break
		}
	}
	return k, err
}

func keysBelow(root hive.Key, path string) []hive.Key {
	k, err := keyBelow(root, path)
	if err != nil {
		return nil
	}
	var out []hive.Key
	for sub, err := range k.Subkeys() {
		if err == nil {
			out = append(out, sub)
		}
	}
	return out
}

func valueNames(root hive.Key, path string) []string {
	k, err := keyBelow(root, path)
	if err != nil {
		return nil
	}
	var out []string
	for v, err := range k.Values() {
		if err == nil {
			out = append(out, v.Name())
		}
	}
	return out
}

// rot13 undoes the coding of UserAssist's names.
func rot13(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return 'a' + (r-'a'+13)%26
		case r >= 'A' && r <= 'Z':
			return 'A' + (r-'A'+13)%26
		}
		return r
	}, s)
}

// itemListPath is the path that a shortcut's item list leads to.
func itemListPath(l *lnk.Link) string {
	return userItemPath(itemList(l))
}

// lastItem is the target's own item.
func lastItem(l *lnk.Link) (it shellitem.Item, ok bool) {
	if items := itemList(l); len(items) > 0 {
		return items[len(items)-1], true
	}
	return it, false
}

// itemList is the item list of a shortcut.
func itemList(l *lnk.Link) []shellitem.Item {
	for _, b := range [][]byte{l.IDList, l.AnyIDList} {
		if items, _, _ := shellitem.List(b); len(items) > 0 {
			return items
		}
	}
	return nil
}
