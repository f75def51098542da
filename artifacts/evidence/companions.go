package evidence

import (
	"path"
	"strings"
)

// hiveLogs are the endings of a hive's transaction logs.
var hiveLogs = []string{".LOG", ".LOG1", ".LOG2"}

// companions says which files of its folder belong to a file whose name matches. Decoders read them with the file.
var companions = []struct {
	name   string   // pattern
	beside []string // patterns in the same folder
}{
	{name: "*.mdb", beside: []string{"*.log", "*.chk", "*.jrs", "*.jfm"}},
	{name: "*.edb", beside: []string{"*.log", "*.chk", "*.jrs", "*.jfm"}},
	{name: "SRUDB.dat", beside: []string{"*.log", "*.chk", "*.jrs", "*.jfm"}},
	{name: "WebCacheV*.dat", beside: []string{"*.log", "*.chk", "*.jrs", "*.jfm"}},
	{name: "OBJECTS.DATA", beside: []string{"INDEX.BTR", "MAPPING*.MAP"}},
}

// databaseEndings are those of the files beside an SQLite database, which may have any name.
var databaseEndings = []string{"-wal", "-shm", "-journal"}

// Companions returns the files that belong to a file and that decoders read with it: the logs of a hive, those of a database.
func (t *Tree) Companions(f *File) []*File {
	dir, base := path.Split(f.name)
	dir = path.Clean(dir)
	if strings.Contains(base, ":") {
		return nil
	}
	var out []*File
	d := f.vol.list(dir)
	add := func(name string) {
		if i, ok := d.byName[fold(name)]; ok && d.entries[i].mode.IsRegular() {
			out = append(out, t.file(f.vol, path.Join(dir, d.entries[i].name)))
		}
	}
	for _, e := range hiveLogs {
		add(base + e)
	}
	for _, e := range databaseEndings {
		add(base + e)
	}
	for _, c := range companions {
		if !MatchName(c.name, base) {
			continue
		}
		for _, e := range d.entries {
			for _, pattern := range c.beside {
				if MatchName(pattern, e.name) {
					add(e.name)
					break
				}
			}
		}
	}
	return out
}
