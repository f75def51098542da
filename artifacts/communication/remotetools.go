package communication

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/formats/textfile"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A RemoteTool is one trace of a program with which people control a machine
// from elsewhere.
type RemoteTool struct {
	artifacts.Origin
	Tool      string    `json:"tool"`
	Kind      string    `json:"kind"` // session, log, installed, configured
	File      string    `json:"file,omitempty"`
	Line      int       `json:"line,omitempty"`
	Time      time.Time `json:"time,omitzero" zone:"Local"`
	Local     bool      `json:"local_time,omitempty"` // the times are local, without a zone
	End       time.Time `json:"end_time,omitzero" zone:"Local"`
	Direction string    `json:"direction,omitempty"` // incoming, outgoing
	Peer      string    `json:"peer_id,omitempty"`
	PeerName  string    `json:"peer_name,omitempty"`
	Address   string    `json:"address,omitempty"`
	Account   string    `json:"local_user,omitempty"`
	How       string    `json:"authorised_by,omitempty"` // User, Passwd, Token, REJECTED; kind of the session
	Session   string    `json:"session_id,omitempty"`
	Text      string    `json:"text,omitempty"`
	Path      string    `json:"path,omitempty"`     // folder of a transfer, image of a service
	Settings  []string  `json:"settings,omitempty"` // names only, where values may be secrets
	Written   time.Time `json:"key_written,omitzero" event:"Content Modification Time"`
}

var remoteTools = artifacts.Define(artifacts.Artifact{
	Name:     "remotetools",
	Title:    "Remote tool",
	DataType: "remote_access:tool:trace",
	About: `Traces of programs that control a machine from elsewhere: sessions and log lines of AnyDesk and TeamViewer, the relay of ScreenConnect,
log lines of Splashtop, and services and settings of others. A session proves that the tool noted a connection with this peer at that time. It
does not prove who sat at the other end, nor that it was unwanted: help desks use the same tools. Start Time and End Time are those of a
session, Event Time of a log line. AnyDesk and the lists of TeamViewer's connections are in UTC; the minutes of AnyDesk's connection_trace
too. TeamViewer's log and Splashtop's are local times of the machine, and Splashtop's have no year: they give no event. Of settings that
hold keys and passwords only the names are read.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1219"},
	Refs: []string{
		"https://attack.mitre.org/techniques/T1219/",
		"https://support.anydesk.com/docs/trace-files",
		"https://www.teamviewer.com/en/global/support/knowledge-base/teamviewer-classic/troubleshooting/log-file-reading-incoming-connection/",
	},
	Sources: []artifacts.Source{
		artifacts.SignedLarge(`%ProgramData%\AnyDesk\*.trace`, collect.RemoteToolFile),
		artifacts.LargeFiles(`%ProgramData%\AnyDesk\*_trace.txt`),
		artifacts.LargeFiles(`%ProgramData%\AnyDesk\*.conf`),
		artifacts.LargeFiles(`%UserProfile%\AppData\Roaming\AnyDesk\*.trace`),
		artifacts.LargeFiles(`%UserProfile%\AppData\Roaming\AnyDesk\*_trace.txt`),
		artifacts.LargeFiles(`%UserProfile%\AppData\Roaming\AnyDesk\*.conf`),
		artifacts.LargeFiles(`%SystemDrive%\Program Files*\TeamViewer\Connections_incoming.txt`),
		artifacts.LargeFiles(`%SystemDrive%\Program Files*\TeamViewer\TeamViewer*_Logfile*.log`),
		artifacts.LargeFiles(`%UserProfile%\AppData\Roaming\TeamViewer\Connections.txt`),
		artifacts.LargeFiles(`%SystemDrive%\Program Files*\Splashtop\**\log\SPLog.txt`),
		artifacts.LargeFiles(`%SystemDrive%\Program Files*\Splashtop\**\log\FTCLog.txt`),
		artifacts.LargeFiles(`%SystemDrive%\Program Files*\ScreenConnect Client*\*.config`),
		artifacts.LargeFiles(`%ProgramData%\ScreenConnect Client*\*.config`),
		artifacts.LargeFiles(`%UserProfile%\AppData\Roaming\RustDesk\config\*.toml`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Services\*`),
		artifacts.Key(evidence.NTUSER, `Software\TeamViewer`),
		artifacts.Key(evidence.SOFTWARE, `TeamViewer`),
		artifacts.Key(evidence.NTUSER, `Software\LogMeIn\*`),
		artifacts.Key(evidence.NTUSER, `Software\RealVNC\*`),
		artifacts.Key(evidence.SOFTWARE, `RealVNC\*`),
		artifacts.Key(evidence.NTUSER, `Software\TightVNC\*`),
		artifacts.Key(evidence.SOFTWARE, `TightVNC\Server`),
		artifacts.Key(evidence.SOFTWARE, `ORL\WinVNC3`),
		artifacts.Key(evidence.SOFTWARE, `AnyDesk`),
	},
}, decodeRemoteTool)

