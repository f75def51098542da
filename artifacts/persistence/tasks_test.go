package persistence

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/corpus/schtask"
)

func TestTasks(t *testing.T) {
	recs, errs := found(t, testtree.Incident(t, "system", "software", "tasks", "taskcache"), "tasks")
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs,
		`[\GoogleUpdateTaskMachineCore] C:\Program Files (x86)\Google\Update\GoogleUpdate.exe /c LogonTrigger CalendarTrigger`,
		`[\falcon sync] rundll32.exe %PUBLIC%\Libraries\cache.dll,#1 Author: KESTREL-PC\daniel CalendarTrigger #hidden-task`,
		`[\falcon update] C:\Users\Public\FALCON~1\fsync.exe -q Author: KESTREL-PC\daniel CalendarTrigger`,
		`[\Microsoft\Windows\Defrag\ScheduledDefrag] %windir%\system32\defrag.exe -c -h -o -$ Author: Microsoft Corporation CalendarTrigger`,
		`[\Microsoft\Windows\TextServicesFramework\MsCtfMonitor] {01575CFE-9A55-4003-A5E1-F38D1EBDCBE1} LogonTrigger`,
	)
	falcon := recs[1].Data.(Task)
	if len(falcon.XMLSHA256) != 64 || len(falcon.XMLCRC32) != 8 {
		t.Errorf("sums %q %q", falcon.XMLSHA256, falcon.XMLCRC32)
	}
	falcon.XMLSHA256, falcon.XMLCRC32 = "", ""
	testtree.WantRecords(t, []artifacts.Record{{Data: falcon}}, []Task{{
		Entry: Entry{Mechanism: "Scheduled task", Scope: "machine", Command: `rundll32.exe %PUBLIC%\Libraries\cache.dll,#1`, Image: "rundll32.exe",
			Arguments: `%PUBLIC%\Libraries\cache.dll,#1`, Payload: `C:\Users\Public\Libraries\cache.dll`, Guessed: true, FilePresent: "unknown"},
		TaskPath: `\falcon sync`, Action: 1, Actions: []string{`exec: rundll32.exe %PUBLIC%\Libraries\cache.dll,#1`}, Kind: "exec",
		URI: `\falcon sync`, Author: `KESTREL-PC\daniel`, Date: "2026-03-07T03:16:02", SchemaVersion: "1.2", Context: "Author",
		Principals: []TaskPrincipal{{ID: "Author", User: `KESTREL-PC\daniel`, RunLevel: "LeastPrivilege", LogonType: "InteractiveToken"}},
		Triggers:   []TaskTrigger{{Kind: "CalendarTrigger", Start: "2026-03-09T02:30:00", Schedule: "ScheduleByWeek"}},
		HiddenTask: true, TimeLimit: "PT72H", Encoding: "UTF-16LE",
	}})
	if ev := recs[1].Events(); len(ev) != 1 || ev[0].Kind != "Creation Time (claimed)" || ev[0].Zone != "local, inferred +09:00" {
		t.Errorf("events %+v", ev)
	}
}

