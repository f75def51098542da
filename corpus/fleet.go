package corpus

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/corpus/evtx"
	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/corpus/scca"
	"github.com/artifactdump/artifactdump/corpus/schtask"
)

// A FleetMachine is one machine of a fleet, with what is known about it.
type FleetMachine struct {
	*Machine
	Name    string    // of the computer
	GUID    string    // MachineGuid
	Role    string    // office, developer, intruded
	Arrived time.Time // when the intruder came to it; zero elsewhere

	number int
	user   string
	sid    string // of the machine
}

// The roles of the machines of a fleet.
const (
	Office    = "office"
	Developer = "developer"
	Intruded  = "intruded"
)

// Traces that only the intruded machines of a fleet have.
const (
	FleetImplant = `C:\Users\Public\kite.exe`
	FleetService = "KiteUpdate"
	FleetTask    = `\Kite Sync`
)

// fleetGaps are when the intruder came to the machines after the first one.
var fleetGaps = []time.Duration{0, 3*hour + 11*time.Minute, 7*hour + 40*time.Minute, 19*hour + 5*time.Minute}

// Fleet returns n machines that were installed from one image: they differ in users, versions, identifiers and in
// which of the ordinary programs they ran. Four are those of developers, with programs that nobody else has. On one
// machine an intruder arrives by Remote Desktop, and from it spreads to three others within a day. n is at least 10.
// The same n and seed give the same bytes.
func Fleet(n int, seed uint32) []*FleetMachine {
	var intruded, developers []int
	for k := uint32(0); len(intruded) < 4 || len(developers) < 4; k++ {
		i := int(scatter(fmt.Sprint("fleet", seed, k)) % uint32(n))
		switch {
		case slices.Contains(intruded, i) || slices.Contains(developers, i):
		case len(intruded) < 4:
			intruded = append(intruded, i)
		default:
			developers = append(developers, i)
		}
	}
	all := make([]*FleetMachine, n)
	for i := range all {
		all[i] = fleetMachine(i, seed)
	}
	for k, i := range developers {
		all[i].develop(k)
	}
	for k, i := range intruded {
		all[i].intrude(all[intruded[0]], IntrusionStart.Add(fleetGaps[k]))
	}
	for _, m := range all {
		m.finish()
	}
	return all
}

// made makes up a number for a machine and a purpose.
func (m *FleetMachine) made(what string) uint32 { return scatter(m.Name + "|" + what + "|" + m.GUID) }

// scatter is mix with all of its bits spread: of texts that differ in their ends, too.
func scatter(s string) uint32 {
	x := mix(s)
	for range 2 {
		x = (x ^ x>>16) * 0x45d9f3b
	}
	return x ^ x>>16
}

func fleetMachine(i int, seed uint32) *FleetMachine {
	m := &FleetMachine{Machine: NewMachine(), Name: fmt.Sprintf("WREN-%04d", i+1), Role: Office, number: i}
	a, b := scatter(fmt.Sprint("guid", seed, i)), scatter(fmt.Sprint("diug", seed, i))
	m.GUID = fmt.Sprintf("%08x-%04x-4%03x-8%03x-%08x%04x", a, b>>16, b&0xfff, a&0xfff, b, a>>16)
	m.user = []string{"ana", "ben", "chloe", "dai", "emil", "farah", "goro", "hana", "ivo", "june"}[m.made("user")%10] + fmt.Sprint(i%7)
	m.sid = fmt.Sprintf("S-1-5-21-%d-%d-%d", a, b, m.made("sid"))

	m.fleetSystem()
	m.fleetSoftware()
	m.fleetPrograms()
	return m
}

