package persistence

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

// TestSafeBootNameless has an entry without the value that says what it is, as
// a real program of a third party left it.
func TestSafeBootNameless(t *testing.T) {
	recs, errs := found(t, testtree.HiveOf(testtree.SystemPath, func(root *regf.Key) {
		k := testtree.AsSystem(root).Sub(`Control\SafeBoot\Network`)
		k.Sub("heronsvc")
		k.Sub("{4D36E967-E325-11CE-BFC1-08002BE10318}").Set("", regf.String("DiskDrive"))
	}), "safeboot")
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs, `[SafeBoot\Network\heronsvc] heronsvc: kind unknown`)
	if len(recs) == 1 && (recs[0].Data.(SafeBoot).Mode != "Network" || recs[0].From.Offset == 0) {
		t.Errorf("%+v", recs[0])
	}
}

// TestShellExtensionItself has handlers that are the key and not one below it.
func TestShellExtensionItself(t *testing.T) {
	const id = "{0C1D2E3F-4A5B-4C6D-8E7F-90A1B2C3D4E5}"
	recs, errs := found(t, testtree.HiveOf(testtree.SoftwarePath, func(root *regf.Key) {
		testtree.AsSoftware(root)
		root.Sub(`Classes\lnkfile\shellex\IconHandler`).Set("", regf.String(id))
		root.Sub(`Classes\exefile\shellex\{00021500-0000-0000-C000-000000000046}`).Set("", regf.String(id))
		root.Sub(`Classes\Folder\shellex\ContextMenuHandlers\Heron`).Set("", regf.String(id))
		root.Sub(`Classes\CLSID\`+id+`\InprocServer32`).Set("", regf.String(`C:\Users\Public\h.dll`))
	}), "shellextensions")
	testtree.NoErrors(t, errs)
	lists := map[string]string{}
	for _, r := range recs {
		e := r.Data.(ShellExtension)
		lists[e.List] = e.CLSID + " " + e.Image
	}
	for _, list := range []string{`lnkfile\IconHandler`, `exefile\{00021500-0000-0000-C000-000000000046}`, `Folder\ContextMenuHandlers`} {
		if lists[list] != id+` C:\Users\Public\h.dll` {
			t.Errorf("%s: %q", list, lists[list])
		}
	}
	if len(recs) != 3 {
		t.Errorf("%d records: %v", len(recs), lists)
	}
}

// TestScopeOfClasses reads the UsrClass.dat of a user alone: without the path
// of a profile it is still a user's.
func TestScopeOfClasses(t *testing.T) {
	h := regf.New("S-1-5-21-1-2-3-1001_Classes", testtree.Written)
	h.Root.Sub(`Local Settings\Software`)
	h.Root.Sub(`CLSID\{0C1D2E3F-4A5B-4C6D-8E7F-90A1B2C3D4E5}\InprocServer32`).Set("", regf.String(`C:\Users\mira\h.dll`))
	name := filepath.Join(t.TempDir(), "UsrClass.dat")
	if err := os.WriteFile(name, h.Build(), 0o600); err != nil {
		t.Fatal(err)
	}
	ev, err := evidence.Open(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	recs, errs := testtree.FoundIn(t, ev.Trees[0], testtree.Named(t, Artifacts(), "comhijack"))
	testtree.NoErrors(t, errs)
	if len(recs) != 1 {
		t.Fatalf("%d records", len(recs))
	}
	if a := recs[0].Data.(Autostarter).Autostart(); a.Scope != "user" {
		t.Errorf("scope %q", a.Scope)
	}
}

func TestGroupPolicy(t *testing.T) {
	recs, errs := found(t, testtree.Incident(t, "system", "software", "grouppolicy"), "grouppolicy")
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs, `[registry value] set Software\Policies\Microsoft\Windows\System\EnableSmartScreen = 1`, `[drive] update R: \\falcon-srv\reports to R`)
}

// TestGroupPolicyPushed has what an intruder with rights in the domain brings to
// all machines: an immediate task, and a password in the policy.
func TestGroupPolicyPushed(t *testing.T) {
	const base = "Windows/System32/GroupPolicy/DataStore/0/sysvol/kestrel.example/Policies/{31B2F340-016D-11D2-945F-00C04FB984F9}/Machine/Preferences/"
	m := testtree.HiveOf(testtree.SoftwarePath, testtree.AsSoftware)
	m[base+"ScheduledTasks/ScheduledTasks.xml"] = &fstest.MapFile{Data: []byte(`<ScheduledTasks><ImmediateTaskV2 name="upd" changed="2026-03-06 18:10:00"><Properties action="C" runAs="NT AUTHORITY\System">` +
		`<Task version="1.3"><Actions><Exec><Command>powershell.exe</Command><Arguments>-enc AAAA</Arguments></Exec></Actions></Task></Properties></ImmediateTaskV2></ScheduledTasks>`)}
	m[base+"Groups/Groups.xml"] = &fstest.MapFile{Data: []byte(`<Groups><User name="helper"><Properties action="U" userName="helper" cpassword="SECRET"/></User></Groups>`)}
	m[base+"Files/Files.xml"] = &fstest.MapFile{Data: []byte(`<Files><File name="a"><Properties fromPath="\\s\x.exe" targetPath="C:\x.exe"/></Fi`)}
	recs, errs := found(t, m, "grouppolicy")
	testtree.WantErrors(t, errs, "XML")
	testtree.WantSummaries(t, recs,
		`[immediate task] create upd: powershell.exe -enc AAAA, account: NT AUTHORITY\System`,
		`[file] a: \\s\x.exe to C:\x.exe`,
		`[user] update helper, account: helper (a password is stored)`,
	)
	if r := recs[0].Data.(GroupPolicy); r.Policy != "{31B2F340-016D-11D2-945F-00C04FB984F9}" || r.Mechanism != "Group policy immediate task" || len(r.Events()) != 1 {
		t.Errorf("%+v", r)
	}
}