// The cache tells of the same tasks what the files tell, and what the intruder
// hid.
func TestTaskCache(t *testing.T) {
	fsys := testtree.Incident(t, "system", "software", "tasks", "taskcache")
	recs, errs := found(t, fsys, "taskcache")
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs,
		`Task: \Microsoft\Windows\TextServicesFramework\MsCtfMonitor [Identifier: {0D9C8B7A-2222-4333-8444-555566667777}] {01575CFE-9A55-4003-A5E1-F38D1EBDCBE1}`,
		`Task: \falcon sync [Identifier: {5E0F4C21-7777-4888-8999-AAAABBBBCCCC}] rundll32.exe %PUBLIC%\Libraries\cache.dll,#1 last result: 0x00041303 (hidden: its name in the tree has no security descriptor) #hidden #hidden-task`,
		`Task: \falcon update [Identifier: {5E0F4C21-7777-4888-8999-AAAABBBBDDDD}] C:\Users\Public\FALCON~1\fsync.exe -q`,
		`Task: \Microsoft\Windows\Defrag\ScheduledDefrag [Identifier: {6F1E2B3C-0A4D-4E5F-8899-AABBCCDDEEFF}] %windir%\system32\defrag.exe -c -h -o -$`,
		`Task: \GoogleUpdateTaskMachineCore [Identifier: {A1B2C3D4-1111-4222-8333-444455556666}] C:\Program Files (x86)\Google\Update\GoogleUpdate.exe /c`,
		`Task: \falcon sync [Identifier: {5E0F4C21-7777-4888-8999-AAAABBBBCCCC}] name in the tree (hidden: its name in the tree has no security descriptor) #hidden`,
		`Task: \falcon update [Identifier: {5E0F4C21-7777-4888-8999-AAAABBBBDDDD}] name in the tree`,
		`Task: \GoogleUpdateTaskMachineCore [Identifier: {A1B2C3D4-1111-4222-8333-444455556666}] name in the tree`,
		`Task: \Microsoft\Windows\Defrag\ScheduledDefrag [Identifier: {6F1E2B3C-0A4D-4E5F-8899-AABBCCDDEEFF}] name in the tree`,
		`Task: \Microsoft\Windows\TextServicesFramework\MsCtfMonitor [Identifier: {0D9C8B7A-2222-4333-8444-555566667777}] name in the tree`,
	)
	files := map[string]Task{}
	xml, _ := found(t, fsys, "tasks")
	for _, r := range xml {
		f := r.Data.(Task)
		files[f.TaskPath] = f
	}
	for _, r := range recs[:5] {
		c := r.Data.(TaskCache)
		f := files[c.TaskPath]
		if c.Hash != f.XMLSHA256 || c.XMLCRC32 != f.XMLCRC32 || strings.Join(c.Actions, "\n") != strings.Join(f.Actions, "\n") || c.HiddenTask != f.HiddenTask {
			t.Errorf("%s: cache %s %s %q, file %s %s %q", c.TaskPath, c.Hash, c.XMLCRC32, c.Actions, f.XMLSHA256, f.XMLCRC32, f.Actions)
		}
		if len(c.Triggers) != len(f.Triggers) {
			t.Errorf("%s: %d triggers, the file has %d", c.TaskPath, len(c.Triggers), len(f.Triggers))
			continue
		}
		for i, g := range c.Triggers {
			if g.Kind != f.Triggers[i].Kind || g.Start != f.Triggers[i].Start || g.Schedule != f.Triggers[i].Schedule {
				t.Errorf("%s: trigger %+v, the file has %+v", c.TaskPath, g, f.Triggers[i])
			}
		}
	}
	defrag := recs[3].Data.(TaskCache)
	if defrag.InTree != "yes" || defrag.HasSD != "yes" || defrag.Index != 3 || defrag.Security != "O:BAG:SYD:(A;;0x1F01FF;;;BA)(A;;0x1F01FF;;;SY)" ||
		strings.Join(defrag.Buckets, " ") != "Plain" || defrag.RunAsSID != "S-1-5-18" || !defrag.HighestLevel || defrag.Schema != "1.2" {
		t.Errorf("%+v", defrag)
	}
	var kinds []string
	for _, e := range recs[3].Events() {
		kinds = append(kinds, e.Kind+" "+string(e.Proof))
	}
	if got := strings.Join(kinds, ", "); got != "Content Modification Time configured, Last registered Time configured, Launch Time executed, Last Successful Run Time executed" {
		t.Errorf("events %s", got)
	}
}

