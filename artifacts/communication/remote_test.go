package communication

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

func realFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(testtree.EvidenceDir(t), "artifacts2", filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestRemoteToolsReal reads the traces of two real tools. Their publisher
// masked the addresses.
func TestRemoteToolsReal(t *testing.T) {
	m := fstest.MapFS{"Windows/System32/ntdll.dll": {}}
	for _, f := range []string{"connection_trace.txt", "ad_svc.trace"} {
		m["ProgramData/AnyDesk/"+f] = &fstest.MapFile{Data: realFile(t, "remotetools/anydesk/"+f)}
	}
	m["Users/lab/AppData/Roaming/AnyDesk/ad.trace"] = &fstest.MapFile{Data: realFile(t, "remotetools/anydesk/ad.trace")}
	m["Users/lab/AppData/Roaming/TeamViewer/Connections.txt"] = &fstest.MapFile{Data: realFile(t, "remotetools/teamviewer/Connections.txt")}
	m["Program Files/TeamViewer/Connections_incoming.txt"] = &fstest.MapFile{Data: realFile(t, "remotetools/teamviewer/connections_incoming.txt")}
	recs, errs := testtree.Found(t, m, remoteTools)
	testtree.NoErrors(t, errs)
	var sessions []string
	addresses := map[string]bool{}
	folder := ""
	for _, rec := range recs {
		r := rec.Data.(RemoteTool)
		if r.Kind == "session" {
			end := ""
			if !r.End.IsZero() {
				end = r.End.Format("-15:04:05")
			}
			sessions = append(sessions, strings.Join([]string{r.Tool, r.Direction, r.Time.Format(time.DateTime) + end, r.Peer, r.PeerName, r.How, r.Account}, " "))
		}
		addresses[r.Address] = true
		if r.Path != "" {
			folder = r.Path
		}
	}
	want := []string{
		"AnyDesk incoming 2022-08-23 10:23:00 547911884  Passwd ",
		"AnyDesk incoming 2022-09-28 12:39:00 442226597  User ",
		"TeamViewer incoming 2024-02-16 14:16:32-14:18:36 1660360496 TestUserRedacted RemoteControl IEUser",
		"TeamViewer outgoing 2024-02-20 13:10:33-13:11:52 1660360496  RemoteControl IEUser",
	}
	if strings.Join(sessions, "\n") != strings.Join(want, "\n") {
		t.Errorf("sessions:\n%s", strings.Join(sessions, "\n"))
	}
	if !addresses["12.xx.xx.21:59562"] || !addresses["34.xx.xx.123:50831"] || folder != `C:\Users\lab\Downloads` {
		t.Errorf("addresses %v, folder %q", addresses, folder)
	}
}

func TestRemoteToolsSettings(t *testing.T) {
	m := testtree.HiveOf(testtree.SystemPath, func(root *regf.Key) {
		s := testtree.AsSystem(root).Sub("Services")
		s.Sub("ScreenConnect Client (0123456789abcdef)").Set("ImagePath", regf.String(`"C:\Program Files (x86)\ScreenConnect Client (0123456789abcdef)\ScreenConnect.ClientService.exe" "?e=Access&y=Guest&h=relay.heron.example&p=8041&s=5c1d&k=secret"`))
		s.Sub("Dnscache").Set("ImagePath", regf.String("svchost.exe"))
	})
	m["ProgramData/AnyDesk/service.conf"] = &fstest.MapFile{Data: []byte("ad.anynet.id=123456789\r\nad.anynet.pkey=SECRETKEY\r\nad.anynet.pwd_hash=SECRETHASH\r\n")}
	m["Program Files (x86)/Splashtop/Splashtop Remote/Server/log/SPLog.txt"] = &fstest.MapFile{Data: []byte("<4>Feb 3 10:11:12 [1] session started\n<4>Feb 3 10:11:13 [1] idle\n")}
	recs, errs := testtree.Found(t, m, remoteTools)
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs,
		`[AnyDesk] service.conf: ad.anynet.id=123456789, ad.anynet.pkey, ad.anynet.pwd_hash`,
		`[Splashtop] <4>Feb 3 10:11:12 [1] session started`,
		`[ScreenConnect] service ScreenConnect Client (0123456789abcdef): "C:\Program Files (x86)\ScreenConnect Client (0123456789abcdef)\ScreenConnect.ClientService.exe" "?e=Access&y=Guest&h=relay.heron.example&p=8041&s=5c1d&k=secret", relay relay.heron.example:8041`,
	)
	if len(recs) > 1 && len(recs[1].Events()) != 0 {
		t.Error("a time without a year is an event")
	}
}

func TestOpenSSH(t *testing.T) {
	key := "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBERERERERERERERERERERERERERERERERERERERERER"
	m := fstest.MapFS{
		"Windows/System32/ntdll.dll":                     {},
		"ProgramData/ssh/administrators_authorized_keys": {Data: []byte("from=\"203.0.113.77\" " + key + " heron\n")},
		"ProgramData/ssh/sshd_config":                    {Data: []byte("# x\nPasswordAuthentication yes\n")},
		"Users/mira/.ssh/id_ed25519":                     {Data: []byte("-----BEGIN OPENSSH PRIVATE KEY-----\nSECRET\n")},
		"Users/mira/.ssh/known_hosts":                    {Data: []byte("|1|abc=|def= " + key + "\n")},
		"Users/mira/.ssh/id_ed25519.pub":                 {Data: []byte(key + " mira\n")},
	}
	recs, errs := testtree.Found(t, m, openSSH)
	testtree.NoErrors(t, errs)
	const print = "SHA256:SQfC+vTbLURn9cTkVxIS8fGQ3FKNAJWeB0o139+gV4M"
	testtree.WantSummaries(t, recs,
		`[administrators_authorized_keys line 1] may log on: ssh-ed25519 `+print+` heron from="203.0.113.77" #administrators`,
		`[sshd_config line 2] PasswordAuthentication yes`,
		`[id_ed25519] a private key is there`,
		`[known_hosts line 1] connected to |1|abc=|def= ssh-ed25519 `+print,
	)
}

func TestRDPCacheReal(t *testing.T) {
	z, err := gzip.NewReader(bytes.NewReader(realFile(t, "rdpcache/Cache0000.bin.gz")))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	const path = "Users/x/AppData/Local/Microsoft/Terminal Server Client/Cache/Cache0000.bin"
	m := fstest.MapFS{"Windows/System32/ntdll.dll": {}, path: {Data: b}}
	recs, errs := testtree.Found(t, m, rdpCache)
	testtree.NoErrors(t, errs)
	testtree.WantRecords(t, recs, []RDPCache{{Name: "Cache0000.bin", Size: 18_869_076, Tiles: 1190, Largest: "64x64", Format: "RDP8bmp"}})
	m[path] = &fstest.MapFile{Data: b[:len(b)-1]}
	recs, errs = testtree.Found(t, m, rdpCache)
	if len(recs) != 1 || recs[0].Data.(RDPCache).Tiles != 1189 || len(errs) != 1 {
		t.Errorf("a cut cache: %+v, %v", recs, errs)
	}
}