// fleetSystem writes SYSTEM: name, clock and services.
func (m *FleetMachine) fleetSystem() {
	root := m.Hive(systemHive)
	root.Sub("Select").Set("Current", regf.DWord(1)).Set("Default", regf.DWord(1))
	control := root.Sub(controlSet + "Control")
	control.Sub(`ComputerName\ComputerName`).Set("ComputerName", regf.String(m.Name))
	control.Sub("TimeZoneInformation").Set("Bias", regf.DWord(minutes(-540))).Set("StandardBias", regf.DWord(0)).
		Set("TimeZoneKeyName", regf.String(TimeZone))
	control.Sub("Windows").Set("Directory", regf.Expand("%SystemRoot%"))
	control.Sub(`Session Manager\Memory Management\PrefetchParameters`).Set("EnablePrefetcher", regf.DWord(3))

	for _, s := range services {
		if s.name == ServiceName {
			continue
		}
		image := s.imagePath()
		switch s.name {
		case "WinDefend": // each machine has the platform of another week
			image = strings.Replace(image, "24090.11", fmt.Sprintf("2%d090.%d", m.made("defender")%5, m.made("week")%20), 1)
		case "gupdate":
			if m.made("google")%8 == 0 {
				continue
			}
		}
		m.service(s.name, image, s.dll, s.kind, Installed)
	}
	luid := fmt.Sprintf("%x", 0x30000+m.made("luid")%0x50000)
	m.service("CDPUserSvc_"+luid, `%SystemRoot%\system32\svchost.exe -k UnistackSvcGroup`, "cdpusersvc.dll", 0xE0, LastBoot)
}

