package system

import (
	"encoding/binary"
	"encoding/hex"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

// decoded runs one artifact of the chapter over a hive.
func decoded(t *testing.T, name, path string, build func(*regf.Key)) ([]artifacts.Record, []*artifacts.DecodeError) {
	t.Helper()
	return testtree.Found(t, testtree.HiveOf(path, build), testtree.Named(t, Artifacts(), name))
}

// TestSSID: the name of a wireless network is the name of a key, two digits for each
// byte, the lower half first.
func TestSSID(t *testing.T) {
	swap := func(s string) string {
		b := []byte(hex.EncodeToString([]byte(s)))
		for i := 0; i < len(b); i += 2 {
			b[i], b[i+1] = b[i+1], b[i]
		}
		return string(b)
	}
	for _, name := range []string{"Kestrel Guest", "größe", "日本", "a", ""} {
		if got := ssid(swap(name)); got != name {
			t.Errorf("%q: %q", name, got)
		}
	}
	for in, want := range map[string]string{"84966": "84966", "8g": "8g", "64": "F", "6F": "\uFFFD", "c6": "l", "C6": "l"} {
		if got := ssid(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestSeasons: u16 year, month, week, hour, minute, second, milliseconds, day of the week.
func TestSeasons(t *testing.T) {
	at := func(list ...uint16) (b []byte) {
		for _, n := range list {
			b = binary.LittleEndian.AppendUint16(b, n)
		}
		return b
	}
	for _, c := range []struct {
		b    []byte
		want string
	}{
		{at(0, 3, 5, 2, 0, 0, 0, 0), "last Sunday of March at 02:00"},
		{at(0, 10, 5, 3, 0, 0, 0, 0), "last Sunday of October at 03:00"},
		{at(0, 4, 1, 23, 59, 59, 999, 6), "first Saturday of April at 23:59"},
		{at(0, 12, 4, 0, 0, 0, 0, 4), "fourth Thursday of December at 00:00"},
		{at(0, 0, 0, 0, 0, 0, 0, 0), ""}, // a zone without seasons
		{at(0, 13, 1, 0, 0, 0, 0, 0), ""},
		{at(0, 1, 6, 0, 0, 0, 0, 0), ""},
		{at(0, 1, 0, 0, 0, 0, 0, 0), ""},
		{at(0, 1, 1, 0, 0, 0, 0, 7), ""},
		{at(0, 1, 1, 0, 0, 0, 0), ""},
		{nil, ""},
	} {
		if got := timeZoneStart(c.b); got != c.want {
			t.Errorf("% x: %q, want %q", c.b, got, c.want)
		}
	}
}

func TestResourceText(t *testing.T) {
	for in, want := range map[string]string{"@disk.inf,%disk_devdesc%;Disk drive": "Disk drive", "@a;b;c": "c", "Disk;drive": "Disk;drive", "@disk.inf,%x%": "@disk.inf,%x%",
		"@x;": "", "": ""} {
		if got := resourceText(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestMACText(t *testing.T) {
	for in, want := range map[string]string{"\x00\x1a\x2b\x3c\x4d\xff": "00:1a:2b:3c:4d:ff", "\x00\x1a\x2b\x3c\x4d\xff\x01": "00:1a:2b:3c:4d:ff", "\x00\x1a\x2b\x3c\x4d": "", "": ""} {
		if got := macText([]byte(in)); got != want {
			t.Errorf("% x: %q, want %q", in, got, want)
		}
	}
}

// TestMountedDevicesKinds has the three forms of the data, by which a drive letter is
// bound to a disk, a partition or a device, and what is none of them.
func TestMountedDevicesKinds(t *testing.T) {
	mbr := binary.LittleEndian.AppendUint64([]byte{0xEF, 0xBE, 0xAD, 0xDE}, 1<<20)
	gpt := append([]byte("DMIO:ID:"), 4, 3, 2, 1, 6, 5, 8, 7, 9, 10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16)
	recs, errs := decoded(t, "mounteddevices", testtree.SystemPath, func(root *regf.Key) {
		testtree.AsSystem(root)
		root.Sub("MountedDevices").Set(`\DosDevices\C:`, regf.Binary(mbr)).Set(`\DosDevices\D:`, regf.Binary(gpt)).
			Set(`\DosDevices\E:`, regf.Binary(regf.UTF16(`_??_USBSTOR#Disk&Ven_Heron#0001&0#{53f56307-b6bf-11d0-94f2-00a0c91efb8b}`))).
			Set(`\??\Volume{0a1b2c3d-0000-0000-0000-100000000000}`, regf.Binary(mbr)).
			Set(`#{short}`, regf.Binary([]byte{1, 2, 3})).Set(`\DosDevices\F:`, regf.Binary(nil))
	})
	testtree.NoErrors(t, errs)
	got := map[string]MountedDevice{}
	for _, r := range recs {
		d := r.Data.(MountedDevice)
		d.Origin = artifacts.Origin{}
		got[d.Name] = d
	}
	for _, want := range []MountedDevice{
		{Name: `\DosDevices\C:`, Drive: "C:", Signature: "DEADBEEF", Start: 1 << 20},
		{Name: `\DosDevices\D:`, Drive: "D:", Partition: "{01020304-0506-0708-090a-111213141516}"},
		{Name: `\DosDevices\E:`, Drive: "E:", Device: `_??_USBSTOR#Disk&Ven_Heron#0001&0#{53f56307-b6bf-11d0-94f2-00a0c91efb8b}`},
		{Name: `\??\Volume{0a1b2c3d-0000-0000-0000-100000000000}`, Volume: "{0a1b2c3d-0000-0000-0000-100000000000}", Signature: "DEADBEEF", Start: 1 << 20},
		{Name: `#{short}`, Volume: "{short}", Raw: "010203"},
		{Name: `\DosDevices\F:`, Drive: "F:"},
	} {
		if g := got[want.Name]; g != want {
			t.Errorf("%s: %+v, want %+v", want.Name, g, want)
		}
	}
}

// TestVolumeLabelNames: the key of ReadyBoost ends in the label and the serial number,
// in decimal digits; labels may have the signs that separate them.
func TestVolumeLabelNames(t *testing.T) {
	const device = "_??_USBSTOR#Disk&Ven_Heron#0001&0#{53f56307-b6bf-11d0-94f2-00a0c91efb8b}"
	recs, errs := decoded(t, "volumelabels", testtree.SoftwarePath, func(root *regf.Key) {
		testtree.AsSoftware(root)
		k := root.Sub(`Microsoft\Windows NT\CurrentVersion\EMDMgmt`)
		for _, s := range []string{"LABEL_305419896", "A_B C_4294967295", "_1", "LABEL_4294967296", "LABEL"} {
			k.Sub(device + s)
		}
		root.Sub(`Microsoft\Windows Portable Devices\Devices\A`).Set("FriendlyName", regf.String(`E:\`))
		root.Sub(`Microsoft\Windows Portable Devices\Devices\B`).Set("FriendlyName", regf.String(`HERON`))
	})
	testtree.NoErrors(t, errs)
	got := map[string]bool{}
	for _, r := range recs {
		v := r.Data.(VolumeLabel)
		got[v.Source+"|"+v.Drive+"|"+v.Label+"|"+v.Serial] = true
	}
	for _, want := range []string{"ReadyBoost||LABEL|12345678", "ReadyBoost||A_B C|FFFFFFFF", "ReadyBoost|||00000001", "portable devices|E:||", "portable devices||HERON|",
		"ReadyBoost|||"} { // a number of 33 bits, and no number
		if !got[want] {
			t.Errorf("%q is missing from %v", want, got)
		}
	}
}

// TestAuditPolicyDamaged has values that promise more than they hold.
func TestAuditPolicyDamaged(t *testing.T) {
	value := func(categories, footer uint16, rest ...byte) []byte {
		b := make([]byte, auditHeader)
		binary.LittleEndian.PutUint16(b[auditCategories:], categories)
		binary.LittleEndian.PutUint16(b[auditFooter:], footer)
		return append(b, rest...)
	}
	for _, c := range []struct {
		name    string
		b       []byte
		records int
		problem string
	}{
		{"one of each", value(1, 20, 0, 0, 1, 0, 2, 0, 3, 0, 4, 0), 4, ""},
		{"a subcategory of later Windows", value(1, 24, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 3, 0, 6, 0), 6, ""},
		{"no categories", value(0, auditHeader), 0, ""},
		{"header only in part", make([]byte, auditHeader-1), 0, "11 bytes, a policy has a header of 12"},
		{"ten categories", value(10, auditHeader, make([]byte, 20)...), 0, "10 categories"},
		{"numbers in the header", value(1, 4, 1, 0), 0, "1 categories with their numbers at 4"},
		{"numbers past the end", value(1, 13, 1), 0, "1 categories with their numbers at 13 of 13 bytes"},
		{"more than settings", value(1, 14, 1, 0, 9, 0), 1, "more subcategories than settings"},
	} {
		recs, errs := decoded(t, "auditpolicy", "Windows/System32/config/SECURITY", func(root *regf.Key) {
			root.Sub("Policy").Sub("PolAdtEv").Set("", regf.Raw(0, c.b))
		})
		if len(recs) != c.records {
			t.Errorf("%s: %d records, want %d", c.name, len(recs), c.records)
		}
		if c.problem == "" {
			testtree.NoErrors(t, errs)
		} else {
			testtree.WantErrors(t, errs, c.problem)
		}
	}
	recs, _ := decoded(t, "auditpolicy", "Windows/System32/config/SECURITY", func(root *regf.Key) {
		root.Sub("Policy").Sub("PolAdtEv").Set("", regf.Raw(0, value(1, 24, 1, 0, 2, 0, 0, 0, 3, 0, 1, 0, 3, 0, 6, 0)))
	})
	testtree.WantSummaries(t, recs,
		"[System] Security State Change: success is audited", "[System] Security System Extension: failure is audited", "[System] System Integrity: not audited",
		"[System] IPsec Driver: success and failure are audited", "[System] Other System Events: success is audited",
		"[System] subcategory 6: success and failure are audited")
}

// TestNetworkTimes: the times of a network are local digits in a SYSTEMTIME.
func TestNetworkTimes(t *testing.T) {
	build := func(created []byte) ([]artifacts.Record, []*artifacts.DecodeError) {
		return decoded(t, "networks", testtree.SoftwarePath, func(root *regf.Key) {
			testtree.AsSoftware(root)
			k := root.Sub(`Microsoft\Windows NT\CurrentVersion\NetworkList\Profiles\{0A1B2C3D-0000-0000-0000-100000000000}`)
			k.Set("ProfileName", regf.String("größe")).Set("Category", regf.DWord(1)).Set("NameType", regf.DWord(0x47)).Set("DateCreated", regf.Binary(created))
		})
	}
	for _, c := range []struct {
		created []byte
		want    time.Time
		errors  int
	}{
		{[]byte{0xEA, 7, 3, 0, 0, 0, 1, 0, 10, 0, 20, 0, 30, 0, 123, 0}, time.Date(2026, 3, 1, 10, 20, 30, 123e6, time.UTC), 0},
		{[]byte{0xEA, 7, 2, 0, 0, 0, 30, 0, 10, 0, 20, 0, 30, 0, 0, 0}, time.Time{}, 0},
		{[]byte{0xEA, 7, 3, 0}, time.Time{}, 1},
	} {
		recs, errs := build(c.created)
		if len(recs) != 1 || len(errs) != c.errors {
			t.Fatalf("%d records, errors %v", len(recs), errs)
		}
		n := recs[0].Data.(NetworkProfile)
		if !n.Created.Equal(c.want) || n.Category != "private" || n.Type != "wireless" || n.Name != "größe" {
			t.Errorf("%+v, want created %v", n, c.want)
		}
	}
}

// TestSharesUnusual has a share of each type, lines without a value, and none.
func TestSharesUnusual(t *testing.T) {
	recs, errs := decoded(t, "shares", testtree.SystemPath, func(root *regf.Key) {
		testtree.AsSystem(root).Sub(`Services\LanmanServer\Shares`).
			Set("a", regf.Multi(`Path=C:\a=b`, "Type=0", "Remark=", "CSCFlags=0")).
			Set("b", regf.Multi("type=1", "PATH=Heron", "remark=größe")).
			Set("c", regf.Multi("Type=3221225472", "Path", "=x")).
			Set("d", regf.Multi()).
			Set("", regf.Multi(`Path=C:\nameless`))
	})
	testtree.NoErrors(t, errs)
	testtree.WantRecords(t, recs, []Share{
		{Name: "a", Path: `C:\a=b`, Type: "folder", Written: testtree.Written},
		{Name: "b", Path: "Heron", Type: "printer", Remark: "größe", Written: testtree.Written},
		{Name: "c", Type: "3221225472", Written: testtree.Written},
		{Name: "d", Written: testtree.Written},
	})
}

// TestNoEvidence: no artifact of the chapter says anything of a volume without files.
func TestNoEvidence(t *testing.T) {
	m := fstest.MapFS{"Windows/System32/ntdll.dll": {}}
	for _, a := range Artifacts() {
		recs, errs := testtree.Found(t, m, a)
		testtree.NoErrors(t, errs)
		if len(recs) != 0 {
			t.Errorf("%s: %d records of nothing", a.Name, len(recs))
		}
	}
}
