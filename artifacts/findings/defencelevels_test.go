package findings_test

import (
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/activity"
	"github.com/artifactdump/artifactdump/artifacts/communication"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/system"
)

// onBuild judges records of a machine with another Windows.
func onBuild(build string, recs records) *findings.Report {
	f := facts()
	f.Machine.Build = build
	e := findings.NewEvaluator(f, nil)
	for i := range recs {
		e.Add(&artifacts.Result{Artifact: recs[i].Artifact, From: recs[i].From, Records: recs[i : i+1]})
	}
	return e.Report()
}

func exclusion(list, name string) records {
	return records{rec("defender", system.Defender{Kind: "exclusion", List: list, Name: name})}
}

// TestAntivirusOff: F-01.
func TestAntivirusOff(t *testing.T) {
	set := func(name string, weak bool) records {
		return records{rec("defender", system.Defender{Kind: "setting", Name: name, Value: "1", Weak: weak})}
	}
	start := func(name string, n uint32) artifacts.Record {
		return service(name, `C:\Program Files\Windows Defender\x.exe`, func(s *persistence.Service) { s.StartType = n })
	}
	checkLevels(t, "F-01", []verdict{
		{"the scanner", findings.High, set("DisableAntiSpyware", true)},
		{"the cloud, as many prefer", findings.Low, set("SpynetReporting", true)},
		{"a setting that weakens nothing", silent, set("DisableAntiSpyware", false)},
		{"an exclusion, which F-02 judges", silent, exclusion("Paths", `C:\`)},
		{"its service", findings.Medium, records{start("WinDefend", 4)}},
		{"its service on demand", silent, records{start("WinDefend", 3)}},
		{"its service, in an older copy of the hive", silent, records{in(artifacts.Backup, start("WinDefend", 4))}},
		{"another service", silent, records{start("Fax", 4)}},
	})
}

// TestExclusions: the levels of F-02 follow what an exclusion covers.
func TestExclusions(t *testing.T) {
	checkLevels(t, "F-02", []verdict{
		{"a whole disk", findings.Critical, exclusion("Paths", `C:\`)},
		{"a whole disk, with a star", findings.Critical, exclusion("Paths", `C:\*`)},
		{"the folder of Windows", findings.High, exclusion("Paths", `C:\Windows`)},
		{"all profiles", findings.High, exclusion("Paths", `C:\Users\`)},
		{"one profile", findings.High, exclusion("Paths", `C:\Users\daniel`)},
		{"all of ProgramData", findings.High, exclusion("Paths", `C:\ProgramData`)},
		{"the shared folder", findings.High, exclusion("Paths", `C:\Users\Public`)},
		{"a program in an odd place", findings.High, exclusion("Paths", `C:\PerfLogs\a.exe`)},
		{"a user's downloads", findings.Medium, exclusion("Paths", `C:\Users\daniel\Downloads`)},
		{"a temporary folder", findings.Medium, exclusion("Paths", `C:\Windows\Temp`)},
		{"a database", findings.Low, exclusion("Paths", `C:\Program Files\Microsoft SQL Server\MSSQL\Data`)},
		{"a folder of its own at the root, as developers have", findings.Medium, exclusion("Paths", `C:\src`)},
		{"a script host", findings.High, exclusion("Processes", `powershell.exe`)},
		{"a loader", findings.High, exclusion("Processes", `C:\Windows\System32\rundll32.exe`)},
		{"a program of a vendor", findings.Low, exclusion("Processes", `C:\Program Files\Backup\agent.exe`)},
		{"programs", findings.High, exclusion("Extensions", `exe`)},
		{"programs, with a star", findings.High, exclusion("Extensions", `*.dll`)},
		{"a disk of a virtual machine", findings.Low, exclusion("Extensions", `.vhdx`)},
		{"an address", findings.Medium, exclusion("IpAddresses", `192.0.2.1`)},
		{"a threat that is let pass", findings.High, records{rec("defender", system.Defender{Kind: "threat", Name: "2147519003", Meaning: "allow", Weak: true})}},
		{"a threat that is removed", silent, records{rec("defender", system.Defender{Kind: "threat", Name: "2147519003", Meaning: "remove"})}},
	})
	checkSays(t, "F-02", exclusion("Extensions", "exe"), "exe is excluded from scans (Extensions)")
}

// TestFirewall: F-03.
func TestFirewall(t *testing.T) {
	allow := func(app string, more func(*communication.Firewall)) records {
		f := communication.Firewall{Kind: "rule", Active: true, Action: "Allow", Direction: "In", App: app, Title: "a rule"}
		if more != nil {
			more(&f)
		}
		return records{rec("firewall", f)}
	}
	off := rec("firewall", communication.Firewall{Kind: "setting", List: "PublicProfile", Name: "EnableFirewall", Value: "0"})
	checkLevels(t, "F-03", []verdict{
		{"off in a profile", findings.Medium, records{off}},
		{"on", silent, records{rec("firewall", communication.Firewall{Kind: "setting", List: "PublicProfile", Name: "EnableFirewall", Value: "1"})}},
		{"off in an older copy of the hive", silent, records{in(artifacts.Backup, off)}},
		{"a program in an odd place", findings.High, allow(`C:\Users\Public\a.exe`, nil)},
		{"a tool in Program Files", findings.High, allow(`C:\Program Files\x\chisel.exe`, nil)},
		{"a game among downloads", findings.Low, allow(`C:\Users\u\Downloads\game.exe`, nil)},
		{"a development tool at the root", findings.Low, allow(`C:\work\node.exe`, nil)},
		{"an installed program", silent, allow(`C:\Program Files\A\a.exe`, nil)},
		{"a program of Windows", silent, allow(`C:\Windows\System32\svchost.exe`, nil)},
		{"any program", silent, allow(``, nil)},
		{"a rule that is off", silent, allow(`C:\Users\Public\a.exe`, func(f *communication.Firewall) { f.Active = false })},
		{"a rule that blocks", silent, allow(`C:\Users\Public\a.exe`, func(f *communication.Firewall) { f.Action = "Block" })},
		{"a rule for what goes out", silent, allow(`C:\Users\Public\a.exe`, func(f *communication.Firewall) { f.Direction = "Out" })},
	})
	checkSays(t, "F-03", allow(`C:\Users\Public\a.exe`, nil), `firewall rule "a rule" allows inbound traffic to it`, "(L1)")
}

// TestPortForwarding: F-04. WSL and Docker forward to the machine itself.
func TestPortForwarding(t *testing.T) {
	to := func(address string) records {
		return records{rec("portproxy", communication.PortProxy{ListenAddress: "0.0.0.0", ListenPort: "8080", Address: address, Port: "80"})}
	}
	checkLevels(t, "F-04", []verdict{
		{"to another machine", findings.High, to("192.0.2.9")},
		{"to a name", findings.High, to("relay.example")},
		{"to the machine itself", findings.Medium, to("127.0.0.1")},
		{"to the machine itself by version 6", findings.Medium, to("::1")},
		{"to the machine itself by its name", findings.Medium, to("localhost")},
	})
}

// TestHostsFile: F-05.
func TestHostsFile(t *testing.T) {
	line := func(address string, names ...string) records {
		return records{rec("hosts", communication.Host{Address: address, Loopback: address == "127.0.0.1" || address == "0.0.0.0", Names: names, Line: 9})}
	}
	checkLevels(t, "F-05", []verdict{
		{"updates of Windows", findings.High, line("127.0.0.1", "download.windowsupdate.com")},
		{"the cloud of the antivirus", findings.High, line("0.0.0.0", "wdcp.microsoft.com")},
		{"updates of another antivirus", findings.High, line("127.0.0.1", "update.eset.com")},
		{"the same among other names", findings.High, line("192.0.2.1", "a.example", "UPDATE.ESET.COM")},
		{"advertising that is blocked", silent, line("0.0.0.0", "ads.example")},
		{"a name that only holds the letters of one", silent, line("127.0.0.1", "reset.example.com")},
		{"another", silent, line("127.0.0.1", "presets.synth.example")},
		{"a name of the Internet at an address of the Internet", findings.Low, line("203.0.113.9", "bank.example")},
		{"a name of the Internet at an address of the network", findings.Informational, line("192.168.1.9", "app.example")},
		{"a machine of the network", findings.Informational, line("203.0.113.9", "printer.lan")},
		{"a name without a dot", findings.Informational, line("203.0.113.9", "printer")},
		{"an unusual line", findings.Low, records{rec("hosts", communication.Host{Line: 30, Names: []string{"x"}, Unusual: "behind 200 empty lines"})}},
		{"a comment", silent, records{rec("hosts", communication.Host{Comment: "# localhost"})}},
	})
}

// TestEventLogSettings: F-06 and F-07.
func TestEventLogSettings(t *testing.T) {
	of := func(subject, name, value string, weak bool) records {
		return records{rec("eventlogging", system.Setting{Subject: subject, Setting: name, Value: value, Weak: weak, Meaning: "meaning"})}
	}
	checkLevels(t, "F-06", []verdict{
		{"a log that is off", findings.High, of("Security", "Enabled", "0", true)},
		{"a side effect of a switch for ReFS", findings.Medium, of("", `MiniNt\AllowRefsFormatOverNonmirrorVolume`, "1", true)},
		{"a small log", findings.Medium, of("Security", "MaxSize", "65536", false)},
		{"the size of Windows XP", silent, of("Security", "MaxSize", "524288", false)},
		{"the size of Windows 10", silent, of("Security", "MaxSize", "20971520", false)},
		{"no size", silent, of("Security", "MaxSize", "0", false)},
		{"a small log of a program", silent, of("Application", "MaxSize", "65536", false)},
		{"another folder", findings.High, of("System", "File", `D:\Logs\System.evtx`, false)},
		{"its folder", silent, of("System", "File", `%SystemRoot%\System32\Winevt\Logs\System.evtx`, false)},
		{"its folder of Windows XP", silent, of("System", "File", `%SystemRoot%\system32\config\SysEvent.Evt`, false)},
		{"scripts, which F-07 judges", silent, of("", `PowerShell\ScriptBlockLogging\EnableScriptBlockLogging`, "0", true)},
	})
	checkLevels(t, "F-07", []verdict{
		{"scripts are not logged", findings.Low, of("", `PowerShell\ScriptBlockLogging\EnableScriptBlockLogging`, "0", true)},
		{"scripts are logged", silent, of("", `PowerShell\ScriptBlockLogging\EnableScriptBlockLogging`, "1", false)},
		{"a log, which F-06 judges", silent, of("Security", "Enabled", "0", true)},
	})
}

// TestAccountProtection: F-08.
func TestAccountProtection(t *testing.T) {
	weak := func(name string) artifacts.Record { return setting("protection", name, "0", true) }
	checkLevels(t, "F-08", []verdict{
		{"full rights over the network", findings.High, records{weak(`System\LocalAccountTokenFilterPolicy`)}},
		{"full rights with a hash", findings.High, records{weak(`Lsa\DisableRestrictedAdmin`)}},
		{"no prompt", findings.Medium, records{weak(`System\EnableLUA`)}},
		{"no prompt for administrators", findings.Medium, records{weak(`System\ConsentPromptBehaviorAdmin`)}},
		{"drivers that are known to be weak", findings.Medium, records{weak(`CI\Config\VulnerableDriverBlocklistEnable`)}},
		{"no Task Manager", findings.Medium, records{weak(`System\DisableTaskMgr`)}},
		{"another weak setting", silent, records{weak(`System\Other`)}},
		{"not any more", silent, records{deleted(weak(`System\EnableLUA`))}},
		{"in the log of the hive", findings.Medium, records{in(artifacts.Log, weak(`System\EnableLUA`))}},
	})
	digest := records{rec("lsa", persistence.LSA{Hook: persistence.Hook{Name: "UseLogonCredential", Value: "1"}})}
	for build, want := range map[string]findings.Level{
		"7601":  findings.Low,  // Windows 7 keeps passwords without the setting, too
		"9200":  findings.Low,  // Windows 8
		"9600":  findings.High, // Windows 8.1
		"19045": findings.High,
		"":      findings.Medium,
	} {
		if got, _ := level(onBuild(build, digest), "F-08"); got != want {
			t.Errorf("passwords in memory on build %q are %s, want %s", build, word(got), want)
		}
	}
	if got, _ := level(judge(records{rec("lsa", persistence.LSA{Hook: persistence.Hook{Name: "UseLogonCredential", Value: "0"}})}, nil), "F-08"); got != silent {
		t.Errorf("passwords that are not in memory are %s", got)
	}
}

// TestRemoteDesktop: F-09.
func TestRemoteDesktop(t *testing.T) {
	checkLevels(t, "F-09", []verdict{
		{"on", findings.Low, records{setting("remoteaccess", `Terminal Server\fDenyTSConnections`, "0", true)}},
		{"off", silent, records{setting("remoteaccess", `Terminal Server\fDenyTSConnections`, "1", false)}},
		{"watched without asking", findings.High, records{setting("remoteaccess", `Terminal Services\Shadow`, "2", true)}},
		{"another port", findings.High, records{setting("remoteaccess", `RDP-Tcp\PortNumber`, "4444", true)}},
		{"its port", silent, records{setting("remoteaccess", `RDP-Tcp\PortNumber`, "3389", false)}},
		{"without proof of identity first", findings.Medium, records{setting("remoteaccess", `RDP-Tcp\UserAuthentication`, "0", true)}},
		{"not any more", silent, records{deleted(setting("remoteaccess", `Terminal Server\fDenyTSConnections`, "0", true))}},
	})
}

// TestProxies: F-10.
func TestProxies(t *testing.T) {
	server := func(s string) records {
		return records{of("u", rec("proxies", communication.Proxy{Kind: "Internet Settings", Server: s, Enabled: true}))}
	}
	checkLevels(t, "F-10", []verdict{
		{"a name", findings.Medium, server("proxy.example:8080")},
		{"an address of the Internet", findings.High, server("198.51.100.1:8080")},
		{"the same by kinds", findings.High, server("http=198.51.100.1:8080;https=198.51.100.1:8080")},
		{"the same with a scheme", findings.High, server("socks://198.51.100.1:1080")},
		{"an address of the Internet, version 6", findings.High, server("[2001:db8::1]:8080")},
		{"the same without a port", findings.High, server("[2001:db8::1]")},
		{"an address of the network", findings.Low, server("10.0.0.8:3128")},
		{"a filter on the machine", findings.Medium, server("127.0.0.1:8888")},
		{"an address that no router passes on", findings.Low, server("169.254.3.4:8080")},
		{"not enabled", silent, records{of("u", rec("proxies", communication.Proxy{Server: "198.51.100.1:8080"}))}},
		{"none", silent, records{of("u", rec("proxies", communication.Proxy{AutoDetect: true}))}},
		{"a script from an address", findings.High, records{of("u", rec("proxies", communication.Proxy{AutoConfig: "http://198.51.100.1/proxy.pac"}))}},
		{"a script of the company", findings.Medium, records{of("u", rec("proxies", communication.Proxy{AutoConfig: "http://wpad.corp.example/proxy.pac"}))}},
		{"a policy", findings.Low, records{of("u", rec("proxies", communication.Proxy{Server: "198.51.100.1:8080", Enabled: true, Policy: true}))}},
		{"deleted", findings.Medium, records{deleted(of("u", rec("proxies", communication.Proxy{Server: "198.51.100.1:8080", Enabled: true})))}},
	})
}

// TestZones: F-12 and F-13.
func TestZones(t *testing.T) {
	zone := func(number, weaker string, more func(*activity.InternetZone)) records {
		z := activity.InternetZone{Zone: number, ZoneName: "zone " + number, Weaker: []string{weaker}}
		if more != nil {
			more(&z)
		}
		return records{of("u", rec("internetsettings", z))}
	}
	starts, asks := "1806 start programs and unsafe files: allowed (default: asks)", "1609 mixed content: allowed (default: asks)"
	checkLevels(t, "F-12", []verdict{
		{"the Internet starts programs", findings.Medium, zone("3", starts, nil)},
		{"restricted sites do", findings.Medium, zone("4", starts, nil)},
		{"the intranet does", findings.Low, zone("1", starts, nil)},
		{"the Internet mixes content", findings.Low, zone("3", asks, nil)},
		{"by policy", findings.Low, zone("3", starts, func(z *activity.InternetZone) { z.Policy = true })},
		{"nothing is weaker", silent, zone("3", "", func(z *activity.InternetZone) { z.Weaker = nil })},
	})
	site := func(name string, zone uint32, more func(*communication.ZoneMap)) records {
		z := communication.ZoneMap{Site: name, Protocol: "*", Zone: zone, ZoneName: "Trusted sites"}
		if more != nil {
			more(&z)
		}
		return records{of("u", rec("zonemap", z))}
	}
	policy := func(z *communication.ZoneMap) { z.Policy = true }
	checkLevels(t, "F-13", []verdict{
		{"a site", findings.Low, site("intranet.example", 2, nil)},
		{"every site", findings.High, site("*", 2, nil)},
		{"every site of a country", findings.High, site("*.com", 2, nil)},
		{"an address of the Internet", findings.High, site("8.8.4.4", 1, nil)},
		{"a range of the Internet", findings.High, site("8.8.4.1-20", 1, nil)},
		{"an address of the network", findings.Low, site("10.0.0.8", 1, nil)},
		{"as if it were the machine", findings.High, site("intranet.example", 0, nil)},
		{"a name without a dot", findings.Informational, site("intranet", 1, nil)},
		{"by policy", findings.Informational, site("intranet.example", 2, policy)},
		{"every site, by policy", findings.Medium, site("*", 2, policy)},
		{"a restricted site", silent, site("bad.example", 4, nil)},
	})
}

// TestBackupExclusions: F-14.
func TestBackupExclusions(t *testing.T) {
	of := func(list, name string, known bool, patterns ...string) records {
		return records{rec("backuprestore", system.BackupExclusion{List: list, Name: name, Default: known, Patterns: patterns})}
	}
	checkLevels(t, "F-14", []verdict{
		{"all users", findings.High, of("FilesNotToBackup", "x", false, `\Users\* /s`)},
		{"the whole disk", findings.High, of("FilesNotToSnapshot", "x", false, `\*.* /s`)},
		{"the whole disk under a name of Windows", findings.High, of("FilesNotToSnapshot", "WUA", true, `\*.* /s`)},
		{"the root alone, where programs of attackers lie", findings.Medium, of("FilesNotToBackup", "x", false, `\*.*`)},
		{"a folder of a database", findings.Low, of("FilesNotToBackup", "MSSQL", false, `\Program Files\MSSQL\Data\* /s`)},
		{"files of one kind", findings.Low, of("FilesNotToBackup", "x", false, `\Users\*.tmp /s`)},
		{"what Windows registers", silent, of("FilesNotToBackup", "Mount Manager", true, `\System Volume Information\MountPointManagerRemoteDatabase`)},
		{"keys of the registry", findings.Low, of("KeysNotToRestore", "x", false, `\Users\* /s`)},
	})
}
