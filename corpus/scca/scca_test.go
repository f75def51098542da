package scca

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/prefetch/xpress"
)

// The values stand in the names of files that Windows wrote for these paths.
func TestHash(t *testing.T) {
	for _, tt := range []struct {
		version uint32
		text    string
		want    uint32
	}{
		{XP, `\DEVICE\HARDDISKVOLUME1\WINDOWS\NOTEPAD.EXE`, 0x189578DA},
		{XP, `\DEVICE\HARDDISKVOLUME1\WINDOWS\SYSTEM32\CMD.EXE`, 0x087B4001},
		{XP, `\DEVICE\HARDDISKVOLUME1\WINDOWS\SYSTEM32\CALC.EXE`, 0x02CD573A},
		{XP, `\DEVICE\HARDDISKVOLUME1\WINDOWS\SYSTEM32\MMC.EXE`, 0x025D8420},
		{XP, `"C:\WINDOWS\system32\mmc.exe" "C:\WINDOWS\system32\certsrv.msc" `, 0x04C3910E},
		{Win7, `\DEVICE\HARDDISKVOLUME1\WINDOWS\SYSTEM32\CMD.EXE`, 0x89305D47},
		{Win8, `\DEVICE\HARDDISKVOLUME2\WINDOWS\SYSTEM32\CMD.EXE`, 0x4A81B364},
		{Win10, `\DEVICE\HARDDISKVOLUME3\WINDOWS\SYSTEM32\CMD.EXE`, 0x0BD30981},
		{Win11, `\DEVICE\HARDDISKVOLUME2\WINDOWS\SYSTEM32\NOTEPAD.EXE`, 0xD8414F97},
		{Win10, `\DEVICE\HARDDISKVOLUME3\WINDOWS\SYSTEM32\SVCHOST.EXE`, 0xD02762BF},
		{Win10, `C:\Windows\System32\svchost.exe -k netsvcs -p -s BITS`, 0xE19CCE58},
		{Win10, `C:\Windows\system32\DllHost.exe /Processid:{AB8902B4-09CA-4BB6-B78D-A8F59079A8D5}`, 0x7D7DC89B},
		{Win10, `\DEVICE\HARDDISKVOLUME4\WINDOWS\SYSTEM32\RUNTIMEBROKER.EXE`, 0x17E2786F},
		{Win10, `Microsoft.WindowsTerminal_1.15.2713.0_x64__8wekyb3d8bbwe`, 0x4CDF6877},
		{Win10, `runtimebroker07f4358a809ac99a64a67c1`, 0xDE40270A},
		{Win10, `App`, 0x450F18DC},
	} {
		if got := Hash(tt.version, tt.text); got != tt.want {
			t.Errorf("Hash(%d, %q) = %08X, want %08X", tt.version, tt.text, got, tt.want)
		}
	}
}

func TestFileName(t *testing.T) {
	for want, s := range map[string]Spec{
		"SVCHOST.EXE-B1C43117.pf": {Version: Win10, Path: `\DEVICE\HARDDISKVOLUME3\WINDOWS\SYSTEM32\SVCHOST.EXE`,
			CommandLine: `C:\Windows\System32\svchost.exe -k netsvcs -p -s BITS`},
		"RUNTIMEBROKER.EXE-430207F0.pf": {Version: Win10, Path: `\DEVICE\HARDDISKVOLUME4\WINDOWS\SYSTEM32\RUNTIMEBROKER.EXE`,
			Package: `Microsoft.WindowsTerminal_1.15.2713.0_x64__8wekyb3d8bbwe`, AppID: `runtimebroker07f4358a809ac99a64a67c1`},
		"MMC.EXE-0721152E.pf": {Version: XP, Path: `\DEVICE\HARDDISKVOLUME1\WINDOWS\SYSTEM32\MMC.EXE`,
			CommandLine: `"C:\WINDOWS\system32\mmc.exe" "C:\WINDOWS\system32\certsrv.msc" `},
		"CMD.EXE-0BD30989.pf": {Version: Win10, Path: `\DEVICE\HARDDISKVOLUME3\WINDOWS\SYSTEM32\CMD.EXE`, PrefetchArg: 8},
		"SOMEVERYLONGPROGRAMNAMETHATIS-00000ABC.pf": {Version: Win10, Hash: 0xABC,
			Path: `\DEVICE\HARDDISKVOLUME3\SOMEVERYLONGPROGRAMNAMETHATISCUT.EXE`},
	} {
		if got := s.FileName(); got != want {
			t.Errorf("FileName() = %s, want %s", got, want)
		}
	}
}

