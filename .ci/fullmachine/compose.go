package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A machine says how much of each kind of evidence the composed machine has.
type machine struct {
	name     string
	prefetch int
	users    int
	tasks    int
	logs     int64 // bytes of event logs
	mft      int64 // bytes of $MFT
	journal  int64 // bytes of $J
	rest     bool  // databases and browsers
}

var machines = []machine{
	{name: "large", prefetch: 1023, users: 50, tasks: 200},
	{name: "users", prefetch: 1023, users: 200, tasks: 200},
	{name: "heavy", prefetch: 1023, users: 60, tasks: 200, logs: 500 << 20, mft: 1 << 30, journal: 100 << 20, rest: true},
}

// A composer copies real files to the places that they have on a machine.
type composer struct {
	evidence, repo, root string
	err                  error
}

// compose writes the machine below root, its drive C:. Where there is too little
// evidence of a kind, it repeats.
func compose(m machine, evidence, repo, root string) error {
	c := &composer{evidence: evidence, repo: repo, root: root}
	c.hives()
	c.copy("images/win10-composed/Windows/Prefetch", "Windows/Prefetch")
	c.prefetch(m.prefetch)
	for i := range m.users {
		c.user(i, m.rest)
	}
	c.tasks(m.tasks)
	if m.rest {
		c.databases()
	}
	if m.logs > 0 {
		c.logs(m.logs)
	}
	if m.mft > 0 {
		c.repeat([]string{"ntfs/mft/tdungan.mft.gz"}, "$MFT", m.mft)
	}
	if m.journal > 0 {
		c.repeat([]string{"ntfs/usn/iped.j.gz"}, "$Extend/$J", m.journal)
	}
	return c.err
}

// hives writes the hives of the machine: a real SYSTEM of 15.5 MB, SAM, SECURITY and
// a dirty Amcache. No real SOFTWARE is at hand; the one that corpus writes is small.
func (c *composer) hives() {
	c.copy("hives/regipy/SYSTEM_WIN_10_1709", "Windows/System32/config/SYSTEM")
	c.copy("hives/regipy/SAM", "Windows/System32/config/SAM")
	c.copy("hives/ez/SECURITY", "Windows/System32/config/SECURITY")
	c.own("Windows/System32/config/SOFTWARE", "Windows/System32/config/SOFTWARE")
	for _, name := range []string{"Amcache.hve", "Amcache.hve.LOG1", "Amcache.hve.LOG2"} {
		c.copy("hives/museum-win10-rathbunvm/"+name, "Windows/appcompat/Programs/"+name)
	}
}

// prefetch writes n real files with different names, compressed ones first.
func (c *composer) prefetch(n int) {
	var plain, packed []string
	c.walk("prefetch", func(name string) {
		if !strings.EqualFold(filepath.Ext(name), ".pf") || strings.Contains(name, "art-bad") {
			return
		}
		b, err := head(filepath.Join(c.evidence, name), 3)
		if err == nil && string(b) == "MAM" {
			packed = append(packed, name)
		} else {
			plain = append(plain, name)
		}
	})
	had := c.names("Windows/Prefetch")
	for _, name := range slices.Concat(packed, plain) {
		if len(had) >= n {
			return
		}
		if base := strings.ToUpper(filepath.Base(name)); !had[base] {
			had[base] = true
			c.copy(name, "Windows/Prefetch/"+filepath.Base(name))
		}
	}
}

// user writes the profile of a user: one of four real NTUSER.DAT and one of two real
// UsrClass.dat in rotation, and browser histories.
func (c *composer) user(i int, browsers bool) {
	dat := []string{
		"hives/regipy/NTUSER_with_winscp.DAT", "images/win10-composed/Users/analyst/NTUSER.DAT",
		"hives/velo/ntuser.dat", "hives/regipy/NTUSER.DAT",
	}
	class := []string{"hives/velo/UsrClass.dat", "hives/ez/UsrClassDeletedBags.dat"}
	home := fmt.Sprintf("Users/user%03d/", i)
	c.copy(dat[i%len(dat)], home+"NTUSER.DAT")
	c.copy(class[i%len(class)], home+"AppData/Local/Microsoft/Windows/UsrClass.dat")
	if !browsers {
		return
	}
	c.copy("artifacts2/browser/chrome/History-59.0.3071.86", home+"AppData/Local/Google/Chrome/User Data/Default/History")
	c.copy("artifacts2/browser/firefox/places.sqlite", home+"AppData/Roaming/Mozilla/Firefox/Profiles/p.default/places.sqlite")
	c.copy("artifacts2/timeline/win10-rathbunvm", home+"AppData/Local/ConnectedDevicesPlatform/L.user")
}

