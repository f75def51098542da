package corpus

import (
	"fmt"
	"strconv"
	"time"
)

// implantAtLogon is when the Run value starts the implant on Sunday.
var implantAtLogon = at("07 23:52:41").times[0]

// A process is one start that the audit of Sunday has.
type process struct {
	at                     time.Time
	image, command, parent string
	pid                    uint32
	sid, name, logon       string
}

// started and ended are the records of a process.
func (p process) started() eventOf {
	return eventOf{provider: auditing, id: 4688, at: p.at, data: append(subject(p.sid, p.name, p.logon),
		"NewProcessId", fmt.Sprintf("%#x", p.pid), "NewProcessName", p.image, "TokenElevationType", "%%1938", "ProcessId", "0x1130",
		"CommandLine", p.command,
		"TargetUserSid", "S-1-0-0", "TargetUserName", "-", "TargetDomainName", "-", "TargetLogonId", "0x0", "ParentProcessName",
		p.parent, "MandatoryLabel", "S-1-16-8192")}
}

func (p process) ended(at time.Time) eventOf {
	return eventOf{provider: auditing, id: 4689, at: at, data: append(subject(p.sid, p.name, p.logon),
		"Status", "0x0", "ProcessId", fmt.Sprintf("%#x", p.pid), "ProcessName", p.image)}
}

// processEventsCase: the implant starts with the log-on and makes a task, which starts another program; that one sweeps
// the network. The audit of processes was switched on by nobody knows whom; it holds only what ran after the clearing,
// and the corpus writes a part of that.
func processEventsCase(m *Machine) {
	const shell, ping = `C:\Windows\System32\cmd.exe`, `C:\Windows\System32\PING.EXE`
	daniel := func(at time.Time, pid uint32, image, command, parent string) process {
		return process{at, image, command, parent, pid, DanielSID, Daniel, sundayLogon}
	}
	implant := daniel(implantAtLogon.Add(12*time.Millisecond), 0x1a4c, Implant, `"`+Implant+`" -s`, `C:\Windows\explorer.exe`)
	who := daniel(after(ExclusionTime, -1), 0x1a90, shell, `cmd.exe /c whoami`, Implant)
	task := daniel(SecondTaskTime.Add(9*time.Millisecond), 0x1b04, `C:\Windows\System32\schtasks.exe`,
		`schtasks /create /tn "falcon update" /tr "`+syncerShort+` -q" /sc daily /st 08:58`, Implant)
	syncer := daniel(SyncerFired.Add(14*time.Millisecond), 6312, Syncer, syncerShort+` -q`, `C:\Windows\System32\svchost.exe`)
	sweep := daniel(after(SweepTime, -0.2), 0x18f0, shell,
		`cmd.exe /c "for /l %i in (1,1,40) do start /b ping -n 1 -w 200 192.0.2.%i"`, Syncer)
	manager := process{at("08 00:22:05").times[0].Add(11 * time.Millisecond), `C:\Windows\System32\Taskmgr.exe`,
		`"C:\Windows\system32\taskmgr.exe" /4`,
		`C:\Windows\explorer.exe`, 0x2210, MiraSID, Mira, secondLogon}
	list := []eventOf{
		implant.started(), who.started(), who.ended(after(who.at, 0.3)), task.started(), task.ended(after(task.at, 0.4)),
		syncer.started(), sweep.started(), sweep.ended(after(sweep.at, 2.6)), syncer.ended(after(SyncerFired, 23.8)),
		manager.started(), manager.ended(after(manager.at, 95)),
		{provider: auditing, id: 5156, at: after(SyncerFired, 1.2), data: []string{
			"ProcessID", "6312", "Application", `\device\harddiskvolume3\users\public\falcon sync\fsync.exe`, "Direction", "%%14593",
			"SourceAddress", "192.0.2.15", "SourcePort", "50112", "DestAddress", Server, "DestPort", "443", "Protocol", "6",
			"FilterRTID", "71204", "LayerName", "%%14611", "LayerRTID", "48", "RemoteUserID", "S-1-0-0", "RemoteMachineID", "S-1-0-0"}},
	}
	for i := range 40 {
		n := strconv.Itoa(i + 1)
		p := daniel(SweepTime.Add(time.Duration(4+50*i)*time.Millisecond), uint32(0x2000+4*i), ping, "ping  -n 1 -w 200 192.0.2."+n, shell)
		list = append(list, p.started(), p.ended(p.at.Add(230*time.Millisecond)))
	}
	m.Events("Security", list...)
}
