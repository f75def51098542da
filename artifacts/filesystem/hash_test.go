package filesystem_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
)

// A badFS counts what is read of $MFT and $J, and damages $MFT.
type badFS struct {
	fs.FS
	damage
	mft, journal atomic.Int64
}

type damage struct {
	read, readAt int64 // the first byte that one of the ways to read cannot read; 0 for none
	lost         int64 // bytes that the file has by its size only
}

type badFile struct {
	fs.File
	damage
	n   *atomic.Int64
	pos int64
}

type badInfo struct {
	fs.FileInfo
	more int64
}

func (i badInfo) Size() int64 { return i.FileInfo.Size() + i.more }

var errSector = errors.New("bad sector")

func (b *badFS) Open(name string) (fs.File, error) {
	f, err := b.FS.Open(name)
	switch {
	case err == nil && strings.HasSuffix(name, "$MFT"):
		return &badFile{File: f, damage: b.damage, n: &b.mft}, nil
	case err == nil && strings.HasSuffix(name, "$J"):
		return &badFile{File: f, n: &b.journal}, nil
	}
	return f, err
}

func (f *badFile) Stat() (fs.FileInfo, error) {
	st, err := f.File.Stat()
	return badInfo{st, f.lost}, err
}

func (f *badFile) Read(p []byte) (int, error) {
	if bad := f.read; bad > 0 {
		if p = p[:min(int64(len(p)), bad-f.pos)]; len(p) == 0 {
			return 0, errSector
		}
	}
	n, err := f.File.Read(p)
	f.pos += int64(n)
	f.n.Add(int64(n))
	return n, err
}

func (f *badFile) ReadAt(p []byte, off int64) (int, error) {
	at := f.File.(io.ReaderAt)
	if bad := f.readAt; bad > 0 && off+int64(len(p)) > bad {
		n, _ := at.ReadAt(p[:max(0, bad-off)], off)
		return n, errSector
	}
	n, err := at.ReadAt(p, off)
	f.n.Add(int64(n))
	return n, err
}

// TestHash: $MFT and the change journal are hashed as they are read for their records.
// The hash is right, or there is none and an error says why.
func TestHash(t *testing.T) {
	at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	v := ntfsmeta.New(ntfsmeta.Spec{Made: at})
	dir := v.Mkdir(ntfsmeta.Root, "Windows", at)
	for i := range 800 {
		v.Create(dir, fmt.Sprintf("%d.dat", i), nil, at.Add(time.Duration(i)*time.Minute))
	}
	v.Create(ntfsmeta.Root, "tool.exe", nil, at.Add(48*time.Hour))
	mft, journal := v.MFT(), v.J()
	for name, c := range map[string]struct {
		fsys damage
		cut  int    // bytes at the end of $MFT
		err  string // of the artifact mft
		none bool   // no hash
	}{
		"whole":          {},
		"cut":            {cut: 300, err: "the file ends 724 bytes into it"},
		"bad for a pass": {fsys: damage{read: 300_000}, err: "cannot be read: bad sector"},
		"bad":            {fsys: damage{read: 300_000, readAt: 300_000}, err: "bad sector", none: true},
		"shrank":         {fsys: damage{lost: 4096}, err: fmt.Sprintf("%d bytes of %d: unexpected EOF", len(mft), len(mft)+4096), none: true},
	} {
		for _, jobs := range []int{1, 4} {
			fsys := &badFS{damage: c.fsys}
			data := mft[:len(mft)-c.cut]
			fsys.FS = fstest.MapFS{"C/$MFT": {Data: data}, "C/$Extend/$J": {Data: journal}, "C/Windows/System32/config/SYSTEM": {}}
			ev, err := evidence.OpenFS(fsys, "test", nil)
			if err != nil {
				t.Fatal(err)
			}
			results, err := artifacts.Run(t.Context(), ev.Trees[0], filesystem.Artifacts(), &artifacts.Options{Jobs: jobs})
			if err != nil {
				t.Fatal(err)
			}
			fsys.mft.Store(0)
			fsys.journal.Store(0)
			said, hashed := false, map[string]int{}
			for res := range results {
				content := map[string][]byte{`C:\$MFT`: data, `C:\$Extend\$J`: journal}[res.From.Path]
				if content == nil {
					continue
				}
				hashed[res.From.Path]++
				sum := sha256.Sum256(content)
				want := hex.EncodeToString(sum[:])
				if c.none && res.From.Path == `C:\$MFT` {
					want = ""
				}
				if res.From.SHA256 != want {
					t.Errorf("%s, %d jobs: %s of %s has the hash %q, want %q", name, jobs, res.Artifact.Name, res.From.Path, res.From.SHA256, want)
				}
				for i := range res.Records {
					if res.Records[i].From.SHA256 != want {
						t.Errorf("%s, %d jobs: a record of %s has the hash %q", name, jobs, res.Artifact.Name, res.Records[i].From.SHA256)
					}
				}
				for _, e := range res.Errors {
					said = said || res.Artifact.Name == "mft" && strings.Contains(e.Error(), c.err)
				}
			}
			if hashed[`C:\$MFT`] < 3 || hashed[`C:\$Extend\$J`] != 1 || said != (c.err != "") {
				t.Errorf("%s, %d jobs: results %v, error %t", name, jobs, hashed, said)
			}
			// Two passes and some records; three passes and the beginning, which is all of it here.
			if n := fsys.mft.Load(); name == "whole" && n > int64(len(mft))*5/2 {
				t.Errorf("%d jobs: %d bytes of %d of $MFT were read", jobs, n, len(mft))
			}
			if n := fsys.journal.Load(); n > int64(len(journal))*4+64<<10 {
				t.Errorf("%d jobs: %d bytes of %d of the journal were read", jobs, n, len(journal))
			}
		}
	}
}
