package communication

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/textfile"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A WebLog is one line of a log of the web server that deserves a look.
type WebLog struct {
	artifacts.Origin
	Line      int       `json:"line"`
	Time      time.Time `json:"time,omitzero" event:"Event Time"`
	Reasons   []string  `json:"reasons,omitempty"` // why the line is a record; empty when all are wanted
	Client    string    `json:"client,omitempty"`
	User      string    `json:"account,omitempty"`
	Server    string    `json:"server,omitempty"`
	Port      string    `json:"port,omitempty"`
	Method    string    `json:"method,omitempty"`
	Path      string    `json:"path,omitempty"`
	Query     string    `json:"query,omitempty"`
	Status    string    `json:"status,omitempty"`
	Agent     string    `json:"agent,omitempty"`
	Referrer  string    `json:"referrer,omitempty"`
	Sent      string    `json:"bytes_sent,omitempty"`
	Received  string    `json:"bytes_received,omitempty"`
	TimeTaken string    `json:"time_taken_ms,omitempty"`
	Reason    string    `json:"http_error,omitempty"` // of HTTPERR
}

var webLogs = artifacts.Define(artifacts.Artifact{
	Name:     "weblogs",
	Title:    "Web server log",
	DataType: "iis:log:line",
	About: `Requests in the logs of IIS and of HTTP.SYS (HTTPERR), in the W3C format. Only lines with a reason become records: data sent to a
script page, a path that leaves its folder, words of commands or of SQL in the query, the user agents of attack tools. How many other lines there
were is a note; -a weblogs or --full makes a record of each. Proves that such a request came from this address, and with which status the
server answered. Does not prove that an attack worked, nor who sat at the address: a proxy may stand between. Times are UTC, in whole seconds,
unless an administrator changed the rollover; a log without dates takes the date of its head.`,
	Proves: artifacts.Present,
	Attack: []string{"T1190", "T1505.003"},
	Refs: []string{
		"https://learn.microsoft.com/windows/win32/http/w3c-logging",
		"https://learn.microsoft.com/troubleshoot/developer/webapps/aspnet/site-behavior-performance/error-logging-http-apis",
	},
	Sources: []artifacts.Source{
		artifacts.LargeFiles(`%SystemDrive%\inetpub\logs\LogFiles\**\*.log`),
		artifacts.LargeFiles(`%SystemRoot%\System32\LogFiles\HTTPERR\httperr*.log`),
		artifacts.LargeFiles(`%SystemRoot%\System32\LogFiles\W3SVC*\*.log`),
	},
}, decodeWebLogs)

func decodeWebLogs(in artifacts.Input, yield func(WebLog) bool) error {
	var order []string
	var date string
	var errs []error
	line, lines, left, bad := 0, 0, 0, 0
	for start, text := range textfile.Lines(in.Reader()) {
		line++
		if head, ok := strings.CutPrefix(text, "#"); ok {
			name, rest, _ := strings.Cut(head, ":")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "fields":
				order = strings.Fields(strings.ToLower(rest))
			case "date":
				date, _, _ = strings.Cut(strings.TrimSpace(rest), " ")
			}
			continue
		}
		if strings.TrimSpace(text) == "" {
			continue
		}
		if order == nil {
			if in.Loose() || line > 100 {
				return nil // a text file of another kind
			}
			continue
		}
		lines++
		r, err := webLogLine(order, strings.Fields(text), date)
		if err != nil {
			if bad++; bad <= 20 {
				errs = append(errs, in.Errorf(in.AtOffset(start), "line %d: %w", line, err))
			}
			continue
		}
		if r.Reasons = webLogReasons(&r); r.Reasons == nil && !in.Full {
			left++
			continue
		}
		r.Origin, r.Line = in.AtOffset(start), line
		if !yield(r) {
			return nil
		}
	}
	if left > 0 {
		in.Remark(fmt.Sprintf("%d of %d requests have no reason for a record and are not shown: -a weblogs shows all", left, lines))
	}
	return errors.Join(errs...)
}

