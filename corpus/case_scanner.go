package corpus

import (
	"crypto/rc4"
	"encoding/hex"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

const defenderFolder = "ProgramData/Microsoft/Windows Defender/"

// testFile is what mira downloaded to try the scanner; testSeen is when it was found.
const testFile = `C:\Users\mira\Downloads\eicar.com`

var testSeen = utc(2025, 6, 11, 2, 40, 12, 1120345)

// defenderDetectionsCase writes the detection of a test file, which was removed.
func defenderDetectionsCase(m *Machine) {
	var b []byte
	value := func(kind uint32, data []byte) {
		b = le.AppendUint32(le.AppendUint32(b, uint32(len(data))), kind)
		b = append(append(b, data...), make([]byte, -len(data)&7)...)
	}
	text := func(s string) { value(0x15, regf.UTF16(s+"\x00")) }
	number := func(n uint32) { value(6, le.AppendUint32(nil, n)) }
	date := func(t time.Time) { value(0x0A, le.AppendUint64(nil, regf.FILETIME(t))) }
	id := []byte("\x70\x6F\x1C\x0A\x5E\x2B\x61\x4D\x9A\x33\x01\x02\x03\x04\x05\x06")
	value(8, le.AppendUint64(nil, 2147519003))
	value(0x1E, id)
	text("Magic.Version:1.2")
	text("Virus:DOS/EICAR_Test_File")
	number(0)
	number(5)
	number(42)
	text("Magic.Version:1.2")
	text("file")
	text(testFile)
	number(1)
	number(0)
	value(0x28, nil)
	text("Magic.Version:1.2")
	// The first six values of the last set are the last resource of the detection.
	text("webfile")
	text(testFile + `|https://eicar.example/eicar.com|pid:8120,ProcessStart:133941048000000000`)
	number(1)
	number(0)
	value(0x28, nil)
	date(testSeen.Add(20 * time.Second))
	number(7)
	number(8)
	value(0x1E, id)
	number(10)
	number(11)
	text(`KESTREL-PC\mira`)
	number(13)
	text("Unknown")
	for n := range uint32(3) {
		number(15 + n)
	}
	date(testSeen)
	number(19)
	date(testSeen.Add(19 * time.Second))
	for n := range uint32(3) {
		number(21 + n)
	}
	text(`NT AUTHORITY\SYSTEM`)
	m.File(defenderFolder+"Scans/History/Service/DetectionHistory/07/0A1C6F70-2B5E-4D61-9A33-010203040506", b)
}

// defenderLogCase writes the engine's log of the same day.
func defenderLogCase(m *Machine) {
	lines := []string{
		"2025-06-11T00:12:00.000Z Service started - Microsoft Defender Antivirus",
		"2025-06-11T02:40:12.112Z DETECTIONEVENT MPSOURCE_REALTIME Virus:DOS/EICAR_Test_File file:" + testFile + ";",
		"2025-06-11T02:40:31.200Z DETECTION_CLEANEVENT MPSOURCE_REALTIME MP_THREAT_ACTION_QUARANTINE 0x00000000 Virus:DOS/EICAR_Test_File file:" + testFile + ";",
		`2025-06-11T03:00:01.000Z ProcessImageName: chrome.exe, Pid: 8120, TotalTime: 312, Count: 41, MaxTime: 47, MaxTimeFile: \Device\HarddiskVolume3\Users\mira\Downloads\eicar.com, EstimatedImpact: 1%`,
		"2025-06-11T03:00:02.000Z nothing of note",
	}
	m.File(defenderFolder+"Support/MPLog-20250611-001200.log",
		append([]byte{0xFF, 0xFE}, regf.UTF16(strings.Join(lines, "\r\n")+"\r\n")...))
}

// quarantineCase writes the entry of the same file, and its content.
func quarantineCase(m *Machine) {
	one := append([]byte("\x70\x6F\x1C\x0A\x5E\x2B\x61\x4D\x9A\x33\x01\x02\x03\x04\x05\x06"), make([]byte, 16)...)
	one = le.AppendUint64(one, regf.FILETIME(testSeen.Add(19*time.Second)))
	one = le.AppendUint64(one, 2147519003)
	one = append(append(one, 1, 0, 0, 0), "Virus:DOS/EICAR_Test_File\x00"...)
	res := append(regf.UTF16(`\\?\`+testFile+"\x00"), 4, 0)
	res = append(res, "file\x00"...)
	field := func(id uint16, v []byte) {
		res = append(res, make([]byte, -len(res)&3)...)
		res = le.AppendUint16(le.AppendUint16(res, uint16(len(v))), id)
		res = append(res, v...)
	}
	name := []byte{0xA1, 0x5E, 0x20, 0x7C}
	field(0x02|5<<12, name)
	field(0x0F|6<<12, le.AppendUint64(nil, regf.FILETIME(testSeen.Add(-2*time.Second))))
	field(0x11|6<<12, le.AppendUint64(nil, regf.FILETIME(testSeen.Add(-time.Second))))
	field(0x12|6<<12, []byte{68, 0, 0, 0, 0, 0, 0, 0})
	two := append([]byte{1, 0, 0, 0, 8, 0, 0, 0}, res...)
	head := make([]byte, 60)
	le.PutUint32(head[40:], uint32(len(one)))
	le.PutUint32(head[44:], uint32(len(two)))
	entry := append(quarantined(head), quarantined(one)...)
	m.File(defenderFolder+"Quarantine/Entries/{0A1C6F70-2B5E-4D61-9A33-010203040506}", append(entry, quarantined(two)...))
	// The content is a stream of 68 bytes that only say what they are: a real test file would be found by scanners again.
	data := append([]byte{3, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0, 0, 0, 0)
	data = append(data, 1, 0, 0, 0, 0, 0, 0, 0, 68, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	data = append(data, strings.Repeat("test", 17)...)
	m.File(defenderFolder+"Quarantine/ResourceData/A1/A15E207C", quarantined(data))
}

// quarantined encrypts a part of a quarantine with the one key that all have.
func quarantined(b []byte) []byte {
	key, _ := hex.DecodeString(quarantineKey)
	c, err := rc4.NewCipher(key)
	if err != nil {
		panic(err)
	}
	out := make([]byte, len(b))
	c.XORKeyStream(out, b)
	return out
}

// quarantineKey was published by Bauer in 2014.
const quarantineKey = "1e87781b8dbaa844ce69702c0c78b786a3f623b738f5edf9af83530fb3fc54fa" +
	"a21eb9cf1331fd0f0da954f687cb9e18279697900e53fb317c9cbce48e23d053" +
	"71ecc15951b8f3649d7ca33ed68dc9047e82c9baad9799d0d458cb847ca9ffbe" +
	"3c8a775233557dde13a8b14087cc1bc8f10f6ecdd083a959cff84a9d1d50755e" +
	"3e191818af23e2293558766d2c07e25712b2ca0b535ed8f6c56ce73d24bdd029" +
	"1771861a54b4c285a9a3db7aca6d224aeacd621db9f2a22ed1e9e11d75bed7dc" +
	"0ecb0a8e68a2ff1263408dc808dffd164b116774cd0b9b8d05411ed6262e429b" +
	"a495676b8398db2f35d3c1b9ced52636f2765e1a95cb7ca4c3ddabddbff38253"