func decodeRemoteTool(in artifacts.Input, yield func(RemoteTool) bool) error {
	if in.Hive != nil && in.Source.Hive != evidence.SYSTEM {
		return remoteRegistry(in, yield)
	}
	if in.Hive != nil {
		if r, ok := remoteService(in); ok {
			yield(r)
		}
		return nil
	}
	name := strings.ToLower(winpath.Base(in.From.Path))
	dir := strings.ToLower(winpath.Dir(in.From.Path))
	switch {
	case strings.HasPrefix(name, "connections"):
		return remoteLines(in, "TeamViewer", yield, func(r *RemoteTool, s string) bool { return r.teamViewer(s, name) })
	case strings.HasPrefix(name, "teamviewer"):
		return remoteLines(in, "TeamViewer", yield, (*RemoteTool).teamViewerLog)
	case name == "connection_trace.txt":
		return remoteLines(in, "AnyDesk", yield, (*RemoteTool).anyDeskConnection)
	case strings.HasSuffix(name, ".trace") || strings.HasSuffix(name, "_trace.txt"):
		return remoteLines(in, "AnyDesk", yield, (*RemoteTool).anyDeskTrace)
	case name == "splog.txt" || name == "ftclog.txt":
		return remoteLines(in, "Splashtop", yield, (*RemoteTool).splashtop)
	case strings.HasSuffix(name, ".conf"):
		return remoteSettings(in, "AnyDesk", "=", yield)
	case strings.HasSuffix(name, ".toml"):
		return remoteSettings(in, "RustDesk", "=", yield)
	case strings.Contains(dir, "screenconnect"):
		return remoteSettings(in, "ScreenConnect", `name="`, yield)
	}
	return nil
}

// remoteLine bounds what is kept of a line.
const remoteLine = 400

// remoteLines gives each line of a text to a function, which fills a record or
// says that the line has none.
func remoteLines(in artifacts.Input, tool string, yield func(RemoteTool) bool, line func(*RemoteTool, string) bool) error {
	n := 0
	for at, s := range textfile.Lines(in.Reader()) {
		n++
		r := RemoteTool{Origin: in.AtOffset(at), Tool: tool, File: winpath.Base(in.From.Path), Line: n}
		if !line(&r, s) {
			continue
		}
		if len(r.Text) > remoteLine {
			r.Text = strings.ToValidUTF8(r.Text[:remoteLine], "") + "…"
		}
		if !yield(r) {
			break
		}
	}
	return nil
}

// teamViewer reads a line of the lists of connections: id, name where it is an
// incoming one, start, end, local account, kind, session. Real lists separate
// them by tabs or by blanks.
func (r *RemoteTool) teamViewer(s, file string) bool {
	f := strings.Fields(s)
	i := 0
	for i < len(f) && !isTeamViewerDate(f[i]) {
		i++
	}
	if i == 0 || i+4 > len(f) {
		return false
	}
	var err1, err2 error
	r.Time, err1 = time.Parse("02-01-2006 15:04:05", f[i]+" "+f[i+1])
	r.End, err2 = time.Parse("02-01-2006 15:04:05", f[i+2]+" "+f[i+3])
	if errors.Join(err1, err2) != nil {
		return false
	}
	r.Kind, r.Direction, r.Peer, r.PeerName = "session", "outgoing", f[0], strings.Join(f[1:i], " ")
	if strings.Contains(file, "incoming") {
		r.Direction = "incoming"
	}
	rest := f[i+4:]
	if n := len(rest); n > 0 && strings.HasPrefix(rest[n-1], "{") {
		r.Session, rest = rest[n-1], rest[:n-1]
	}
	if n := len(rest); n > 0 {
		r.How, r.Account = rest[n-1], strings.Join(rest[:n-1], " ")
	}
	return true
}

func isTeamViewerDate(s string) bool { return len(s) == 10 && s[2] == '-' && s[5] == '-' }

// teamViewerWords are parts of the lines of TeamViewer's log that a reader wants.
var teamViewerWords = []string{"punch received a=", "New Participant added", "participant", "Negotiating session", "ClientID",
	"Logger started", "Trial", "session was closed",
	"Upload from", "Download from", "Write file", "Send file"}