// webLogLine reads the columns that the last #Fields names.
func webLogLine(order, cols []string, date string) (WebLog, error) {
	var r WebLog
	var clock string
	for i, name := range order {
		if i >= len(cols) {
			break
		}
		s := cols[i]
		if s == "-" {
			continue
		}
		switch name {
		case "date":
			date = s
		case "time":
			clock = s
		case "c-ip":
			r.Client = s
		case "cs-username":
			r.User = s
		case "s-ip":
			r.Server = s
		case "s-port":
			r.Port = s
		case "cs-method":
			r.Method = s
		case "cs-uri-stem", "cs-uri":
			r.Path = s
		case "cs-uri-query":
			r.Query = s
		case "sc-status":
			r.Status = s
		case "cs(user-agent)":
			r.Agent = strings.ReplaceAll(s, "+", " ")
		case "cs(referer)":
			r.Referrer = s
		case "sc-bytes":
			r.Sent = s
		case "cs-bytes":
			r.Received = s
		case "time-taken":
			r.TimeTaken = s
		case "s-reason":
			r.Reason = s
		}
	}
	t, err := time.Parse(time.DateTime, date+" "+clock)
	if err != nil {
		return r, fmt.Errorf("no date and time where the header says so: %.40q", date+" "+clock)
	}
	r.Time = t
	return r, nil
}

// webLogWords are parts of a decoded request, in lower case, that requests of
// people do not have.
var webLogWords = []struct{ word, reason string }{
	{"../", "path leaves its folder"}, {`..\`, "path leaves its folder"}, {"union select", "SQL in the query"},
	{"xp_cmdshell", "SQL in the query"},
	{"information_schema", "SQL in the query"}, {"waitfor delay", "SQL in the query"}, {"cmd.exe", "command in the request"},
	{"powershell", "command in the request"}, {"whoami", "command in the request"}, {"cmd=", "command in the request"},
	{"exec=", "command in the request"},
	{"/etc/passwd", "path leaves its folder"}, {"<script", "script in the request"}, {"${jndi:", "look-up string of Log4j"},
	{"autodiscover.json", "path of ProxyShell"}, {"frombase64string", "command in the request"},
}

var webLogAgents = []string{"sqlmap", "nikto", "nmap", "masscan", "zgrab", "nuclei", "gobuster", "dirbuster", "wpscan", "antsword",
	"behinder", "godzilla", "hydra"}

// webLogReasons says why a line is a record, nil when it is an ordinary request.
func webLogReasons(r *WebLog) []string {
	var out []string
	add := func(s string) {
		if slices.Contains(out, s) {
			return
		}
		out = append(out, s)
	}
	switch strings.ToLower(winpath.Ext(r.Path)) {
	case ".aspx", ".ashx", ".asmx", ".asp", ".jsp", ".jspx", ".php", ".cfm":
		if r.Method == "POST" && strings.HasPrefix(r.Status, "2") {
			add("data sent to a script page")
		}
	}
	full := strings.ToLower(r.Path + "?" + r.Query)
	if s, err := url.QueryUnescape(full); err == nil {
		full = s
	}
	for _, w := range webLogWords {
		if strings.Contains(full, w.word) {
			add(w.reason)
		}
	}
	agent := strings.ToLower(r.Agent)
	for _, w := range webLogAgents {
		if strings.Contains(agent, w) {
			add("user agent of an attack tool")
		}
	}
	switch r.Method {
	case "PUT", "MOVE", "COPY", "MKCOL", "TRACE", "TRACK":
		if strings.HasPrefix(r.Status, "2") {
			add("method " + r.Method + " was served")
		}
	}
	return out
}

// Identity makes the id of a request the same whether all of them are shown or a few.
func (r WebLog) Identity() string { return fmt.Sprint(r.Position()) }

// Summary shows the request.
func (r WebLog) Summary() string {
	s := fmt.Sprintf("[%s] %s %s", r.Client, r.Method, r.Path)
	if r.Query != "" {
		s += "?" + r.Query
	}
	s += ", status " + r.Status
	if len(r.Reasons) > 0 {
		s += ": " + strings.Join(r.Reasons, ", ")
	}
	return s
}
