package communication

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

// remoteFile decodes one text of a remote tool.
func remoteFile(t *testing.T, path, text string) []artifacts.Record {
	t.Helper()
	recs, errs := testtree.Found(t, fstest.MapFS{"Windows/System32/ntdll.dll": {}, path: {Data: []byte(text)}}, remoteTools)
	testtree.NoErrors(t, errs)
	return recs
}

// TestAnyDeskConnections has the list of connections in both of its encodings.
func TestAnyDeskConnections(t *testing.T) {
	const path = "ProgramData/AnyDesk/connection_trace.txt"
	text := "Incoming    2022-08-23, 10:23    Passwd     547911884    547911884    \r\n" +
		"Incoming    2022-02-29, 10:23    User       547911884    547911884    \r\n" + // no such day
		"Outgoing    2022-09-28, 12:39    REJECTED   442226597    442226597    \r\n" +
		"Incoming    2022-09-28, 12:39    Token\r\n" + // cut
		"\r\n"
	want := []RemoteTool{
		{Tool: "AnyDesk", Kind: "session", File: "connection_trace.txt", Line: 1, Time: time.Date(2022, 8, 23, 10, 23, 0, 0, time.UTC),
			Direction: "incoming", How: "Passwd", Peer: "547911884"},
		{Tool: "AnyDesk", Kind: "session", File: "connection_trace.txt", Line: 3, Time: time.Date(2022, 9, 28, 12, 39, 0, 0, time.UTC),
			Direction: "outgoing", How: "REJECTED", Peer: "442226597"},
	}
	for name, data := range map[string]string{"8 bits": text, "UTF-16": "\xFF\xFE" + string(regf.UTF16(text))} {
		t.Run(name, func(t *testing.T) {
			recs := remoteFile(t, path, data)
			testtree.WantRecords(t, recs, want)
			if len(recs) == 2 && recs[1].From.Offset <= recs[0].From.Offset {
				t.Errorf("lines at %d and %d", recs[0].From.Offset, recs[1].From.Offset)
			}
		})
	}
}

// TestAnyDeskTrace has the lines that a reader wants, and others of the same file.
func TestAnyDeskTrace(t *testing.T) {
	const head = "   info 2022-08-23 10:23:"
	recs := remoteFile(t, "ProgramData/AnyDesk/ad_svc.trace",
		head+"01.001       gsvc   4244   4392   29  anynet.any_socket - Logged in from 203.0.113.77:59562 on relay 1a2b.\n"+
			head+"02.002       gsvc   4244   4392   29  anynet.any_socket - Client-ID: 547911884 (FPR: 0a).\n"+
			head+"03.003       gsvc   4244   4392   29  main - Nothing of note.\n"+
			head+"04.004       gsvc   4244   4392   29  app.session - Incoming session request: heron (desk) (547911884)\n"+
			head+"05.005       gsvc   4244   4392   29  app.prepare_task - Preparing files in 'C:\\Users\\mira\\Documents'.\n"+
			head+"06.006       gsvc   4244   4392   29  anynet.connection_mgr - External address: 198.51.100.7:51820.\n"+
			head+"07           gsvc   4244   4392   29  main - Session closed by user.\n"+ // no milliseconds
			"warning\n"+
			head+"08.008       gsvc   4244   4392   29  Session closed without a dash\n")
	testtree.WantRecords(t, recs, []RemoteTool{
		{Tool: "AnyDesk", Kind: "log", File: "ad_svc.trace", Line: 1, Time: time.Date(2022, 8, 23, 10, 23, 1, 1e6, time.UTC),
			Address: "203.0.113.77:59562", Text: "Logged in from 203.0.113.77:59562 on relay 1a2b."},
		{Tool: "AnyDesk", Kind: "log", File: "ad_svc.trace", Line: 2, Time: time.Date(2022, 8, 23, 10, 23, 2, 2e6, time.UTC),
			Peer: "547911884", Text: "Client-ID: 547911884 (FPR: 0a)."},
		{Tool: "AnyDesk", Kind: "log", File: "ad_svc.trace", Line: 4, Time: time.Date(2022, 8, 23, 10, 23, 4, 4e6, time.UTC),
			Peer: "547911884", PeerName: "heron (desk)", Direction: "incoming", Text: "Incoming session request: heron (desk) (547911884)"},
		{Tool: "AnyDesk", Kind: "log", File: "ad_svc.trace", Line: 5, Time: time.Date(2022, 8, 23, 10, 23, 5, 5e6, time.UTC),
			Path: `C:\Users\mira\Documents`, Text: `Preparing files in 'C:\Users\mira\Documents'.`},
		{Tool: "AnyDesk", Kind: "log", File: "ad_svc.trace", Line: 6, Time: time.Date(2022, 8, 23, 10, 23, 6, 6e6, time.UTC),
			Address: "198.51.100.7:51820", Text: "External address: 198.51.100.7:51820."},
	})
	if len(recs) > 0 {
		if ev := recs[0].Events(); len(ev) != 1 || ev[0].Kind != "Event Time" || ev[0].Local {
			t.Errorf("events of a line in UTC: %+v", ev)
		}
		if p := recs[0].Data.(RemoteTool).Proof(); p != artifacts.Executed {
			t.Errorf("a line of a log proves %v", p)
		}
	}
}

