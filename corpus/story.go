package corpus

import (
	"time"

	"github.com/artifactdump/artifactdump/corpus/scca"
)

// The machine: an office computer in Tokyo, Windows 10 22H2. All names, numbers and addresses are invented; the
// addresses are those that RFC 5737 sets aside for documentation.
const (
	Computer = "KESTREL-PC"
	TimeZone = "Tokyo Standard Time" // UTC+9, no daylight saving time

	Mira   = "mira"   // works here, Monday to Saturday
	Daniel = "daniel" // her colleague, with a weak password; the account that the intruder uses

	MachineGUID = "5f0c6d1e-3b7a-4c52-9e86-0a1b2c3d4e5f"

	MachineSID = "S-1-5-21-1111111111-2222222222-3333333333"
	MiraSID    = MachineSID + "-1001"
	DanielSID  = MachineSID + "-1002"

	Intruder = "203.0.113.77"  // where the intruder comes from
	Server   = "198.51.100.20" // the server that the implant calls
	Neighbor = "FALCON-SRV"    // the machine that PsExec was used from
)

// Volumes. C: is the machine's own; the stick is daniel's.
const (
	SystemDevice = `\Device\HarddiskVolume3`
	SystemSerial = 0x5C3A91E7
	StickDevice  = `\Device\HarddiskVolume6`
	StickSerial  = 0x2E88D014
)

// What the intruder leaves on the volume.
const (
	Implant     = `C:\Users\Public\svchost.exe`
	ImplantDLL  = `C:\Users\Public\Libraries\cache.dll`
	Scanner     = `C:\Users\daniel\AppData\Local\Temp\nbtscan.exe`
	Cleaned     = `C:\Users\daniel\AppData\Local\Temp\pd64.exe` // deleted, with its prefetch file; Layout.ini names it
	Archiver    = `C:\PerfLogs\rar.exe`
	PsExec      = `C:\Windows\PSEXESVC.EXE`
	Syncer      = `C:\Users\Public\Falcon Sync\fsync.exe` // replaced once; the second task starts it
	TaskName    = `\falcon sync`
	SecondTask  = `\falcon update`
	RunValue    = "OneDrive Sync Helper" // in daniel's Run key
	ServiceName = "PSEXESVC"
)

// Moments of the story, UTC; Tokyo is nine hours ahead.
var (
	VolumeCreated = utc(2024, 11, 20, 4, 12, 31, 4470163)
	Installed     = utc(2024, 11, 20, 4, 31, 7, 0)
	StickCreated  = utc(2023, 6, 2, 10, 5, 44, 1902217)

	WeekStart = utc(2026, 3, 2, 0, 0, 0, 0)
	WeekEnd   = utc(2026, 3, 9, 0, 0, 0, 0)

	IntrusionStart  = utc(2026, 3, 6, 17, 38, 12, 5521874) // log-on as daniel over RDP
	DiscoveryStart  = utc(2026, 3, 6, 17, 46, 2, 1180452)  // whoami
	DiscoveryEnd    = utc(2026, 3, 6, 17, 51, 40, 7743096) // tasklist
	ImplantStart    = utc(2026, 3, 6, 17, 58, 20, 3391570)
	PsExecStart     = utc(2026, 3, 6, 18, 7, 33, 8812245)
	PersistenceTime = utc(2026, 3, 6, 18, 16, 2, 2246903)  // run key and scheduled task
	ForgedTime      = utc(2026, 3, 6, 18, 30, 12, 4419018) // eventcreate
	CleanupTime     = utc(2026, 3, 6, 18, 33, 18, 4410987) // wevtutil, vssadmin
	IntrusionEnd    = utc(2026, 3, 6, 18, 41, 50, 0)

	// LastShutdown is followed by the log-on that starts the implant by itself; then the machine was copied while
	// it ran.
	LastShutdown   = utc(2026, 3, 7, 9, 31, 44, 6150032)
	LastBoot       = utc(2026, 3, 7, 23, 51, 9, 5000000)
	LastLogon      = utc(2026, 3, 7, 23, 52, 30, 9917345) // daniel, a Sunday morning
	ExclusionTime  = utc(2026, 3, 7, 23, 52, 48, 3019926) // the implant keeps the virus scanner away from its folder
	ProxyTime      = utc(2026, 3, 7, 23, 53, 5, 7442310)  // and sends daniel's traffic through the server
	SecondTaskTime = utc(2026, 3, 7, 23, 53, 20, 1174092) // a second task
	SyncerFired    = utc(2026, 3, 7, 23, 58, 0, 812204)   // which starts
	SweepTime      = utc(2026, 3, 7, 23, 58, 21, 33871)   // a sweep of the network
	SecondLogon    = utc(2026, 3, 8, 0, 20, 10, 2290118)  // mira, while daniel's session stays
	SecondLogoff   = utc(2026, 3, 8, 0, 44, 31, 7715520)
	CopiedAt       = utc(2026, 3, 8, 5, 20, 0, 0)
)

// utc is a moment with its 100 ns ticks.
func utc(y int, m time.Month, d, hour, minute, second, ticks int) time.Time {
	return time.Date(y, m, d, hour, minute, second, 100*ticks, time.UTC)
}

// systemVolume and stickVolume are how prefetch files of version 30 name the volumes.
func systemVolume() scca.Volume {
	return scca.Volume{Device: scca.VolumeName(VolumeCreated, SystemSerial), Serial: SystemSerial, Created: VolumeCreated}
}

func stickVolume() scca.Volume {
	return scca.Volume{Device: scca.VolumeName(StickCreated, StickSerial), Serial: StickSerial, Created: StickCreated}
}
