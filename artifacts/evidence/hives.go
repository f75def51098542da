package evidence

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/hive"
)

// A Kind names what a hive is for, under any file name.
type Kind string

// The hives that artifacts are read from.
const (
	SYSTEM   Kind = "SYSTEM"
	SOFTWARE Kind = "SOFTWARE"
	SAM      Kind = "SAM"
	SECURITY Kind = "SECURITY"
	NTUSER   Kind = "NTUSER"   // HKEY_USERS\<SID>; also DEFAULT, the LocalSystem profile's
	USRCLASS Kind = "USRCLASS" // HKEY_USERS\<SID>_Classes
	AMCACHE  Kind = "AMCACHE"
	SYSCACHE Kind = "SYSCACHE"
	OTHER    Kind = "" // a hive that no artifact reads yet
)

// A Hive is one registry hive of the machine with its transaction logs.
type Hive struct {
	*File
	Kind   Kind
	Backup bool // a copy that Windows or setup made: RegBack, repair
	Logs   []*File

	mu       sync.Mutex
	state    *openHive // nil until it is opened, and after Release
	sha256   string
	recovery *hive.Recovery // kept, as is the error, when the hive is released
	err      error
	known    bool // both
}

// An openHive is what a hive takes in memory.
type openHive struct {
	h       *hive.Hive
	err     error
	old     []byte // the primary file as it lies there, when logs were replayed over it
	deleted func() []hive.Remnant
	unreach func() []hive.Remnant
}

// Open reads and recovers the hive. It does so once; all callers share the
// result, which does not change.
func (h *Hive) Open() (*hive.Hive, error) {
	s := h.open()
	return s.h, s.err
}

// Release gives up the memory of an open hive, which is as large as its file
// and more. What was taken from it stays good; the next Open reads it anew.
func (h *Hive) Release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state = nil
}

// Release gives up the memory of all open hives of the machine: the next Open of one
// reads it anew.
func (t *Tree) Release() {
	hives, _ := t.Hives()
	for _, h := range hives {
		h.Release()
	}
}

func (h *Hive) open() *openHive {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state == nil {
		h.state = h.read()
		if h.state.h != nil {
			rec := h.state.h.Recovery()
			h.recovery = &rec
		}
		h.err, h.known = h.state.err, true
	}
	return h.state
}

func (h *Hive) read() *openHive {
	s := &openHive{deleted: func() []hive.Remnant { return nil }, unreach: func() []hive.Remnant { return nil }}
	b, err := h.Bytes()
	if err == nil {
		sum := sha256.Sum256(b)
		h.sha256 = hex.EncodeToString(sum[:])
	} else if b, err = h.parts(err); b == nil {
		s.err = err
		return s
	}
	s.err = err
	opts := &hive.Options{}
	if !h.tree.opts.noLogs() {
		for _, l := range h.Logs {
			lb, err := l.Bytes()
			if err != nil {
				s.err = fmt.Errorf("log %s: %w", l.Path, err)
				continue
			}
			opts.Logs = append(opts.Logs, hive.Log{Name: winpath.Base(l.Path), Data: lb})
		}
	}
	var oerr error
	s.h, oerr = hive.Open(b, opts)
	s.err = errors.Join(oerr, s.err)
	if s.h == nil {
		return s
	}
	s.deleted = sync.OnceValue(func() []hive.Remnant { return slices.Collect(s.h.Deleted()) })
	s.unreach = sync.OnceValue(func() []hive.Remnant { return slices.Collect(s.h.Unreachable()) })
	if s.h.Recovery().Applied {
		s.old = b
	}
	return s
}

// Recovery tells how the hive was found and what its logs gave, nil when
// nothing could be opened, with the error of Open.
func (h *Hive) Recovery() (*hive.Recovery, error) {
	h.mu.Lock()
	known := h.known
	h.mu.Unlock()
	if !known {
		h.open()
		h.Release() // nobody else had it open
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.recovery, h.err
}

// SHA256 returns the hash of the primary file as it lies in the evidence,
// empty when it cannot be read.
func (h *Hive) SHA256() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sha256 != "" {
		return h.sha256
	}
	r, _, err := h.Reader()
	if err != nil {
		return ""
	}
	defer r.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, r); err == nil {
		h.sha256 = hex.EncodeToString(sum.Sum(nil))
	}
	return h.sha256
}

// Rooted reports whether the file shows its root key. It reads the base block and
// the root's cell, not the hive; false means that only opening the hive can tell.
func (h *Hive) Rooted() bool {
	// The root lies near the start of most hives: that needs no access to parts,
	// which a compressed file only has when it is expanded.
	const near = 68 << 10
	r, size, err := h.Reader()
	if err != nil {
		return false
	}
	head, err := io.ReadAll(io.LimitReader(r, near))
	r.Close()
	if err != nil {
		return false
	}
	if _, err = hive.ReadRoot(bytes.NewReader(head), size); !errors.Is(err, io.ErrUnexpectedEOF) {
		return err == nil
	}
	d, err := h.OpenAt()
	if d == nil {
		return false
	}
	defer d.Close()
	if err == nil {
		_, err = hive.ReadRoot(d, d.Size())
	}
	return err == nil
}