// TestTeamViewerLists has both separators, a name of several words, an incoming
// connection without a name, and lines that are none.
func TestTeamViewerLists(t *testing.T) {
	start, end := time.Date(2024, 2, 20, 13, 10, 33, 0, time.UTC), time.Date(2024, 2, 20, 13, 11, 52, 0, time.UTC)
	const times = "20-02-2024 13:10:33\t20-02-2024 13:11:52"
	recs := remoteFile(t, "Program Files (x86)/TeamViewer/Connections_incoming.txt",
		"1660360496\tHeron of the Marsh\t"+times+"\tmira\tRemoteControl\t{6F1D0B0E-0000-4000-8000-000000000001}\t\r\n"+
			"1660360497 "+strings.ReplaceAll(times, "\t", " ")+" mira ode FileTransfer {6F1D0B0E-0000-4000-8000-000000000002}\r\n"+
			"1660360498\t"+times+"\r\n"+
			times+"\tno id\r\n"+
			"1660360499\t32-01-2024 13:10:33\t20-02-2024 13:11:52\tmira\tRemoteControl\r\n"+
			"1660360500\t20-02-2024 13:10:33\r\n")
	testtree.WantRecords(t, recs, []RemoteTool{
		{Tool: "TeamViewer", Kind: "session", File: "Connections_incoming.txt", Line: 1, Time: start, End: end, Direction: "incoming",
			Peer: "1660360496", PeerName: "Heron of the Marsh", Account: "mira", How: "RemoteControl", Session: "{6F1D0B0E-0000-4000-8000-000000000001}"},
		{Tool: "TeamViewer", Kind: "session", File: "Connections_incoming.txt", Line: 2, Time: start, End: end, Direction: "incoming",
			Peer: "1660360497", Account: "mira ode", How: "FileTransfer", Session: "{6F1D0B0E-0000-4000-8000-000000000002}"},
		{Tool: "TeamViewer", Kind: "session", File: "Connections_incoming.txt", Line: 3, Time: start, End: end, Direction: "incoming", Peer: "1660360498"},
	})
	testtree.WantSummaries(t, recs,
		"[TeamViewer] incoming session, peer 1660360496 Heron of the Marsh, RemoteControl, local user: mira",
		"[TeamViewer] incoming session, peer 1660360497, FileTransfer, local user: mira ode",
		"[TeamViewer] incoming session, peer 1660360498")
	if len(recs) > 0 {
		ev := recs[0].Events()
		if len(ev) != 2 || ev[0].Kind != "Start Time" || !ev[0].Time.Equal(start) || ev[1].Kind != "End Time" || !ev[1].Time.Equal(end) {
			t.Errorf("events of a session: %+v", ev)
		}
	}
	out := remoteFile(t, "Users/mira/AppData/Roaming/TeamViewer/Connections.txt", "1660360496\t"+times+"\tmira\tRemoteControl\n")
	if len(out) != 1 || out[0].Data.(RemoteTool).Direction != "outgoing" {
		t.Errorf("the list of a user: %+v", out)
	}
}

