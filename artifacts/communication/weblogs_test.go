package communication

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

// webLines runs the decoder over one log.
func webLines(t *testing.T, text string, full bool) (lines, notes []string) {
	t.Helper()
	return webLinesOf(t, fstest.MapFS{"Windows/System32/ntdll.dll": {}, "inetpub/logs/LogFiles/W3SVC1/u_ex.log": {Data: []byte(text)}}, full)
}

func webLinesOf(t *testing.T, fsys fstest.MapFS, full bool) (lines, notes []string) {
	t.Helper()
	results, err := artifacts.Run(t.Context(), testtree.OpenFS(t, fsys), []*artifacts.Artifact{webLogs}, &artifacts.Options{Full: full})
	if err != nil {
		t.Fatal(err)
	}
	for res := range results {
		for _, e := range res.Errors {
			t.Error(e)
		}
		notes = append(notes, res.Notes...)
		for _, r := range res.Records {
			w := r.Data.(WebLog)
			lines = append(lines, fmt.Sprintf("%s %s", w.Time.Format("2006-01-02 15:04:05"), w.Summary()))
		}
	}
	return lines, notes
}

// TestWebLogs reads a log whose columns change, and all of its lines where they are wanted.
func TestWebLogs(t *testing.T) {
	const text = "#Fields: date time c-ip cs-method cs-uri-stem cs-uri-query sc-status cs(User-Agent)\n" +
		"2026-03-06 17:00:01 192.0.2.1 GET /a.htm - 200 Mozilla\n" +
		"2026-03-06 17:00:02 192.0.2.2 POST /up/x.aspx - 200 Mozilla\n" +
		"#Date: 2026-03-07 00:00:00\n#Fields: time cs-method cs-uri-stem sc-status c-ip\n" +
		"01:02:03 GET /b.htm 404 192.0.2.3\n"
	odd, notes := webLines(t, text, false)
	if len(odd) != 1 || odd[0] != "2026-03-06 17:00:02 [192.0.2.2] POST /up/x.aspx, status 200: data sent to a script page" {
		t.Errorf("records: %q", odd)
	}
	if !slices.ContainsFunc(notes, func(s string) bool { return strings.Contains(s, "2 of 3 requests") }) {
		t.Errorf("notes: %q", notes)
	}
	all, notes := webLines(t, text, true)
	want := []string{"2026-03-06 17:00:01 [192.0.2.1] GET /a.htm, status 200", odd[0], "2026-03-07 01:02:03 [192.0.2.3] GET /b.htm, status 404"}
	if !slices.Equal(all, want) || len(notes) != 0 {
		t.Errorf("all: %q, notes %q", all, notes)
	}
}

// TestWebLogsReal reads real logs of two versions, with cookies and without dates.
func TestWebLogsReal(t *testing.T) {
	for name, want := range map[string]string{"iis10.log": "2021-04-01 00:00:21", "iis10_cookies.log": "", "iis6.log": "2013-07-30 00:00:00", "iis_without_date.log": "2013-07-30 00:00:00"} {
		lines, _ := webLines(t, string(realFile(t, "iis/"+name)), true)
		if len(lines) == 0 || !strings.HasPrefix(lines[0], want) {
			t.Errorf("%s: %q", name, lines)
		}
	}
}

// TestWebLogsElsewhere reads logs where the configuration puts them, and finds requests that a script served which runs what it is sent.
func TestWebLogsElsewhere(t *testing.T) {
	const config = `<configuration><system.applicationHost><sites><site name="Shop" id="2"><application path="/">
<virtualDirectory path="/" physicalPath="D:\web\shop"/></application><logFile directory="D:\logs"/></site></sites></system.applicationHost></configuration>`
	const text = "#Fields: date time c-ip cs-method cs-uri-stem cs-uri-query sc-status\n" +
		"2026-03-06 17:00:01 192.0.2.1 GET /img/pixel.aspx - 200\n2026-03-06 17:00:02 192.0.2.1 GET /img/pixel.aspx - 404\n2026-03-06 17:00:03 192.0.2.1 GET /img/a.aspx - 200\n"
	got, _ := webLinesOf(t, fstest.MapFS{
		"C/Windows/System32/ntdll.dll": {}, "C/Windows/System32/inetsrv/config/applicationHost.config": {Data: []byte(config)},
		"D/logs/W3SVC2/u_ex260306.log": {Data: []byte(text)},
		"D/web/shop/img/pixel.aspx":    {Data: []byte(`<%@ Page Language="Jscript"%><%eval(Request.Item["p"],"unsafe");%>`)},
		"D/web/shop/img/a.aspx":        {Data: []byte(`<%= Request.Item["p"] %>`)},
	}, false)
	if want := "2026-03-06 17:00:01 [192.0.2.1] GET /img/pixel.aspx, status 200: " + ReasonShell; len(got) != 1 || got[0] != want {
		t.Errorf("%q", got)
	}
}