func (m *FleetMachine) service(name, image, dll string, kind uint32, written time.Time) {
	k := m.Hive(systemHive).Sub(controlSet+`Services\`+name).At(written).
		Set("Type", regf.DWord(kind)).Set("Start", regf.DWord(auto)).Set("ErrorControl", regf.DWord(1)).
		Set("ObjectName", regf.String(localSystem))
	if image != "" {
		k.Set("ImagePath", regf.Expand(image))
	}
	if dll != "" {
		k.Sub("Parameters").Set("ServiceDll", regf.Expand(`%SystemRoot%\System32\`+dll))
	}
}

// fleetSoftware writes SOFTWARE and the tasks that every machine has.
func (m *FleetMachine) fleetSoftware() {
	root := m.Hive(softwareHive)
	nt := root.Sub(`Microsoft\Windows NT\CurrentVersion`)
	nt.Set("SystemRoot", regf.String(`C:\Windows`)).Set("ProductName", regf.String("Windows 10 Pro")).
		Set("CurrentBuild", regf.String("19045")).Set("CurrentBuildNumber", regf.String("19045"))
	nt.Sub("Winlogon").Set("Userinit", regf.String(`C:\Windows\system32\userinit.exe,`)).Set("Shell", regf.String("explorer.exe"))
	list := nt.Sub("ProfileList")
	sid := m.sid + "-1001"
	list.Sub(sid).Set("ProfileImagePath", regf.Expand(`C:\Users\`+m.user)).Set("Sid", regf.Binary(binarySID(sid)))
	root.Sub(`Microsoft\Cryptography`).Set("MachineGuid", regf.String(m.GUID))
	root.Sub(`Microsoft\Windows\CurrentVersion\Run`).
		Set("SecurityHealth", regf.Expand(`%windir%\system32\SecurityHealthSystray.exe`)).
		Set("OneDrive", regf.String(`"C:\Users\`+m.user+`\AppData\Local\Microsoft\OneDrive\OneDrive.exe" /background`))

	m.task(schtask.Task{Path: `\Microsoft\Windows\Defrag\ScheduledDefrag`, System: true, Registered: Installed,
		Actions:  []schtask.Action{{Command: `%windir%\system32\defrag.exe`, Arguments: "-c -h -o -$"}},
		Triggers: []schtask.Trigger{{Start: utc(2024, 11, 20, 1, 0, 0, 0), Weekdays: 1 << 3}}})
	m.task(schtask.Task{Path: fmt.Sprintf(`\GoogleUpdateTaskMachineCore1d%08x%05x`, m.made("task"), m.made("ksat")&0xfffff), System: true,
		Registered: utc(2025, 1, 16, 2, 40, 20, 0),
		Actions:    []schtask.Action{{Command: `C:\Program Files (x86)\Google\Update\GoogleUpdate.exe`, Arguments: "/c"}},
		Triggers:   []schtask.Trigger{{Logon: true}}})
}

func (m *FleetMachine) task(t schtask.Task) {
	m.File("Windows/System32/Tasks"+strings.ReplaceAll(t.Path, `\`, "/"), t.XML())
}

// fleetOrdinary are programs that most machines of a fleet ran; the user's folder is put in for %s.
var fleetOrdinary = []string{
	`C:\Windows\explorer.exe`, `C:\Windows\System32\notepad.exe`, `C:\Windows\System32\SearchIndexer.exe`, `C:\Windows\System32\consent.exe`,
	`C:\Program Files\Google\Chrome\Application\chrome.exe`, `C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE`,
	`C:\Users\%s\AppData\Local\Microsoft\OneDrive\OneDrive.exe`, `C:\Windows\System32\ipconfig.exe`, `C:\Windows\System32\cmd.exe`,
}

func (m *FleetMachine) fleetPrograms() {
	for i, path := range fleetOrdinary {
		if m.made(path)%100 < 12 {
			continue
		}
		path = strings.Replace(path, "%s", m.user, 1)
		m.ran(path, WeekStart.Add(time.Duration(m.made(path)%400_000)*time.Second).Add(time.Duration(i)*100))
	}
	temp := fmt.Sprintf(`C:\Users\%s\AppData\Local\Temp\is-%05X.tmp\Setup.tmp`, m.user, m.made("inno")&0xfffff)
	m.ran(temp, WeekStart.Add(time.Duration(m.made("setup")%400_000)*time.Second))
	for _, p := range []string{`C:\Program Files\Google\Chrome\Application\chrome.exe`, `C:\Windows\System32\notepad.exe`} {
		m.inventory(p, "microsoft corporation", inventoryScan)
	}
}

// ran writes the Prefetch file of a program that ran once.
func (m *FleetMachine) ran(path string, when time.Time) {
	s := program{path: path, runs: moments(when.Truncate(100))}.spec()
	for name := range m.files {
		if strings.EqualFold(name, "Windows/Prefetch/"+s.FileName()) {
			return
		}
	}
	s.Version = scca.Win10
	m.Prefetch(s)
}

// inventory writes a file of Amcache.
func (m *FleetMachine) inventory(path, publisher string, when time.Time) {
	name := path[strings.LastIndexByte(path, '\\')+1:]
	m.Hive(amcacheHive).Sub(`Root\InventoryApplicationFile\`+inventoryName(name)).At(when).
		Set("ProgramId", regf.String("0006"+strings.Repeat("4", 40))).Set("FileId", regf.String(inventoryID(path))).
		Set("LowerCaseLongPath", regf.String(strings.ToLower(path))).Set("Name", regf.String(name)).
		Set("Publisher", regf.String(publisher)).Set("ProductName", regf.String("")).Set("BinaryType", regf.String("pe64_amd64")).
		Set("Size", regf.QWord(uint64(100_000+mix(path)%1_000_000)))
}

// develop makes a machine that of a developer, with tools of its own.
func (m *FleetMachine) develop(k int) {
	m.Role = Developer
	tools := [][]string{
		{`C:\Program Files\Git\cmd\git.exe`, `C:\Program Files\Go\bin\go.exe`, `C:\Program Files\Sysinternals\procexp64.exe`},
		{`C:\Program Files\Docker\Docker\Docker Desktop.exe`, `C:\Program Files\Python312\python.exe`, `C:\Program Files\nodejs\node.exe`},
		{`C:\Program Files\Wireshark\Wireshark.exe`, `C:\Program Files\Nmap\zenmap.exe`, `C:\Program Files\PuTTY\putty.exe`},
		{`C:\Program Files\JetBrains\GoLand\bin\goland64.exe`, `C:\Program Files\Git\usr\bin\bash.exe`, `C:\Program Files\x64dbg\x64dbg.exe`},
	}[k]
	for i := range 12 {
		tools = append(tools, fmt.Sprintf(`C:\Users\%s\source\repos\app%d\bin\unit%02d.exe`, m.user, k, i))
	}
	for i, path := range tools {
		m.ran(path, WeekStart.Add(time.Duration(i+1)*5*hour))
		m.inventory(path, "", WeekStart.Add(time.Duration(i+1)*5*hour))
	}
	m.service(fmt.Sprintf("BuildAgent%d", k), fmt.Sprintf(`"C:\Program Files\Build Agent %d\agent.exe" --service`, k),
		"", ownProcess, WeekStart)
	m.task(schtask.Task{Path: fmt.Sprintf(`\Nightly build %d`, k), User: m.Name + `\` + m.user, Registered: WeekStart,
		Actions:  []schtask.Action{{Command: fmt.Sprintf(`C:\Program Files\Build Agent %d\nightly.exe`, k)}},
		Triggers: []schtask.Trigger{{Logon: true}}})
}

// intrude writes what the intruder leaves on a machine that he comes to at a moment, from the first one.
func (m *FleetMachine) intrude(first *FleetMachine, at time.Time) {
	m.Role, m.Arrived = Intruded, at
	source, kind := first.Name, "3"
	if m == first {
		source, kind = "", "10"
	}
	m.logon(at, source, kind)
	temp := `C:\Users\` + m.user + `\AppData\Local\Temp\`
	for i, path := range []string{
		`C:\Windows\System32\whoami.exe`, `C:\Windows\System32\systeminfo.exe`, `C:\Windows\System32\net.exe`, `C:\Windows\System32\net1.exe`,
		`C:\Windows\System32\nltest.exe`, `C:\Windows\System32\tasklist.exe`, temp + "nbtscan.exe", FleetImplant, `C:\Windows\System32\schtasks.exe`,
	} {
		m.ran(path, at.Add(time.Duration(i+2)*47*time.Second))
	}
	if m != first {
		m.ran(PsExec, at.Add(20*time.Second))
	}
	m.inventory(FleetImplant, "", at.Add(10*time.Minute))
	m.service(FleetService, FleetImplant+" -k", "", ownProcess, at.Add(12*time.Minute))
	m.task(schtask.Task{Path: FleetTask, User: m.Name + `\` + m.user, Registered: at.Add(14 * time.Minute), Hidden: true,
		Actions:  []schtask.Action{{Command: "rundll32.exe", Arguments: `%PUBLIC%\Libraries\kite.dll,#1`}},
		Triggers: []schtask.Trigger{{Start: utc(2026, 3, 9, 2, 30, 0, 0), Weekdays: 1 << 1}}})
	m.Hive(softwareHive).Sub(`Microsoft\Windows\CurrentVersion\Run`).At(at.Add(13*time.Minute)).Set("Kite", regf.String(FleetImplant+" -r"))
}