func TestSpecials(t *testing.T) {
	boot, op := Boot(Win7), Operation("EXPLORER.EXE-D5E97654", 1)
	if got := boot.FileName(); got != "NTOSBOOT-B00DFAAD.pf" {
		t.Errorf("boot scenario: %s", got)
	}
	if got := op.FileName(); got != "Op-EXPLORER.EXE-D5E97654-00000001.pf" {
		t.Errorf("operation scenario: %s", got)
	}
	b := boot.Build()
	if le.Uint32(b[80:]) != 1 || le.Uint32(b[124:]) != 6 {
		t.Errorf("boot scenario: flags %d, word at 124 is %d; want 1 and 6", le.Uint32(b[80:]), le.Uint32(b[124:]))
	}
	plain := unwrap(t, op.Build(), false)
	if off, size := le.Uint32(plain[212:]), le.Uint32(plain[216:]); off != 0 || size != 0 {
		t.Errorf("operation scenario has an executable record at %d, %d bytes", off, size)
	}
}

// The same fields, read by hand at the offsets of the format's description and not through the writer's tables.
func TestBuild(t *testing.T) {
	for name, s := range Samples() {
		t.Run(name, func(t *testing.T) {
			b := s.Build()
			if !bytes.Equal(b, s.Build()) {
				t.Fatal("Build is not deterministic")
			}
			if s.MAM {
				b = unwrap(t, b, s.CRC)
			}
			u32 := func(off int) uint32 { return binary.LittleEndian.Uint32(b[off:]) }
			eq := func(what string, got, want uint32) {
				t.Helper()
				if got != want {
					t.Errorf("%s = %d (%#x), want %d", what, got, got, want)
				}
			}
			eq("version", u32(0), s.Version)
			eq("file size", u32(12), uint32(len(b)))
			eq("hash", u32(76), s.hash())

			metric, trace, runs, count, directories := 32, 12, 128, 208, uint32(3)
			switch name[:3] {
			case "v17":
				metric, runs, count = 20, 120, 144
				eq("metrics offset", u32(84), 152)
			case "v23":
				count = 152
				eq("metrics offset", u32(84), 240)
			case "v26":
				eq("metrics offset", u32(84), 304)
			default:
				trace = 8
				if strings.HasPrefix(name, "v30a") {
					eq("metrics offset", u32(84), 304)
				} else {
					count = 200
					eq("metrics offset", u32(84), 296)
				}
			}
			eq("run count", u32(count), s.RunCount)
			for i, r := range s.LastRuns {
				if got := binary.LittleEndian.Uint64(b[runs+8*i:]); got != filetime(r) {
					t.Errorf("run time %d = %d, want %d", i, got, filetime(r))
				}
			}
			if s.Version > XP {
				eq("directories", u32(120), directories)
			}

			// Where one section ends the next begins; the sums agree.
			eq("traces", u32(92), u32(84)+u32(88)*uint32(metric))
			eq("strings", u32(100), u32(92)+u32(96)*uint32(trace))
			eq("end of volumes", u32(108)+u32(116), uint32(len(b)))
			eq("alignment of volumes", u32(108)%8, 0)
			end := u32(100) + u32(104)
			if rec := count + 12; s.Version >= Win10 {
				eq("record", u32(rec), end)
				end += u32(rec + 4)
				eq("record size", u32(rec+4), 2*uint32(len(s.Path))+4)
			}
			eq("volumes", u32(108), (end+7)&^7)

			at, first, text := int(u32(84)), uint32(0), int(u32(100))
			for i, f := range s.Files {
				m := b[at+metric*i:]
				eq("first trace", binary.LittleEndian.Uint32(m), first)
				n := binary.LittleEndian.Uint32(m[4:])
				eq("pages", n, uint32(len(f.Pages)))
				name := 8
				if s.Version > XP {
					name = 12
					skipped := uint32(0)
					for j := first; j < first+n; j++ {
						skipped += uint32(b[int(u32(92))+trace*int(j)+trace-4] & 1)
					}
					eq("prefetched", binary.LittleEndian.Uint32(m[8:]), n-skipped)
				}
				units := make([]uint16, binary.LittleEndian.Uint32(m[name+4:]))
				from := text + int(binary.LittleEndian.Uint32(m[name:]))
				for j := range units {
					units[j] = binary.LittleEndian.Uint16(b[from+2*j:])
				}
				if got := string(utf16.Decode(units)); got != f.Name {
					t.Errorf("name %d = %q, want %q", i, got, f.Name)
				}
				first += n
			}
			eq("trace entries", u32(96), first)
		})
	}
}