// tasks writes n tasks: those of corpus under numbered names.
func (c *composer) tasks(n int) {
	var files []string
	own := filepath.Join(c.repo, "corpus/files/incident/C/Windows/System32/Tasks")
	c.check(filepath.WalkDir(own, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	}))
	for i := range n {
		if c.err != nil || len(files) == 0 {
			return
		}
		f := files[i%len(files)]
		c.check(copyFile(f, filepath.Join(c.root, "Windows/System32/Tasks", fmt.Sprintf("%s %03d", filepath.Base(f), i))))
	}
}

func (c *composer) databases() {
	c.copy("artifacts2/srum/win11-rathbunvm-dirty", "Windows/System32/sru")
	c.copy("artifacts2/ese/winsearch-win10-clean/Windows.edb.gz", "ProgramData/Microsoft/Search/Data/Applications/Windows/Windows.edb")
	c.copy("artifacts2/wmi/server2022-attacked", "Windows/System32/wbem/Repository")
	c.copy("artifacts2/bits/win10/qmgr.db", "ProgramData/Microsoft/Network/Downloader/qmgr.db")
	c.copy("artifacts2/setupapi/win10/setupapi.dev.log", "Windows/INF/setupapi.dev.log")
	c.copy("artifacts2/ual/server2012r2-szechuan", "Windows/System32/LogFiles/Sum")
	c.copy("artifacts2/defender/win10-belkasoft", "ProgramData/Microsoft/Windows Defender/Support")
}

// logs writes the real event logs again and again under numbered names.
func (c *composer) logs(size int64) {
	type log struct {
		name string
		size int64
	}
	var logs []log
	c.walk("evtx", func(name string) {
		if strings.EqualFold(filepath.Ext(name), ".evtx") {
			if st, err := os.Stat(filepath.Join(c.evidence, name)); err == nil {
				logs = append(logs, log{name, st.Size()})
			}
		}
	})
	if len(logs) == 0 {
		c.check(fmt.Errorf("no event logs below %s", c.evidence))
		return
	}
	for i := 0; size > 0 && c.err == nil; i++ {
		l := logs[i%len(logs)]
		c.copy(l.name, fmt.Sprintf("Windows/System32/winevt/Logs/%04d %s", i, filepath.Base(l.name)))
		size -= l.size
	}
}

// repeat writes the files one after the other, again and again, up to a size.
func (c *composer) repeat(from []string, to string, size int64) {
	if c.err != nil {
		return
	}
	out, err := create(filepath.Join(c.root, to))
	if err != nil {
		c.err = err
		return
	}
	defer func() { c.check(out.Close()) }()
	for i := 0; size > 0; i++ {
		in, err := open(filepath.Join(c.evidence, from[i%len(from)]))
		if err != nil {
			c.err = err
			return
		}
		n, err := io.Copy(out, in)
		in.Close()
		if err != nil || n == 0 {
			c.check(fmt.Errorf("%s: %d bytes, %v", from[i%len(from)], n, err))
			return
		}
		size -= n
	}
}

// copy copies a file or a folder of the evidence; packed files are unpacked.
func (c *composer) copy(from, to string) {
	if c.err != nil {
		return
	}
	st, err := os.Stat(filepath.Join(c.evidence, from))
	if err != nil {
		c.err = err
		return
	}
	if !st.IsDir() {
		c.check(copyFile(filepath.Join(c.evidence, from), filepath.Join(c.root, to)))
		return
	}
	c.walk(from, func(name string) {
		rel, _ := filepath.Rel(from, name)
		c.check(copyFile(filepath.Join(c.evidence, name), filepath.Join(c.root, to, strings.TrimSuffix(rel, ".gz"))))
	})
}

// own copies a file that corpus wrote.
func (c *composer) own(from, to string) {
	c.check(copyFile(filepath.Join(c.repo, "corpus/files/incident/C", from), filepath.Join(c.root, to)))
}

// walk calls f with each regular file below a folder of the evidence, by name.
func (c *composer) walk(dir string, f func(name string)) {
	c.check(filepath.WalkDir(filepath.Join(c.evidence, dir), func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			rel, _ := filepath.Rel(c.evidence, path)
			f(rel)
		}
		return err
	}))
}

func (c *composer) names(dir string) map[string]bool {
	out := map[string]bool{}
	list, err := os.ReadDir(filepath.Join(c.root, dir))
	c.check(err)
	for _, e := range list {
		out[strings.ToUpper(e.Name())] = true
	}
	return out
}

func (c *composer) check(err error) {
	if c.err == nil {
		c.err = err
	}
}

func head(path string, n int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, n)
	_, err = io.ReadFull(f, b)
	return b, err
}

type gzipFile struct {
	*gzip.Reader
	f *os.File
}

func (g gzipFile) Close() error { return g.f.Close() }

// open opens a file, or what a file packed with gzip contains.
func open(path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil || !strings.HasSuffix(path, ".gz") {
		return f, err
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return gzipFile{z, f}, nil
}

func create(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return os.Create(path)
}

func copyFile(from, to string) error {
	in, err := open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
