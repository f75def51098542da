package persistence

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

func TestServices(t *testing.T) {
	recs, errs := found(t, testtree.Incident(t, "system", "services", "software"), "services")
	testtree.NoErrors(t, errs)
	byName := map[string]Service{}
	for _, r := range recs {
		s := r.Data.(Service)
		byName[s.Name] = s
	}
	// The key BITS has what all services of svchost have.
	bits := byName["BITS"]
	if bits.SvchostGroup != "netsvcs" || bits.GroupListed != "yes" || bits.ServiceDLL != `%SystemRoot%\System32\qmgr.dll` ||
		bits.DLLKey != "Parameters" || bits.Program() != `C:\Windows\System32\qmgr.dll` || bits.StartText != "demand" {
		t.Errorf("BITS: %+v", bits)
	}
	if s := byName["Ntfs"]; s.Image != `C:\Windows\System32\drivers\Ntfs.sys` || s.Mechanism != "Driver" || s.TypeText != "file system driver" {
		t.Errorf("Ntfs: %+v", s)
	}
	if s := byName["Tcpip"]; s.Image != `C:\Windows\System32\drivers\tcpip.sys` || s.StartText != "boot" {
		t.Errorf("Tcpip: %+v", s)
	}
	psexec := byName["PSEXESVC"]
	testtree.WantRecords(t, []artifacts.Record{{Data: psexec}}, []Service{{
		Entry: Entry{Mechanism: "Service", Scope: "machine", Command: `%SystemRoot%\PSEXESVC.exe`, Image: `C:\Windows\PSEXESVC.exe`,
			FilePresent: "unknown", Written: time.Date(2026, 3, 6, 18, 7, 33, 881224500, time.UTC)},
		Name: "PSEXESVC", DisplayName: "PSEXESVC", ImagePath: `%SystemRoot%\PSEXESVC.exe`,
		ServiceType: 0x10, TypeText: "own process", StartType: 3, StartText: "demand", Account: "LocalSystem",
	}})
}

