package evidence_test

import (
	"encoding/binary"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/internal/casetest"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

const (
	diskSignature = 0x9A4F21C7
	firstVolume   = 1 << 20
	volumeSize    = 8 << 20
)

// partitionID is the GUID of a partition of a GPT disk.
func partitionID(i int) []byte { return []byte("partition number" + string(rune('0'+i)))[1:17] }

// mountedMBR and mountedGPT are the values of a partition in MountedDevices.
func mountedMBR(i int) []byte {
	b := binary.LittleEndian.AppendUint32(nil, diskSignature)
	return binary.LittleEndian.AppendUint64(b, uint64(firstVolume+i*volumeSize))
}

func mountedGPT(i int) []byte { return append([]byte("DMIO:ID:"), partitionID(i)...) }

// ntfsVolume makes an NTFS volume with the files of a folder.
func ntfsVolume(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	for _, tool := range []string{"mkfs.ntfs", "wimcapture", "wimapply"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s: install ntfs-3g wimtools", tool)
		}
	}
	dir := t.TempDir()
	for name, data := range files {
		name = filepath.Join(dir, "tree", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "ntfs.img"), make([]byte, volumeSize), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"mkfs.ntfs", "-F", "-Q", "-q", "ntfs.img"}, {"wimcapture", "tree", "t.wim", "--compress=none"}, {"wimapply", "t.wim", "1", "ntfs.img"},
	} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, "ntfs.img"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// diskOf makes the image of a disk with these volumes.
func diskOf(t *testing.T, gpt bool, volumes ...[]byte) string {
	t.Helper()
	le := binary.LittleEndian
	disk := make([]byte, firstVolume+len(volumes)*volumeSize)
	disk[510], disk[511] = 0x55, 0xAA
	le.PutUint32(disk[440:], diskSignature)
	entries := disk[1024:1536]
	for i, v := range volumes {
		start := firstVolume + i*volumeSize
		copy(disk[start:], v)
		if gpt {
			e := entries[128*i:]
			copy(e, "\xA2\xA0\xD0\xEB\xE5\xB9\x33\x44\x87\xC0\x68\xB6\xB7\x26\x99\xC7")
			copy(e[16:], partitionID(i))
			le.PutUint64(e[32:], uint64(start/512))
			le.PutUint64(e[40:], uint64((start+volumeSize)/512-1))
			continue
		}
		e := disk[446+16*i:]
		e[4] = 7
		le.PutUint32(e[8:], uint32(start/512))
		le.PutUint32(e[12:], volumeSize/512)
	}
	if gpt {
		disk[446+4] = 0xEE
		le.PutUint32(disk[446+8:], 1)
		le.PutUint32(disk[446+12:], uint32(len(disk)/512-1))
		h := disk[512:]
		copy(h, "EFI PART\x00\x00\x01\x00")
		le.PutUint32(h[12:], 92)
		le.PutUint64(h[72:], 2)
		le.PutUint32(h[80:], 4)
		le.PutUint32(h[84:], 128)
		le.PutUint32(h[88:], crc32.ChecksumIEEE(entries))
		le.PutUint32(h[16:], crc32.ChecksumIEEE(h[:92]))
	}
	name := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(name, disk, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestDriveLetters reads disks with Windows and other volumes. The letters are
// those of MountedDevices in the SYSTEM hive of that Windows, and only those.
func TestDriveLetters(t *testing.T) {
	data := ntfsVolume(t, map[string][]byte{"work/plan.txt": []byte("x")})
	other := ntfsVolume(t, map[string][]byte{"backup/old.txt": []byte("y")})
	for _, c := range []struct {
		name    string
		gpt     bool
		mounted map[string][]byte // letters and values
		system  string            // the letter of Windows
		paths   []string          // of the files of the data volumes; "Volume{" for one without a letter
		notes   []string
	}{
		{"signature and offset", false, map[string][]byte{"C": mountedMBR(0), "E": mountedMBR(1), "F": mountedMBR(2)}, "C:",
			[]string{`E:\work\plan.txt`, `F:\backup\old.txt`},
			[]string{"C: by MountedDevices (disk 9A4F21C7, partition at 1048576)", "E: by MountedDevices (disk 9A4F21C7, partition at 9437184)"}},
		{"partition GUIDs", true, map[string][]byte{"C": mountedGPT(0), "K": mountedGPT(2)}, "C:",
			[]string{`Volume{`, `K:\backup\old.txt`}, []string{"K: by MountedDevices (partition {"}},
		{"Windows is not on C:", true, map[string][]byte{"W": mountedGPT(0), "C": mountedGPT(1)}, "W:",
			[]string{`C:\work\plan.txt`, `Volume{`}, []string{"W: by MountedDevices (partition {"}},
		{"another disk", false, map[string][]byte{"C": mountedGPT(0), "E": append([]byte{1}, mountedMBR(1)[1:]...)}, "C:",
			[]string{`Volume{`, `Volume{`}, []string{"shown as Volume{"}},
		{"two letters", false, map[string][]byte{"C": mountedMBR(0), "E": mountedMBR(1), "G": mountedMBR(1)}, "C:",
			[]string{`Volume{`, `Volume{`}, []string{"MountedDevices gives it the letters E: and G:"}},
		{"the letter of another volume", false, map[string][]byte{"C": mountedMBR(1)}, "C:",
			[]string{`Volume{`, `Volume{`}, []string{"MountedDevices gives it C:, as another volume has"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := casetest.CorpusMachine()
			key := m.Hive(casetest.UserSystem).Sub("MountedDevices")
			key.Set(`\DosDevices\C:`, regf.Binary([]byte{1}))
			for letter, v := range c.mounted {
				key.Set(`\DosDevices\`+letter+`:`, regf.Binary(v))
			}
			windows := ntfsVolume(t, m.Files())
			e, err := evidence.Open(diskOf(t, c.gpt, windows, data, other), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			if len(e.Trees) != 1 {
				t.Fatalf("%d machines: %q", len(e.Trees), e.Notes)
			}
			tr := e.Trees[0]
			for _, want := range c.notes {
				if !slices.ContainsFunc(e.Notes, func(n string) bool { return strings.Contains(n, want) }) {
					t.Errorf("no note with %q: %q", want, e.Notes)
				}
			}
			hives, _ := tr.Hives()
			if len(hives) == 0 {
				t.Error("no hive")
			}
			for _, h := range hives {
				if !strings.HasPrefix(h.Path, c.system+`\`) {
					t.Errorf("hive %s, want one on %s", h.Path, c.system)
				}
			}
			if f, _ := tr.Glob(`%SystemRoot%\System32\config\SYSTEM`); len(f) != 1 || !strings.HasPrefix(f[0].Path, c.system+`\`) {
				t.Errorf("the hive is %v", f)
			}
			for i, pattern := range []string{`%AnyDrive%\work\*.txt`, `%AnyDrive%\backup\*.txt`} {
				files, _ := tr.Glob(pattern)
				if len(files) != 1 || !strings.HasPrefix(files[0].Path, c.paths[i]) {
					t.Errorf("%s: %v, want %s", pattern, files, c.paths[i])
					continue
				}
				if f, ok := tr.Lookup(files[0].Path); !ok || f.Path != files[0].Path {
					t.Errorf("%s is not found again", files[0].Path)
				}
			}
		})
	}
}