// unwrap opens a MAM container with the codec of this repository.
func unwrap(t *testing.T, b []byte, crc bool) []byte {
	t.Helper()
	if string(b[:3]) != "MAM" {
		t.Fatalf("container begins with %q", b[:4])
	}
	stream := 8
	if crc {
		stream = 12
		c := slices.Clone(b)
		clear(c[8:12])
		if got, want := binary.LittleEndian.Uint32(b[8:]), crc32.ChecksumIEEE(c); got != want {
			t.Errorf("checksum = %08x, want %08x", got, want)
		}
	}
	out := make([]byte, binary.LittleEndian.Uint32(b[4:]))
	if err := xpress.Decode(out, b[stream:]); err != nil {
		t.Fatal(err)
	}
	return out
}

// Every damage changes the file, is the same twice, and leaves the Spec alone.
func TestDamages(t *testing.T) {
	names := make(map[string]bool)
	for _, d := range Damages {
		if names[d.Name] || d.Name == "" || !strings.HasSuffix(d.Says, ".") || d.Want == "" {
			t.Errorf("damage %q: a unique name, a sentence and an answer are wanted", d.Name)
		}
		names[d.Name] = true
		applied := 0
		for _, name := range slices.Sorted(maps.Keys(Samples())) {
			s := Samples()[name]
			if !d.Applies(s) {
				continue
			}
			applied++
			whole := s
			whole.MAM = (s.MAM || d.container) && !d.bare
			whole.CRC = s.CRC || d.Want == ChecksumMismatch
			before := fmt.Sprint(s)
			got := d.Build(s)
			if bytes.Equal(got, whole.Build()) {
				t.Errorf("%s of %s: nothing is damaged", d.Name, name)
			}
			if !bytes.Equal(got, d.Build(s)) {
				t.Errorf("%s of %s: not deterministic", d.Name, name)
			}
			if fmt.Sprint(s) != before {
				t.Errorf("%s of %s: the Spec was changed", d.Name, name)
			}
		}
		if applied == 0 {
			t.Errorf("%s applies to no sample", d.Name)
		}
	}
}

// docs/corpus.md lists every damage in the same words.
func TestDamagesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/corpus.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range Damages {
		if row := fmt.Sprintf("| `%s` | %s | %s |\n", d.Name, d.Says, d.Want); !strings.Contains(string(doc), row) {
			t.Errorf("docs/corpus.md lacks %s", row)
		}
	}
}

func TestFiletime(t *testing.T) {
	if got := filetime(time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)); got != 116444736000000000 {
		t.Errorf("filetime(1970) = %d", got)
	}
	if got := filetime(time.Date(2026, 3, 6, 11, 20, 0, 123456700, time.UTC)); got != 134172696001234567 {
		t.Errorf("filetime = %d, want 134172696001234567", got)
	}
	if got := filetime(time.Time{}); got != 0 {
		t.Errorf("filetime(zero) = %d", got)
	}
}