// FromLog reports whether the record at this offset of the recovered hive is
// owed to a transaction log: its first bytes were replayed, and the primary
// file has others there. It names the log and the place in it.
func (h *Hive) FromLog(offset int64) (log string, at int64, ok bool) {
	s := h.open()
	if s.old == nil {
		return "", 0, false
	}
	log, at, ok = s.h.FromLog(offset)
	if !ok {
		return "", 0, false
	}
	const look = 80 // a key node with the start of its name, a value with its data field
	now := s.h.Bytes()
	end := min(offset+look, int64(len(now)))
	if end <= int64(len(s.old)) && offset < end && bytes.Equal(now[offset:end], s.old[offset:end]) {
		return "", 0, false
	}
	return log, at, true
}

// Deleted returns what the hive still holds of deleted keys and values, and
// those that its damaged tree does not lead to. The search runs once.
func (h *Hive) Deleted() []hive.Remnant { return h.open().deleted() }

// Unreachable returns the keys and values that are in use but that the damaged
// tree of the hive does not lead to. The search runs once.
func (h *Hive) Unreachable() []hive.Remnant { return h.open().unreach() }

func (o *Options) noLogs() bool { return o != nil && o.NoLogs }

// hivePlaces is where the hives lie on a Windows volume (regf section 19).
var hivePlaces = []struct {
	kind    Kind
	pattern string
	backup  bool
}{
	{SYSTEM, `%SystemRoot%\System32\config\SYSTEM`, false},
	{SOFTWARE, `%SystemRoot%\System32\config\SOFTWARE`, false},
	{SAM, `%SystemRoot%\System32\config\SAM`, false},
	{SECURITY, `%SystemRoot%\System32\config\SECURITY`, false},
	{NTUSER, `%SystemRoot%\System32\config\DEFAULT`, false},
	{NTUSER, `%UserProfile%\NTUSER.DAT`, false},
	{NTUSER, `%UserProfile%\NTUSER.MAN`, false},
	{USRCLASS, `%UserProfile%\AppData\Local\Microsoft\Windows\UsrClass.dat`, false},
	{USRCLASS, `%UserProfile%\Local Settings\Application Data\Microsoft\Windows\UsrClass.dat`, false},
	{AMCACHE, `%SystemRoot%\appcompat\Programs\Amcache.hve`, false},
	{SYSCACHE, `%SystemDrive%\System Volume Information\Syscache.hve`, false},
	{SYSTEM, `%SystemRoot%\System32\config\RegBack\SYSTEM`, true},
	{SOFTWARE, `%SystemRoot%\System32\config\RegBack\SOFTWARE`, true},
	{SAM, `%SystemRoot%\System32\config\RegBack\SAM`, true},
	{SECURITY, `%SystemRoot%\System32\config\RegBack\SECURITY`, true},
	{NTUSER, `%SystemRoot%\System32\config\RegBack\DEFAULT`, true},
	{SYSTEM, `%SystemRoot%\repair\system`, true},
	{SOFTWARE, `%SystemRoot%\repair\software`, true},
	{SAM, `%SystemRoot%\repair\sam`, true},
	{NTUSER, `%SystemRoot%\repair\default`, true},
	{NTUSER, `%SystemRoot%\repair\ntuser.dat`, true},
	{OTHER, `%SystemRoot%\System32\config\COMPONENTS`, false},
	{OTHER, `%SystemRoot%\System32\config\DRIVERS`, false},
	{OTHER, `%SystemRoot%\System32\config\ELAM`, false},
	{OTHER, `%SystemRoot%\System32\config\BBI`, false},
	{OTHER, `%SystemDrive%\Boot\BCD`, false},
}

// Hives returns the hives of the machine, live ones first, in a fixed order.
// An empty backup (RegBack has been so since Windows 10 1803) is no hive and is
// left out. The errors tell what could not be listed.
func (t *Tree) Hives() ([]*Hive, []error) {
	t.hivesOnce.Do(func() {
		if t.loose {
			t.looseHives()
		} else {
			t.placedHives()
		}
		slices.SortStableFunc(t.hives, func(a, b *Hive) int {
			return strings.Compare(a.Snapshot, b.Snapshot)
		})
	})
	return t.hives, t.hiveNotes
}