// TestTeamViewerLog: the log is in local time, and only some lines are wanted.
func TestTeamViewerLog(t *testing.T) {
	recs := remoteFile(t, "Program Files/TeamViewer/TeamViewer15_Logfile.log",
		"2024/02/16 14:16:32.123  2232  3456 S0   UDPv4: punch received a=203.0.113.77:53124: (*)\r\n"+
			"2024/02/16 14:16:33.123  2232  3456 G1   New Participant added in role 6\r\n"+
			"2024/02/16 14:16:34.123  2232  3456 G1   something else\r\n"+
			"2024/02/16 14:16\r\n"+
			"Start:              2024/02/16 14:16:30.000 (UTC+1:00)\r\n"+
			"2024/02/16 14:16:35.123  2232  3456 G1   Write file C:\\Users\\mira\\"+strings.Repeat("ä", 400)+"\r\n")
	if len(recs) != 3 {
		t.Fatalf("%d records, want 3", len(recs))
	}
	first := recs[0].Data.(RemoteTool)
	if first.Address != "203.0.113.77:53124" {
		t.Errorf("address %q, want it without the colon of the sentence", first.Address)
	}
	if ev := recs[1].Events(); len(ev) != 1 || !ev[0].Local && ev[0].Zone == "" {
		t.Errorf("events of a local line: %+v", ev)
	}
	long := recs[2].Data.(RemoteTool).Text
	if !strings.HasSuffix(long, "…") || len(long) > remoteLine+len("…") || strings.ContainsRune(long, '\uFFFD') {
		t.Errorf("a long line is cut to %d bytes: %q", len(long), long[len(long)-9:])
	}
}

// TestRemoteSettingsFiles: values are shown of ids only, and a file is one record.
func TestRemoteSettingsFiles(t *testing.T) {
	recs := remoteFile(t, "Users/mira/AppData/Roaming/RustDesk/config/RustDesk2.toml",
		"id = '123456789'\nenc_id = '00SECRET'\npassword = 'SECRET'\n[options]\ncustom-rendezvous-server = \"relay.heron.example\"\nkey = 'SECRET'\nrelay-server=''\n")
	if len(recs) != 1 {
		t.Fatalf("%d records", len(recs))
	}
	r := recs[0].Data.(RemoteTool)
	want := "id=123456789|enc_id|password|custom-rendezvous-server=relay.heron.example|key|relay-server"
	if got := strings.Join(r.Settings, "|"); got != want || r.Peer != "123456789" || r.Tool != "RustDesk" {
		t.Errorf("%s of peer %q: %q, want %q", r.Tool, r.Peer, got, want)
	}
	if r.Proof() != artifacts.Configured || len(recs[0].Events()) != 0 {
		t.Error("settings prove more than that the tool was set up")
	}

	recs = remoteFile(t, "Program Files (x86)/ScreenConnect Client (0a)/user.config",
		`<setting name="ClientLaunchParametersConstraint" serializeAs="String"><value>?h=relay&amp;k=SECRET</value></setting>`+"\n")
	if len(recs) != 1 || strings.Join(recs[0].Data.(RemoteTool).Settings, "|") != "ClientLaunchParametersConstraint" {
		t.Errorf("settings of ScreenConnect: %+v", recs)
	}

	many := strings.Repeat("name=value\n", 1000) + strings.Repeat("n", 500) + "=x\n"
	recs = remoteFile(t, "ProgramData/AnyDesk/system.conf", many)
	if len(recs) != 1 || len(recs[0].Data.(RemoteTool).Settings) != 64 {
		t.Errorf("a thousand settings: %d records", len(recs))
	}
	if s := recs[0].Summary(); strings.Count(s, "name") != 12 {
		t.Errorf("the summary names %d settings: %s", strings.Count(s, "name"), s)
	}
	if recs := remoteFile(t, "ProgramData/AnyDesk/empty.conf", ""); len(recs) > 1 || len(recs) == 1 && !strings.HasSuffix(recs[0].Summary(), "no settings") {
		t.Errorf("an empty file: %+v", recs)
	}
}