// logon adds a log-on of the machine's user to its security log.
func (m *FleetMachine) logon(at time.Time, source, kind string) {
	address := Intruder
	if source != "" {
		address = "-"
	}
	if m.logs == nil {
		m.logs = make(map[string][]logged)
	}
	e := evtx.Event{
		Provider: auditing, GUID: providerGUIDs[auditing], EventID: 4624, Keywords: 0x8020000000000000, Created: at,
		ProcessID: 788, ThreadID: 812,
		Channel: "Security", Computer: m.Name,
	}
	data := []string{
		"SubjectUserSid", systemSID, "SubjectUserName", m.Name + "$", "SubjectDomainName", m.Name, "SubjectLogonId", "0x3e7",
		"TargetUserSid", m.sid + "-1001", "TargetUserName", m.user, "TargetDomainName", m.Name,
		"TargetLogonId", fmt.Sprintf("0x%x", 0x500000+m.made(at.String())%0x100000), "LogonType", kind, "LogonProcessName", "User32 ",
		"AuthenticationPackageName", "Negotiate", "WorkstationName", source, "KeyLength", "0", "ProcessId", "0x3c4",
		"ProcessName", `C:\Windows\System32\svchost.exe`, "IpAddress", address, "IpPort", "0",
	}
	for i := 0; i+1 < len(data); i += 2 {
		e.Data = append(e.Data, evtx.Field{Name: data[i], Value: evtx.Str(data[i+1])})
	}
	m.logs["Security"] = append(m.logs["Security"], logged{e, e.Created})
}

// finish adds the ordinary log-ons of the week.
func (m *FleetMachine) finish() {
	for d := range 5 {
		m.logon(WeekStart.AddDate(0, 0, d).Add(-time.Duration(m.made("morning")%3000)*time.Second), m.Name, "2")
	}
}