// TestWebLogsExchange reads two of the logs of Exchange, which put commas between
// the columns and name them twice, and leaves one about something else.
func TestWebLogsExchange(t *testing.T) {
	dir := "Program Files/Microsoft/Exchange Server/V15/Logging/"
	proxy := "DateTime,RequestId,UrlStem,AuthenticatedUser,AnchorMailbox,UserAgent,ClientIpAddress,ServerHostName,HttpStatus,Method,UrlQuery\r\n" +
		"#Software: Microsoft Exchange Server\r\n#Version: 15.01.2176.002\r\n#Log-type: HttpProxy Logs\r\n#Date: 2026-03-06T17:00:00.001Z\r\n" +
		"#Fields: DateTime,RequestId,UrlStem,AuthenticatedUser,AnchorMailbox,UserAgent,ClientIpAddress,ServerHostName,HttpStatus,Method,UrlQuery\r\n" +
		"2026-03-06T17:00:01.123Z,1,/owa/auth.owa,anna,,\"Mozilla/5.0 (Windows, 10)\",192.0.2.9,MAIL,200,GET,\r\n" +
		"2026-03-06T17:00:02.123Z,2,/ecp/y.js,,\"ServerInfo~a]@mail:444/autodiscover/autodiscover.xml?#\",python,203.0.113.77,MAIL,200,POST,\r\n" +
		"2026-03-06T17:00:03.123Z,3,/autodiscover/autodiscover.json,,,python,203.0.113.77,MAIL,200,GET,?@a.example/mapi/nspi/?&Email=autodiscover/autodiscover.json%3F@a.example\r\n" +
		"2026-03-06T17:00:04.123Z,4,/autodiscover/autodiscover.json/v1.0/anna@a.example,,,Outlook,192.0.2.9,MAIL,200,GET,?Protocol=Autodiscoverv1\r\n" +
		"2026-03-06T17:00:05.123Z,5,/powershell,,,Client,192.0.2.9,MAIL,200,POST,?PSVersion=5.1\r\n"
	panel := "TimeStamp,ServerName,EventId,EventData\r\n#Fields: TimeStamp,ServerName,EventId,EventData\r\n" +
		"2026-03-06T17:00:06.5Z,MAIL,Request,\"S:CMD=Set-OabVirtualDirectory.ExternalUrl='http://f/<script language=\"\"JScript\"\">x</script>'\"\r\n"
	other := "#Fields: DateTime,Counter,Value\r\nno time,1,2\r\n"
	got, notes := webLinesOf(t, fstest.MapFS{
		"Windows/System32/ntdll.dll": {}, dir + "HttpProxy/Ecp/HttpProxy_2026030617-1.LOG": {Data: []byte(proxy)},
		dir + "ECP/Server/ECPServer20260306-1.LOG": {Data: []byte(panel)}, dir + "Counters/x.LOG": {Data: []byte(other)},
	}, false)
	want := []string{"2026-03-06 17:00:06 S:CMD=Set-OabVirtualDirectory.ExternalUrl='http://f/<script language=\"JScript\">x</script>': script in the request",
		"2026-03-06 17:00:02 [203.0.113.77] POST /ecp/y.js, status 200: path of ProxyLogon",
		"2026-03-06 17:00:03 [203.0.113.77] GET /autodiscover/autodiscover.json?@a.example/mapi/nspi/?&Email=autodiscover/autodiscover.json%3F@a.example, status 200: path of ProxyShell"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "3 of 5 requests") {
		t.Errorf("notes %q", notes)
	}
}

// TestWebLogsBursts takes the twentieth error of an address within a minute, and what is sent to a page that few use.
func TestWebLogsBursts(t *testing.T) {
	var b strings.Builder
	b.WriteString("#Fields: date time c-ip cs-method cs-uri-stem sc-status\n")
	for i := range 45 {
		fmt.Fprintf(&b, "2026-03-06 17:00:%02d 192.0.2.1 GET /a 500\n", i)
		fmt.Fprintf(&b, "2026-03-06 17:%02d:00 192.0.2.2 GET /a 503\n", i)
		fmt.Fprintf(&b, "2026-03-06 17:%02d:00 192.0.2.%d POST /login.aspx 200\n", i, 100+i)
	}
	got, _ := webLines(t, b.String(), false)
	if len(got) != 10 || !slices.Contains(got, "2026-03-06 17:00:19 [192.0.2.1] GET /a, status 500: "+ReasonBurst) ||
		got[9] != "2026-03-06 17:08:00 [192.0.2.108] POST /login.aspx, status 200: "+ReasonData && got[8] != "2026-03-06 17:08:00 [192.0.2.108] POST /login.aspx, status 200: "+ReasonData {
		t.Errorf("%q", got)
	}
}