var addressAfter = regexp.MustCompile(`a=([0-9a-fA-F.:\[\]]*[0-9a-fA-F\]])`) // a=203.0.113.77:53124:

func (r *RemoteTool) teamViewerLog(s string) bool {
	const layout = "2006/01/02 15:04:05.000"
	if len(s) < len(layout) {
		return false
	}
	t, err := time.Parse(layout, s[:len(layout)])
	text := strings.TrimSpace(s[len(layout):])
	if err != nil || !containsAny(text, teamViewerWords) {
		return false
	}
	r.Kind, r.Time, r.Local, r.Text = "log", t, true, text
	if m := addressAfter.FindStringSubmatch(text); m != nil {
		r.Address = m[1]
	}
	return true
}

// anyDeskConnection reads a line of connection_trace.txt.
func (r *RemoteTool) anyDeskConnection(s string) bool {
	f := strings.Fields(s)
	if len(f) < 5 {
		return false
	}
	t, err := time.Parse("2006-01-02, 15:04", f[1]+" "+f[2])
	if err != nil {
		return false
	}
	r.Kind, r.Time, r.Direction, r.How, r.Peer = "session", t, strings.ToLower(f[0]), f[3], f[4]
	return true
}

// anyDeskWords are parts of the lines of AnyDesk's traces that a reader wants.
var anyDeskWords = []string{"Logged in from", "Client-ID:", "External address", "Incoming session request", "Preparing files in",
	"Preparation of", "Accept", "Session closed", "Session stopped",
	"Remote OS", "authenticated", "Files"}

var (
	anyDeskFrom   = regexp.MustCompile(`(?:Logged in from|External address:) (\S+?)[.]?(?:\s|$)`)
	anyDeskID     = regexp.MustCompile(`Client-ID: (\d+)`)
	anyDeskFolder = regexp.MustCompile(`Preparing files in '([^']*)'`)
	anyDeskAsked  = regexp.MustCompile(`Incoming session request: (.*?) \((\d+)\)`)
)

// anyDeskTrace reads a line of a trace: level, time, module, ids, component, text.
func (r *RemoteTool) anyDeskTrace(s string) bool {
	f := strings.Fields(s)
	if len(f) < 4 || !containsAny(s, anyDeskWords) {
		return false
	}
	t, err := time.Parse("2006-01-02 15:04:05.000", f[1]+" "+f[2])
	if err != nil {
		return false
	}
	_, text, ok := strings.Cut(s, " - ")
	if !ok {
		return false
	}
	r.Kind, r.Time, r.Text = "log", t, strings.TrimSpace(text)
	if m := anyDeskFrom.FindStringSubmatch(text); m != nil {
		r.Address = m[1]
	}
	if m := anyDeskID.FindStringSubmatch(text); m != nil {
		r.Peer = m[1]
	}
	if m := anyDeskFolder.FindStringSubmatch(text); m != nil {
		r.Path = m[1]
	}
	if m := anyDeskAsked.FindStringSubmatch(text); m != nil {
		r.PeerName, r.Peer, r.Direction = m[1], m[2], "incoming"
	}
	return true
}

// splashtop reads a line of Splashtop's logs, whose times have no year.
func (r *RemoteTool) splashtop(s string) bool {
	if !containsAny(s, []string{"session", "Session", "OnUpload", "OnDownload", "transfer", "Client"}) {
		return false
	}
	r.Kind, r.Local, r.Text = "log", true, strings.TrimSpace(s)
	return true
}

func containsAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// remoteIDs are settings whose values say who the machine is to the tool; of all
// others the values stay where they are.
var remoteIDs = []string{"ad.anynet.id", "ad.anynet.alias", "ad.anynet.last_relay", "ad.roster.items", "id", "custom-rendezvous-server",
	"relay-server", "api-server"}

// remoteSettings makes one record of a file of settings.
func remoteSettings(in artifacts.Input, tool, sep string, yield func(RemoteTool) bool) error {
	r := RemoteTool{Origin: in.AtOffset(0), Tool: tool, Kind: "configured", File: winpath.Base(in.From.Path)}
	for _, s := range textfile.Lines(in.Reader()) {
		name, value, ok := strings.Cut(strings.TrimSpace(s), sep)
		if !ok || len(r.Settings) == 64 {
			continue
		}
		name, value = strings.TrimSpace(name), strings.Trim(strings.TrimSpace(value), `"'`)
		if tool == "ScreenConnect" {
			name, _, _ = strings.Cut(value, `"`)
			value = ""
		}
		for _, id := range remoteIDs {
			if strings.EqualFold(name, id) && value != "" && len(value) < 200 {
				name += "=" + value
				if id == "ad.anynet.id" || id == "id" {
					r.Peer = value
				}
			}
		}
		if len(name) < 300 {
			r.Settings = append(r.Settings, name)
		}
	}
	yield(r)
	return nil
}

