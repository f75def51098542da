package corpus

import (
	"encoding/binary"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// Keys that few look at.

// routesCase: a route to the network of the neighbor, which the intruder added.
func routesCase(m *Machine) {
	m.Hive(systemHive).Sub(controlSet+`Services\Tcpip\Parameters\PersistentRoutes`).At(NetworkTime.Add(time.Minute)).
		Set("10.20.0.0,255.255.0.0,192.0.2.11,1", regf.String(""))
}

// signatureHijackCase: the package of Windows for programs.
func signatureHijackCase(m *Machine) {
	m.Hive(softwareHive).Sub(`Microsoft\Cryptography\OID\EncodingType 0\CryptSIPDllVerifyIndirectData\{C689AAB8-8E78-11D0-8C47-00C04FC295EE}`).At(Installed).
		Set("Dll", regf.String("WINTRUST.DLL")).Set("FuncName", regf.String("CryptSIPVerifyIndirectData"))
}

// auditPolicyCase: the head of a policy. Success of log-ons is kept, failure is not.
func auditPolicyCase(m *Machine) {
	le := binary.LittleEndian
	settings := []uint16{1, 0, 3, 0, 3, 1, 1, 1}
	b := make([]byte, 12)
	le.PutUint16(b[4:], 2)
	le.PutUint16(b[8:], uint16(12+2*len(settings)))
	for _, n := range append(settings, 5, 3) {
		b = le.AppendUint16(b, n)
	}
	m.Hive(securityHive).Sub(`Policy\PolAdtEv`).At(Installed).Set("", regf.Value{Type: 0, Data: b})
}

// bluetoothCase: the phone of mira.
func bluetoothCase(m *Machine) {
	seen := utc(2026, 3, 5, 8, 40, 2, 1100220)
	stamp := func(t time.Time) regf.Value {
		return regf.Binary(binary.LittleEndian.AppendUint64(nil, regf.FILETIME(t)))
	}
	m.Hive(systemHive).Sub(controlSet+`Services\BTHPORT\Parameters\Devices\a0b1c2d3e4f5`).At(seen).
		Set("Name", regf.Binary([]byte("Mira's phone\x00"))).Set("LastSeen", stamp(seen)).Set("LastConnected", stamp(seen.Add(-time.Hour)))
}

// lastLogonCase: daniel was the last at the screen, on Sunday morning.
func lastLogonCase(m *Machine) {
	m.Hive(softwareHive).Sub(`Microsoft\Windows\CurrentVersion\Authentication\LogonUI`).At(LastLogon).
		Set("LastLoggedOnUser", regf.String(`.\`+Daniel)).Set("LastLoggedOnSAMUser", regf.String(Computer+`\`+Daniel)).
		Set("LastLoggedOnDisplayName", regf.String("Daniel")).Set("LastLoggedOnUserSID", regf.String(DanielSID))
}

// wslCase: a distribution that daniel installed.
func wslCase(m *Machine) {
	m.Hive(ntuser(Daniel)).Sub(`Software\Microsoft\Windows\CurrentVersion\Lxss\{3d4f5a66-7788-4912-8aaf-bcd001122334}`).At(utc(2026, 1,
		20, 9, 12, 44, 0)).
		Set("DistributionName", regf.String("Debian")).Set("BasePath", regf.String(`C:\Users\daniel\AppData\Local\wsl\debian`)).
		Set("Version", regf.DWord(2)).Set("DefaultUid", regf.DWord(1000))
}
