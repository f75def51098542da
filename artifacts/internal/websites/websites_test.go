package websites

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

const config = `<?xml version="1.0" encoding="UTF-8"?>
<configuration>
 <configSections><section name="virtualDirectory" physicalPath="E:\not\this"/></configSections>
 <system.applicationHost>
  <log><centralW3CLogFile enabled="true" directory="%SystemDrive%\inetpub\logs\LogFiles" /></log>
  <sites>
   <site name="Shop" id="2">
    <application path="/"><virtualDirectory path="/" physicalPath="D:\web\shop" /><virtualDirectory path="/files" physicalPath="D:\files\" /></application>
    <application path="/admin"><virtualDirectory path="/" physicalPath="D:\web\admin" /></application>
    <logFile logFormat="W3C" directory="D:\logs" />
   </site>
   <site name="Odd"><application path="/"><virtualDirectory path="/" physicalPath="C:\" /></application><logFile directory="\\server\share" /><logFile directory="D:\a\**\b"/></site>
   <siteDefaults><logFile directory="D:\logs" /></siteDefaults>
  </sites>
 </system.applicationHost>
</configuration>`

// TestReadConfig reads the folders of sites, with their addresses.
func TestReadConfig(t *testing.T) {
	c := ReadConfig([]byte(config))
	if want := []string{`%SystemDrive%\inetpub\logs\LogFiles`, `D:\logs`, `\\server\share`, `D:\a\**\b`}; !slices.Equal(c.Logs, want) {
		t.Errorf("logs: %q", c.Logs)
	}
	want := []Root{{`D:\web\shop`, "/"}, {`D:\files\`, "/files"}, {`D:\web\admin`, "/admin"}, {`C:\`, "/"}}
	if !slices.Equal(c.Roots, want) {
		t.Errorf("roots: %q", c.Roots)
	}
	if c := ReadConfig([]byte(config[:strings.Index(config, `"D:\files`)+3])); len(c.Roots) != 1 || len(c.Logs) != 1 {
		t.Errorf("a file that ends early: %q", c)
	}
}

// TestFolders leaves out what would make every file one of the server's.
func TestFolders(t *testing.T) {
	tree := testtree.OpenFS(t, fstest.MapFS{
		"C/Windows/System32/ntdll.dll": {}, "C/Windows/System32/inetsrv/config/applicationHost.config": {Data: []byte(config)},
		"C/inetpub/wwwroot/up/one.aspx": {Data: []byte(`<%@ Page Language="Jscript"%><%eval(Request.Item["p"],"unsafe");%>`)},
		"D/web/admin/two.PHP":           {Data: []byte(`<?php @system($_GET["c"]); ?>`)},
		"D/files/three.asp":             {Data: []byte("<%\r\nset rs = db.Execute(\"select * from a where id=\" & Request(\"id\"))\r\n%>")},
		"D/other/four.php":              {Data: []byte(`<?php system($_GET["c"]); ?>`)},
	})
	var logs []string
	for _, s := range Logs(tree) {
		logs = append(logs, s.Glob)
	}
	want := []string{`%SystemDrive%\inetpub\logs\LogFiles\*.log`, `%SystemDrive%\inetpub\logs\LogFiles\W3SVC*\*.log`, `D:\logs\*.log`, `D:\logs\W3SVC*\*.log`}
	if !slices.Equal(logs, want) {
		t.Errorf("logs: %q", logs)
	}
	if roots := configOf(tree).Roots; len(roots) != 3 {
		t.Errorf("roots: %q", roots)
	}
	shells := Shells(tree)
	if len(shells) != 2 || shells["/up/one.aspx"] != "eval" || shells["/admin/two.php"] != "system" {
		t.Errorf("shells: %q", shells)
	}
	for address, want := range map[string]string{"/UP/one.aspx": "eval", "/up/one.aspx/more": "eval", "/up/": "", "/one.aspx": "", "/": "", "": ""} {
		if got := Shell(shells, address); got != want {
			t.Errorf("%s: %q", address, got)
		}
	}
}

// TestRuns tells scripts that run what they are sent from those that use it.
func TestRuns(t *testing.T) {
	for text, want := range map[string]string{
		`<%eval request("a")%>`:     "eval request",
		`<%execute(request("a"))%>`: "execute",
		`<script runat="server" language="JScript">function Page_Load(){eval(Request["x"],"unsafe");}</script>`: "eval",
		`<?php $c = $_POST['x']; assert($c); ?>`:                                          "assert",
		`<% Runtime.getRuntime().exec(request.getParameter("cmd")); %>`:                   "getruntime().exec",
		`var p = new ProcessStartInfo(); p.Arguments = "/c " + Request.QueryString["c"];`: "processstartinfo",
		`<?php $n = filesystem($_POST["x"]); $o->eval($_POST["y"]); ?>`:                   "",
		`conn.Execute("select 1 where a=" & Request("a"))`:                                "",
		`<script>var m = /a/.exec(location); eval("1");</script>`:                         "",
	} {
		if got := Runs([]byte(text)); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// FuzzConfig reads configurations of any content: nothing is unbounded.
func FuzzConfig(f *testing.F) {
	f.Add([]byte(config))
	f.Fuzz(func(t *testing.T, b []byte) {
		if c := ReadConfig(b); len(c.Logs) > maxFolders || len(c.Roots) > maxFolders {
			t.Error(len(c.Logs), len(c.Roots))
		}
		Runs(b)
	})
}

// TestRunsOfManyWords: in a script that is full of words, too, what runs and what was
// sent must stand near each other.
func TestRunsOfManyWords(t *testing.T) {
	words, far := strings.Repeat("eval(", 5000), strings.Repeat(" ", 300)
	for script, want := range map[string]string{
		words: "", words + far + "request[": "", "request[" + far + words: "", words + "request[": "eval", "request[" + words: "eval",
		strings.Repeat("request[", 5000) + "x.eval(": "", "request[" + far + "eval(" + far + "$_post request[": "", "request[" + far[:230] + "eval(": "eval",
	} {
		if got := Runs([]byte(script)); got != want {
			t.Errorf("%.40q (%d bytes) gives %q, want %q", script, len(script), got, want)
		}
	}
}

// BenchmarkRuns looks at a script that is full of words.
func BenchmarkRuns(b *testing.B) {
	script := []byte(strings.Repeat("eval(", 1<<20/5-100) + strings.Repeat(" ", 300) + "request[")
	b.SetBytes(int64(len(script)))
	for b.Loop() {
		Runs(script)
	}
}