func TestTaskCacheTampered(t *testing.T) {
	task := schtask.Task{Path: `\t`, User: "u", SID: "S-1-5-32-545", Registered: testtree.Written, LastRun: testtree.Written.Add(time.Hour), Result: 0x80070002,
		Actions: []schtask.Action{{Command: `C:\a.exe`}, {Command: `C:\b.exe`, Arguments: "-x"}}}
	recs, errs := found(t, testtree.HiveOf(testtree.SoftwarePath, func(root *regf.Key) {
		testtree.AsSoftware(root)
		cache := root.Sub(taskCacheKey)
		put := func(id, path string) *regf.Key {
			return cache.Sub(`Tasks\`+id).Set("Path", regf.String(path)).Set("Actions", regf.Binary(task.ActionsBlob()[:60])).
				Set("Triggers", regf.Binary(task.TriggersBlob())).Set("DynamicInfo", regf.Binary(task.DynamicInfo()))
		}
		put("{1}", `\no name`)
		put("{2}", `\zero`).Set("Actions", regf.Binary(task.ActionsBlob()))
		put("{3}", `\taken`).Set("DynamicInfo", regf.Binary([]byte{3, 0}))
		put("{4}", ``)
		cache.Sub(`Tree\zero`).Set("Id", regf.String("{2}")).Set("Index", regf.DWord(0)).Set("SD", regf.Binary([]byte{1}))
		cache.Sub(`Tree\taken`).Set("Id", regf.String("{9}")).Set("Index", regf.DWord(3)).Set("SD", regf.Binary([]byte{1}))
		cache.Sub(`Tree\a\b\c\d\e\f\g\h\i\j\k\l\m`).Set("Id", regf.String("{2}"))
	}), "taskcache")
	testtree.WantErrors(t, errs,
		`taskblob: Actions at offset`,
		`taskblob: DynamicInfo at offset 2`, `taskblob: Actions at offset`,
		`taskblob: Actions at offset`,
		`names deeper than 12 folders are not read`,
	)
	testtree.WantSummaries(t, recs,
		`Task: \no name [Identifier: {1}] C:\a.exe last result: 0x80070002 (hidden: its name is not in the tree) #hidden`,
		`Task: \zero [Identifier: {2}] C:\a.exe last result: 0x80070002 (hidden: its index is 0) #hidden`,
		`Task: \zero [Identifier: {2}] C:\b.exe -x last result: 0x80070002 (hidden: its index is 0) #hidden`,
		`Task: \taken [Identifier: {3}] C:\a.exe (hidden: its name in the tree leads to another task) #hidden`,
		`Task:  [Identifier: {4}] C:\a.exe last result: 0x80070002 (hidden: the task has no path) #hidden`,
		`Task: \taken [Identifier: {9}] name in the tree (no task of this id)`,
		`Task: \zero [Identifier: {2}] name in the tree (hidden: its index is 0) #hidden`,
	)
	for _, e := range recs[1].Events() {
		if e.Kind == "Launch Time" && e.Proof != artifacts.Configured {
			t.Errorf("a start that found no program proves %s", e.Proof)
		}
	}
	if ev := recs[2].Events(); len(ev) != 1 {
		t.Errorf("the second action repeats %d events", len(ev))
	}
}

// Each run writes DynamicInfo anew; an old one that is left tells of an
// earlier run.
func TestTaskCacheDeleted(t *testing.T) {
	old := schtask.Task{Registered: testtree.Written, LastRun: testtree.Written.Add(-24 * time.Hour)}
	recs, errs := found(t, testtree.HiveOf(testtree.SoftwarePath, func(root *regf.Key) {
		testtree.AsSoftware(root)
		root.Sub(taskCacheKey+`Tasks\{1}`).Set("Path", regf.String(`\t`)).
			Set("DynamicInfo", regf.Binary(old.DynamicInfo())).Unset("DynamicInfo", testtree.Written)
		root.Sub(taskCacheKey+`Tree\t`).Set("Id", regf.String("{1}")).Set("Index", regf.DWord(3)).Set("SD", regf.Binary([]byte{1}))
	}), "taskcache")
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs, `Task: \t [Identifier: {1}]`, `Task: \t [Identifier: {1}] name in the tree`, `Task: \t [Identifier: {1}] #deleted`)
	if len(recs) == 3 && !recs[2].Data.(TaskCache).LastRun.Equal(old.LastRun) {
		t.Errorf("last run %v, want %v", recs[2].Data.(TaskCache).LastRun, old.LastRun)
	}
}

// TestTaskCacheLost damages the name of a task in the tree: a task whose name is lost does not hide.
func TestTaskCacheLost(t *testing.T) {
	fsys := testtree.HiveOf(testtree.SoftwarePath, func(root *regf.Key) {
		testtree.AsSoftware(root)
		root.Sub(taskCacheKey+`Tasks\{1}`).Set("Path", regf.String(`\named in the tree`))
		root.Sub(taskCacheKey+`Tree\named in the tree`).Set("Id", regf.String("{1}")).Set("SD", regf.Binary([]byte{1}))
	})
	file := fsys[testtree.SoftwarePath]
	file.Data = bytes.Clone(file.Data)
	name := bytes.Index(file.Data, []byte("named in the tree"))
	if name < 76 || string(file.Data[name-76:name-74]) != "nk" {
		t.Fatal("the key is not found")
	}
	file.Data[name-76] = 'x'
	recs, _ := found(t, fsys, "taskcache")
	if len(recs) != 1 || recs[0].Data.(TaskCache).Hidden != "" {
		t.Errorf("%d records, the task is hidden: %+v", len(recs), recs)
	}
}

// The text is read by its bytes, whatever the label says.
func TestTaskEncodings(t *testing.T) {
	text := corpusTask().Text()
	be := []byte{0xFE, 0xFF}
	be = append(be, regf.UTF16(text)...)
	for i := 2; i+1 < len(be); i += 2 {
		be[i], be[i+1] = be[i+1], be[i]
	}
	latin := strings.ReplaceAll(text, "é", "\xe9")
	for name, b := range map[string][]byte{
		"UTF-16LE":              corpusTask().XML(),
		"UTF-16LE without mark": corpusTask().XML()[2:],
		"UTF-16BE":              be,
		"UTF-16BE without mark": be[2:],
		"UTF-8":                 append([]byte{0xEF, 0xBB, 0xBF}, text...),
		"UTF-8 without mark":    []byte(text),
		"8 bit":                 []byte(latin),
	} {
		recs, errs := found(t, taskFile(b), "tasks")
		testtree.NoErrors(t, errs)
		if len(recs) != 1 {
			t.Errorf("%s: %d records", name, len(recs))
			continue
		}
		got := recs[0].Data.(Task)
		want := `C:\é & <b>.exe`
		if name == "8 bit" {
			want = "C:\\\uFFFD & <b>.exe"
		}
		if got.Encoding != name || got.Command != want {
			t.Errorf("%s: encoding %q, command %q", name, got.Encoding, got.Command)
		}
	}
}

func corpusTask() schtask.Task {
	return schtask.Task{Path: `\t`, User: "u", Actions: []schtask.Action{{Command: `C:\é & <b>.exe`}}}
}

func taskFile(b []byte) fstest.MapFS {
	return fstest.MapFS{"Windows/System32/Tasks/t": {Data: b}}
}

func TestTasksHostile(t *testing.T) {
	const head, exec = `<Task xmlns="x"><Actions>`, `<Exec><Command>C:\a.exe</Command></Exec>`
	for _, tt := range []struct {
		name, text string
		records    int
		want       string
	}{
		{"empty", "", 0, "the file is empty"},
		{"other", "<html></html>", 0, `the root element is "html", want Task`},
		{"entities", `<!DOCTYPE t [<!ENTITY a "b"><!ENTITY c "&a;&a;">]>` + head + `</Actions></Task>`, 0, "a document type is refused"},
		{"entity used", head + exec + `<Exec><Command>&c;</Command></Exec></Actions></Task>`, 2, "invalid character entity &c;"},
		{"cut", head + exec + `<Exec><Comm`, 2, "unexpected EOF"},
		{"ends early", head + exec, 1, `the XML ends inside of "Actions"`},
		{"crossed", head + exec + `</Task></Actions>`, 1, `"Task" ends and did not begin`},
		{"two roots", head + exec + `</Actions></Task><Task/>`, 1, "a second root element"},
		{"deep", head + strings.Repeat("<a>", 100), 1, "nested deeper than 64"},
		{"declaration", `<?xml version="1.0"`, 0, "the XML declaration does not end"},
		{"long", head + exec + strings.Repeat("é", taskMaxBytes/2), 1, "more than a task; only the first 4194303 are read"},
		{"bad date", `<Task><RegistrationInfo><Date>yesterday</Date></RegistrationInfo></Task>`, 1, `the date "yesterday" is none`},
	} {
		recs, errs := found(t, taskFile([]byte(tt.text)), "tasks")
		if len(recs) != tt.records || len(errs) != 1 || !strings.Contains(errs[0].Error(), tt.want) {
			t.Errorf("%s: %d records, errors %v, want %d, %s", tt.name, len(recs), errs, tt.records, tt.want)
		}
	}
}

func TestTaskTime(t *testing.T) {
	for s, want := range map[string]string{
		"2026-03-07T03:16:02":               "2026-03-07 03:16:02 +0000 UTC true",
		"2026-03-07T03:16:02.1234567":       "2026-03-07 03:16:02.1234567 +0000 UTC true",
		"2026-03-07T03:16:02Z":              "2026-03-07 03:16:02 +0000 UTC false",
		"2026-03-07T03:16:02.5+09:00":       "2026-03-06 18:16:02.5 +0000 UTC false",
		"2026-03-07T03:16:02.1234567+99:00": "",
		"0001-01-01T00:00:00":               "",
	} {
		got := ""
		if at, local, ok := parseTaskTime(s); ok {
			got = at.String() + map[bool]string{true: " true", false: " false"}[local]
		}
		if got != want {
			t.Errorf("%s: %q, want %q", s, got, want)
		}
	}
	for sec, want := range map[uint32]string{0: "", 1<<32 - 1: "", 300: "PT5M", 86400: "P1D", 90061: "P1DT1H1M1S", 3600: "PT1H"} {
		if got := taskPeriod(sec); got != want {
			t.Errorf("%d seconds: %q, want %q", sec, got, want)
		}
	}
}

func TestTasksReal(t *testing.T) {
	recs := realRecords(t, "images/server2022-attacked", "tasks")
	names := map[string]string{}
	for _, r := range recs {
		k := r.Data.(Task)
		names[k.TaskPath] = k.Image + " " + k.Triggers[0].Interval
	}
	if len(names) != 2 || names[`\GameOver`] != `C:\TMP\mim.exe PT5M` || names[`\falshupdate22`] != "powershell.exe PT2M" {
		t.Errorf("tasks %v", names)
	}
}

func TestJobs(t *testing.T) {
	recs, errs := found(t, testtree.Incident(t, "system", "software", "jobs"), "jobs")
	testtree.NoErrors(t, errs)
	testtree.WantRecords(t, recs, []Job{{
		Entry: Entry{Mechanism: "Job", Scope: "machine", Command: `C:\Program Files (x86)\Plover PDF\update.exe /scheduled`,
			Image: `C:\Program Files (x86)\Plover PDF\update.exe`, Arguments: "/scheduled", FilePresent: "unknown"},
		Product: "0x0A00", ID: "{77778888-9999-4AAA-8BBB-CCCCDDDDEEEE}", Name: "PloverUpdate.job",
		Application: `C:\Program Files (x86)\Plover PDF\update.exe`, Parameters: "/scheduled", WorkingDir: `C:\Program Files (x86)\Plover PDF`,
		Author: "mira", Comment: "Looks for new versions", Status: "ready", LastRun: time.Date(2026, 3, 6, 12, 0, 0, 125e6, time.UTC),
		Triggers: []JobTrigger{{Kind: "daily", Begin: "2025-02-03", Start: "12:00"}},
	}})
	if ev := recs[0].Events(); len(ev) != 1 || ev[0].Zone != "local, inferred +09:00" || ev[0].Proof != artifacts.Executed {
		t.Errorf("events %+v", ev)
	}
}

func jobFile(name string, b []byte) fstest.MapFS {
	return fstest.MapFS{"Windows/Tasks/" + name: {Data: b}, "Windows/System32/drivers/etc/hosts": {}}
}

func TestJobsDamaged(t *testing.T) {
	job := schtask.Job{Product: 0x0501, Application: `cmd`, Parameters: `/c x.bat`, Status: 0x41303, Flags: 0x204, StartError: 0x80070002, Start: testtree.Written}
	good := job.Build()
	for _, tt := range []struct {
		name string
		b    []byte
		n    int
		want string
	}{
		{"whole", good, 1, ""},
		{"short", good[:60], 0, "job of 60 bytes, want 70 or more"},
		{"text cut", good[:75], 1, "offset 0x46: a text runs past the end"},
		{"trigger cut", good[:len(good)-1], 1, "a trigger runs past the end"},
		{"version", append([]byte{1, 5, 9, 9}, good[4:]...), 0, "file version 2313, want 1"},
	} {
		recs, errs := found(t, jobFile("At1.job", tt.b), "jobs")
		if len(recs) != tt.n {
			t.Errorf("%s: %d records", tt.name, len(recs))
		}
		if tt.want == "" {
			testtree.NoErrors(t, errs)
			testtree.WantSummaries(t, recs, `[At1.job] cmd /c x.bat Status: never run start error: 0x80070002 (disabled) #disabled #hidden-task #at-job`)
		} else if len(errs) != 1 || !strings.Contains(errs[0].Error(), tt.want) {
			t.Errorf("%s: errors %v, want %s", tt.name, errs, tt.want)
		}
	}
}

func FuzzJob(f *testing.F) {
	f.Add(schtask.Job{Application: "a", Comment: "b", Start: testtree.Written}.Build())
	f.Fuzz(func(t *testing.T, b []byte) {
		recs, _ := found(t, jobFile("x.job", b), "jobs")
		for _, r := range recs {
			if n := len(r.Data.(Job).Triggers); n*jobTriggerSize > len(b) {
				t.Errorf("%d triggers in %d bytes", n, len(b))
			}
		}
	})
}

func FuzzTaskXML(f *testing.F) {
	f.Add(corpusTask().XML())
	f.Add([]byte(corpusTask().Text()))
	f.Add([]byte(`<Task><!-- --><Actions><Exec><Command><![CDATA[x]]></Command></Exec></Actions></Task>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		text, _, body := taskText(b)
		if len(body) > len(b) || len(text) > 3*len(b) {
			t.Errorf("%d bytes of text from %d", len(text), len(b))
		}
		root, err := parseTaskXML(text)
		if root == nil && err == nil {
			t.Error("neither a root nor an error")
		}
	})
}