// remoteServices are the services of remote tools, by the beginning of their
// names.
var remoteServices = []struct{ prefix, tool string }{
	{"anydesk", "AnyDesk"}, {"teamviewer", "TeamViewer"}, {"screenconnect client", "ScreenConnect"},
	{"splashtopremoteservice", "Splashtop"}, {"rustdesk", "RustDesk"},
	{"ammyyadmin", "Ammyy Admin"}, {"supremoservice", "Supremo"}, {"ultraviewservice", "UltraViewer"}, {"ateraagent", "Atera"},
	{"action1_agent", "Action1"},
	{"a1agent", "Action1"}, {"mesh agent", "MeshAgent"}, {"meshagent", "MeshAgent"}, {"remote access service", "SimpleHelp"},
	{"simplehelp", "SimpleHelp"}, {"rmanservice", "Remote Manipulator System"},
	{"logmein", "LogMeIn"}, {"rserver3", "Radmin"}, {"tvnserver", "TightVNC"}, {"uvnc_service", "UltraVNC"}, {"vncserver", "RealVNC"},
	{"winvnc", "VNC"}, {"chromoting", "Chrome Remote Desktop"}, {"zohoursservice", "Zoho Assist"}, {"dwagent", "DWService"},
	{"netsupport", "NetSupport Manager"},
}

// remoteService makes a record of a service of a remote tool.
func remoteService(in artifacts.Input) (RemoteTool, bool) {
	name := in.Matched(0)
	if in.Partial() || name == "" {
		return RemoteTool{}, false
	}
	for _, s := range remoteServices {
		if !strings.HasPrefix(strings.ToLower(name), s.prefix) {
			continue
		}
		image := in.Text("ImagePath")
		if image == "" {
			return RemoteTool{}, false
		}
		r := RemoteTool{Origin: in.AtKey(), Tool: s.tool, Kind: "installed", Path: image, Text: "service " + name, Written: in.Written()}
		// ScreenConnect's command line names its relay: h, and p for the port.
		if _, query, ok := strings.Cut(image, "?"); ok {
			query, _, _ = strings.Cut(query, `"`)
			if v, _ := url.ParseQuery(query); v.Get("h") != "" {
				r.Address = v.Get("h") + strings.TrimSuffix(":"+v.Get("p"), ":")
				r.Session = v.Get("s")
			}
		}
		return r, true
	}
	return RemoteTool{}, false
}

// Proof is less for what is only installed.
func (r RemoteTool) Proof() artifacts.Proof {
	if r.Kind == "session" || r.Kind == "log" {
		return artifacts.Executed
	}
	return artifacts.Configured
}

// Events gives the times of sessions and lines.
func (r RemoteTool) Events() []artifacts.Event {
	if r.Time.IsZero() {
		return nil
	}
	if r.Kind != "session" {
		return []artifacts.Event{{Time: r.Time, Kind: "Event Time", Local: r.Local}}
	}
	out := []artifacts.Event{{Time: r.Time, Kind: "Start Time"}}
	if !r.End.IsZero() {
		out = append(out, artifacts.Event{Time: r.End, Kind: "End Time"})
	}
	return out
}

// Summary shows what the trace says.
func (r RemoteTool) Summary() string {
	switch r.Kind {
	case "session":
		s := fmt.Sprintf("[%s] %s session, peer %s", r.Tool, r.Direction, strings.TrimSpace(r.Peer+" "+r.PeerName))
		if r.How != "" {
			s += ", " + r.How
		}
		if r.Account != "" {
			s += ", local user: " + r.Account
		}
		return s
	case "installed":
		s := fmt.Sprintf("[%s] %s: %s", r.Tool, r.Text, r.Path)
		if r.Address != "" {
			s += ", relay " + r.Address
		}
		return s
	case "configured":
		return fmt.Sprintf("[%s] %s: %s", r.Tool, r.File, cmp.Or(strings.Join(r.Settings[:min(len(r.Settings), 12)], ", "), "no settings"))
	}
	return fmt.Sprintf("[%s] %s", r.Tool, r.Text)
}