// TestRemoteServices knows a tool by the beginning of its service's name, and takes
// no service without a program.
func TestRemoteServices(t *testing.T) {
	m := testtree.HiveOf(testtree.SystemPath, func(root *regf.Key) {
		s := testtree.AsSystem(root).Sub("Services")
		for _, name := range []string{"AnyDesk", "TeamViewer", "tvnserver", "uvnc_service", "Mesh Agent", "RServer3", "chromoting", "NetSupport Service"} {
			s.Sub(name).Set("ImagePath", regf.Expand(`%ProgramFiles%\`+name+`\x.exe`))
		}
		s.Sub("AnyDesk-empty")
		s.Sub("NotAnyDesk").Set("ImagePath", regf.String(`C:\x.exe`))
		s.Sub("ScreenConnect Client (1)").Set("ImagePath", regf.String(`"C:\s.exe" "?h=relay.example&k=%zz"`)) // a bad escape
		s.Sub("ScreenConnect Client (2)").Set("ImagePath", regf.String(`"C:\s.exe" "?e=Access"`))
	})
	recs, errs := testtree.Found(t, m, remoteTools)
	testtree.NoErrors(t, errs)
	got := map[string]string{}
	for _, r := range recs {
		d := r.Data.(RemoteTool)
		got[strings.TrimPrefix(d.Text, "service ")] = d.Tool + " " + d.Address
		if d.Kind != "installed" || d.Path == "" || d.Written.IsZero() {
			t.Errorf("%+v", d)
		}
	}
	want := map[string]string{"AnyDesk": "AnyDesk ", "TeamViewer": "TeamViewer ", "tvnserver": "TightVNC ", "uvnc_service": "UltraVNC ",
		"Mesh Agent": "MeshAgent ", "RServer3": "Radmin ", "chromoting": "Chrome Remote Desktop ", "NetSupport Service": "NetSupport Manager ",
		"ScreenConnect Client (1)": "ScreenConnect relay.example", "ScreenConnect Client (2)": "ScreenConnect "}
	for name, tool := range want {
		if got[name] != tool {
			t.Errorf("%s: %q, want %q", name, got[name], tool)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d services, want %d: %v", len(got), len(want), got)
	}
}

// TestRemoteRegistry: names of all settings, values of accounts, peers and addresses
// only.
func TestRemoteRegistry(t *testing.T) {
	m := testtree.Hives(map[string]func(*regf.Key){
		testtree.NtuserPath: func(root *regf.Key) {
			testtree.AsUser(root)
			root.Sub(`Software\TeamViewer`).Set("ClientID", regf.DWord(1660360496)).Set("BuddyLoginName", regf.String("heron@example.org")).
				Set("PermanentPassword", regf.Binary([]byte("SECRET"))).Set("", regf.String("default"))
			root.Sub(`Software\RealVNC\WinVNC4`).Set("ProxyServer", regf.String("proxy")).Set("Server", regf.String("198.51.100.7")).
				Set("SecurityTypes", regf.String("SECRET"))
			root.Sub(`Software\LogMeIn\Empty`)
		},
		testtree.SoftwarePath: func(root *regf.Key) {
			testtree.AsSoftware(root)
			root.Sub(`ORL\WinVNC3`).Set("Password", regf.Binary([]byte("SECRET"))).Set("AuthHosts", regf.String("x"))
		},
	})
	recs, errs := testtree.Found(t, m, remoteTools)
	testtree.NoErrors(t, errs)
	byTool := map[string]RemoteTool{}
	for _, r := range recs {
		d := r.Data.(RemoteTool)
		byTool[d.Tool] = d
		for _, s := range append(d.Settings, d.Address, d.Account, d.Peer, d.Text) {
			if strings.Contains(s, "SECRET") {
				t.Errorf("%s shows a secret: %q", d.Tool, s)
			}
		}
	}
	if d := byTool["TeamViewer"]; d.Peer != "1660360496" || d.Account != "heron@example.org" || len(d.Settings) != 3 {
		t.Errorf("TeamViewer: %+v", d)
	}
	if d := byTool["RealVNC"]; d.Address != "198.51.100.7" || len(d.Settings) != 3 {
		t.Errorf("RealVNC: %+v", d)
	}
	if d := byTool["WinVNC"]; len(d.Settings) != 2 || d.Address != "" {
		t.Errorf("WinVNC: %+v", d)
	}
	if len(recs) != 3 {
		t.Errorf("%d records, want 3 (an empty key is none)", len(recs))
	}
}