func (t *Tree) placedHives() {
	seen := map[string]bool{}
	for _, p := range hivePlaces {
		files, errs := t.Glob(p.pattern)
		t.hiveNotes = append(t.hiveNotes, errs...)
		for _, f := range files {
			id := f.Snapshot + "|" + f.Path
			if seen[id] || p.backup && empty(f) {
				continue
			}
			seen[id] = true
			t.hives = append(t.hives, &Hive{File: f, Kind: p.kind, Backup: p.backup, Logs: t.logs(f)})
		}
	}
}

// looseHives takes the files that begin with regf and tells them apart by
// their top keys.
func (t *Tree) looseHives() {
	for _, v := range t.volumes {
		for _, l := range t.files {
			if l.Kind != collect.HiveFile || isLogName(l.Path) {
				continue
			}
			f := t.file(v, l.Path)
			h := &Hive{File: f, Backup: isOlderCopy(l.Path), Logs: t.logs(f)}
			if hv, _ := h.Open(); hv != nil {
				h.Kind = recognise(hv)
				if h.Kind == OTHER && hv.Recovery().BaseBlockLost {
					h.Kind = byFileName(lostName(l.Path))
				}
			}
			h.Release()
			t.hives = append(t.hives, h)
		}
	}
}

// empty reports whether a file has no bytes. One that cannot be asked is not
// taken for empty.
func empty(f *File) bool {
	st, err := f.Stat()
	return err == nil && st.Size() == 0
}

func isLogName(p string) bool {
	switch strings.ToLower(path.Ext(p)) {
	case ".log", ".log1", ".log2":
		return true
	}
	return false
}

// logs returns the transaction logs beside a hive, in any case of their
// names: .LOG, .LOG1, .LOG2.
func (t *Tree) logs(f *File) []*File {
	dir, base := path.Split(f.name)
	d := f.vol.list(path.Clean(dir))
	var out []*File
	for _, ext := range hiveLogs {
		if i, ok := d.byName[fold(base+ext)]; ok && !d.entries[i].mode.IsDir() {
			if l := t.file(f.vol, path.Join(dir, d.entries[i].name)); !empty(l) {
				out = append(out, l)
			}
		}
	}
	return out
}

// Recognise describes what a hive is from its top-level keys (regf section 19),
// under any file name.
func Recognise(h *hive.Hive) Kind { return recognise(h) }

func recognise(h *hive.Hive) Kind {
	has := topKeys(h)
	switch {
	case has["SELECT"] && (has["CONTROLSET001"] || has["CONTROLSET002"] || has["CONTROLSET003"] || has["MOUNTEDDEVICES"]):
		return SYSTEM
	case has["LOCAL SETTINGS"]:
		return USRCLASS
	case has["SOFTWARE"]:
		return NTUSER
	case has["MICROSOFT"]:
		return SOFTWARE
	case has["POLICY"]:
		return SECURITY
	case has["SAM"]:
		return SAM
	case has["DEFAULTOBJECTSTORE"]:
		return SYSCACHE
	case has["ROOT"]:
		if _, err := h.Key(`Root\InventoryApplicationFile`); err == nil {
			return AMCACHE
		}
		if _, err := h.Key(`Root\File`); err == nil {
			return AMCACHE
		}
		if _, err := h.Key(`Root\Programs`); err == nil {
			return AMCACHE
		}
	}
	return byFileName(cmp.Or(h.Header().FileName, h.Recovery().Header.FileName))
}

// topKeys returns the folded names of the keys below the root, which itself may
// be lost.
func topKeys(h *hive.Hive) map[string]bool {
	has := map[string]bool{}
	root, err := h.Root()
	if err != nil {
		for r := range h.Unreachable() {
			if name, ok := strings.CutPrefix(r.Path, `\`); ok && r.IsKey && !strings.Contains(name, `\`) {
				has[fold(name)] = true
			}
		}
		return has
	}
	n := 0
	for k, err := range root.Subkeys() {
		if err == nil {
			has[fold(k.Name())] = true
		}
		if n++; n > 4096 {
			break
		}
	}
	return has
}

// lostName returns the name of a file without what a program that encrypts
// files has put behind it.
func lostName(name string) string {
	base := path.Base(name)
	for byFileName(base) == OTHER {
		ext := path.Ext(base)
		if ext == "" || ext == base {
			break
		}
		base = strings.TrimSuffix(base, ext)
	}
	return base
}

// byFileName goes by the name under which Windows last loaded the hive, the
// second hint when the keys tell nothing.
func byFileName(name string) Kind {
	switch base := fold(winpath.Base(name)); base {
	case "SYSTEM", "SOFTWARE", "SAM", "SECURITY":
		return Kind(base)
	case "NTUSER.DAT", "NTUSER.MAN", "DEFAULT":
		return NTUSER
	case "USRCLASS.DAT":
		return USRCLASS
	case "AMCACHE.HVE":
		return AMCACHE
	}
	return OTHER
}