func TestServicesUnusual(t *testing.T) {
	actions := make([]byte, 20, 36)
	binary.LittleEndian.PutUint32(actions, 86400)
	binary.LittleEndian.PutUint32(actions[12:], 3)
	for _, v := range []uint32{1, 60000, 3, 0} {
		actions = binary.LittleEndian.AppendUint32(actions, v)
	}
	recs, errs := found(t, testtree.HiveOf(testtree.SystemPath, func(root *regf.Key) {
		root.Sub("Select").Set("Current", regf.DWord(1))
		set := root.Sub("ControlSet001")
		set.Sub(`Control\SafeBoot\Network\fails`)
		svc := set.Sub("Services")
		svc.Sub("fails").Set("Type", regf.DWord(0x10)).Set("Start", regf.DWord(4)).Set("ImagePath", regf.String(`\??\C:\f.exe -x`)).
			Set("FailureCommand", regf.String(`C:\Users\Public\boom.exe`)).Set("FailureActions", regf.Binary(actions)).
			Set("DeleteFlag", regf.DWord(1)).Set("DelayedAutoStart", regf.DWord(1)).Set("DependOnService", regf.Multi("a", "b"))
		svc.Sub(`fails\TriggerInfo\0`)
		svc.Sub("cut").Set("Type", regf.DWord(0x20)).Set("ImagePath", regf.Expand(`%SystemRoot%\system32\svchost.exe -k odd`)).
			Set("FailureActions", regf.Binary([]byte{1, 2})).Set("ServiceDll", regf.Expand(`%SystemRoot%\odd.dll`))
		user := func(name string, typ uint32, image string) {
			svc.Sub(name).Set("Type", regf.DWord(typ)).Set("Start", regf.DWord(2)).Set("ImagePath", regf.Expand(image))
		}
		user("per", 0x60, `%SystemRoot%\system32\svchost.exe -k U`)
		user("per_1a2b3", 0xE0, `C:\Windows\system32\svchost.exe -k U`)
		user("per_bad", 0xE0, `C:\Users\Public\svchost.exe -k U`)
		user("lone_77", 0xD0, `C:\l.exe`)
		svc.Sub(`Perf\Performance`).Set("Library", regf.String("p.dll"))
		svc.Sub("number").Set("Type", regf.DWord(0x10)).Set("ImagePath", regf.DWord(1))
		root.Sub(`ControlSet002\Services\older`).Set("Type", regf.DWord(1)).Set("ImagePath", regf.Expand(`\SystemRoot\system32\drivers\o.sys`))
	}), "services")
	testtree.WantErrors(t, errs, `value "FailureActions" at`, `1 more failure actions`, `value "ImagePath" at`)
	testtree.WantSummaries(t, recs,
		`[cut] Image path: %SystemRoot%\system32\svchost.exe -k odd DLL: %SystemRoot%\odd.dll Type: shared process`,
		`[fails] Image path: \??\C:\f.exe -x Type: own process Start: disabled #disabled`,
		`[fails] on failure: C:\Users\Public\boom.exe`,
		`[lone_77] Image path: C:\l.exe Type: own process, per-user template, per-user instance Start: auto`,
		`[number] Type: own process`,
		`[per] Image path: %SystemRoot%\system32\svchost.exe -k U Type: shared process, per-user template Start: auto`,
		`[Perf]`,
		`[per_bad] Image path: C:\Users\Public\svchost.exe -k U Type: shared process, per-user template, per-user instance Start: auto`,
		`[older] Image path: \SystemRoot\system32\drivers\o.sys Type: kernel driver`,
	)
	if len(recs) != 9 {
		return
	}
	testtree.WantRecords(t, recs[1:2], []Service{{
		Entry: Entry{Mechanism: "Service", Scope: "machine", Command: `\??\C:\f.exe -x`, Image: `C:\f.exe`, Arguments: "-x", FilePresent: "unknown", Disabled: true, Written: testtree.Written},
		Name:  "fails", ImagePath: `\??\C:\f.exe -x`, ServiceType: 0x10, TypeText: "own process", StartType: 4, StartText: "disabled", Delayed: true, Triggers: 1,
		DependsOn: []string{"a", "b"}, OnFailure: []string{"restart the service after 60000 ms", "run the command after 0 ms"},
		FailureCmd: `C:\Users\Public\boom.exe`, DeleteFlag: true, SafeBoot: []string{"Network"},
	}})
	if s := recs[0].Data.(Service); s.Program() != `C:\Windows\odd.dll` || s.DLLKey != "" || s.GroupListed != "unknown" {
		t.Errorf("cut: %+v", s)
	}
	if s := recs[5].Data.(Service); len(s.Instances) != 2 {
		t.Errorf("instances of per: %q", s.Instances)
	}
	if s := recs[6].Data.(Service); len(s.Libraries) != 1 || s.Mechanism != "Service key without a type" {
		t.Errorf("Perf: %+v", s)
	}
}

// Counts of the catalogue: 450 to 750 keys, and three or four services whose
// ServiceDll stands in their own key.
func TestServicesReal(t *testing.T) {
	for path, want := range map[string]struct{ keys, direct, instances int }{
		"hives/regipy/SYSTEM":             {472, 3, 0},
		"hives/regipy/SYSTEM_2":           {469, 3, 0},
		"hives/regipy/SYSTEM_WIN_10_1709": {718, 4, 19},
	} {
		keys, direct, instances := 0, 0, 0
		for _, r := range realRecords(t, path, "services") {
			s := r.Data.(Service)
			if r.From.State != artifacts.Live || s.Mechanism == "Service failure command" {
				continue
			}
			if s.ServiceDLL != "" && s.DLLKey == "" {
				direct++
			}
			keys++
			instances += len(s.Instances)
		}
		if keys != want.keys || direct != want.direct || instances != want.instances {
			t.Errorf("%s: %d keys, %d with a DLL of their own, %d instances, want %+v", path, keys, direct, instances, want)
		}
	}
}
