package communication

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/formats/textfile"
	"github.com/artifactdump/artifactdump/artifacts/internal/websites"
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
	Detail    string    `json:"detail,omitempty"`     // what Exchange notes of a request
}

var webLogs = artifacts.Define(artifacts.Artifact{
	Name:     "weblogs",
	Title:    "Web server log",
	DataType: "iis:log:line",
	About: `Requests in the logs of IIS and of HTTP.SYS (HTTPERR), in the W3C format, and those that Exchange notes of its web services. Logs are
read in their usual folders and where applicationHost.config puts them. Only lines with a reason become records: data sent to a script page that
fewer than ten addresses have used, a request that was served by a script that runs what it is sent, a path that leaves its folder, words of
commands or of SQL in the query, the user agents of attack tools, the twentieth error of the server within a minute for one address. How many other lines there
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
		artifacts.SignedLarge(`%SystemDrive%\inetpub\logs\LogFiles\**\*.log`, collect.WebLogFile),
		artifacts.LargeFiles(`%SystemRoot%\System32\LogFiles\HTTPERR\httperr*.log`),
		artifacts.LargeFiles(`%SystemRoot%\System32\LogFiles\W3SVC*\*.log`),
		artifacts.LargeFiles(`%SystemDrive%\Program Files\Microsoft\Exchange Server\*\Logging\**\*.log`),
	},
	Beside: []string{websites.ConfigFile},
	Named:  websites.Logs,
}, decodeWebLogs)

func decodeWebLogs(in artifacts.Input, yield func(WebLog) bool) error {
	f := webLogFile{requests: newWebRequests(in)}
	var errs []error
	line, lines, left, bad := 0, 0, 0, 0
	for start, text := range textfile.Lines(in.Reader()) {
		line++
		if head, ok := strings.CutPrefix(text, "#"); ok {
			f.head(head)
			if f.foreign() {
				return nil // a log of Exchange about something else
			}
			continue
		}
		if strings.TrimSpace(text) == "" {
			continue
		}
		if f.order == nil {
			if line == 1 && strings.Contains(text, ",") {
				continue // the names of the columns, which Exchange writes twice
			}
			if in.Loose() || line > 100 {
				return nil // a text file of another kind
			}
			continue
		}
		lines++
		r, err := f.line(text)
		if err != nil {
			if bad++; bad <= 20 {
				errs = append(errs, in.Errorf(in.AtOffset(start), "line %d: %w", line, err))
			}
			continue
		}
		if r.Reasons = f.requests.reasons(&r); r.Reasons == nil && !in.Full {
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

// A webLogFile is read line by line.
type webLogFile struct {
	order    []string // names of the columns, by the last #Fields
	commas   bool     // between the columns, as Exchange has them
	date     string   // of lines without one
	requests *webRequests
}

// head reads a line of the head, which begins with #.
func (f *webLogFile) head(text string) {
	name, rest, _ := strings.Cut(text, ":")
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "fields":
		rest = strings.ToLower(strings.TrimSpace(rest))
		if f.commas = strings.Contains(rest, ","); f.commas {
			f.order = strings.Split(rest, ",")
			for i, s := range f.order {
				f.order[i] = strings.TrimSpace(s)
			}
			return
		}
		f.order = strings.Fields(rest)
	case "date":
		f.date, _, _ = strings.Cut(strings.TrimSpace(rest), " ")
	}
}

// foreign reports whether the columns are not those of requests.
func (f *webLogFile) foreign() bool {
	return f.commas && !slices.ContainsFunc(f.order, func(s string) bool {
		return slices.Contains([]string{"urlstem", "httpstatus", "httpmethod", "client-ip", "clientipaddress", "eventdata"}, s)
	})
}

// line reads the columns that the last #Fields names.
func (f *webLogFile) line(text string) (WebLog, error) {
	var r WebLog
	var clock string
	date := f.date
	cols := strings.Fields(text)
	if f.commas {
		cols = commaFields(text)
	}
	for i, name := range f.order {
		if i >= len(cols) {
			break
		}
		s := cols[i]
		switch {
		case s == "-" || s == "":
		case name == "date":
			date = s
		case name == "time":
			clock = s
		case slices.Contains([]string{"date-time", "datetime", "timestamp"}, name):
			r.Time, _ = time.Parse(time.RFC3339Nano, s)
		default:
			r.column(name, s)
		}
	}
	if f.commas {
		if r.Time.IsZero() {
			return r, fmt.Errorf("no date and time where the header says so: %.40q", text)
		}
		return r, nil
	}
	t, err := time.Parse(time.DateTime, date+" "+clock)
	if err != nil {
		return r, fmt.Errorf("no date and time where the header says so: %.40q", date+" "+clock)
	}
	r.Time = t
	return r, nil
}

// column puts one column where it belongs.
func (r *WebLog) column(name, s string) {
	switch name {
	case "c-ip", "client-ip", "clientipaddress", "clientip":
		r.Client = s
	case "cs-username", "authenticateduser", "authenticated-user", "logonusername":
		r.User = s
	case "s-ip", "serverhostname", "server-hostname", "servername":
		r.Server = s
	case "s-port":
		r.Port = s
	case "cs-method", "method", "httpmethod":
		r.Method = s
	case "cs-uri-stem", "urlstem":
		r.Path = s
	case "cs-uri":
		r.Path, r.Query, _ = strings.Cut(s, "?")
	case "cs-uri-query", "urlquery":
		r.Query = strings.TrimPrefix(s, "?")
	case "sc-status", "httpstatus":
		r.Status = s
	case "cs(user-agent)":
		r.Agent = strings.ReplaceAll(s, "+", " ")
	case "useragent":
		r.Agent = s
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
	case "eventdata", "genericinfo", "anchormailbox", "genericerrors":
		if r.Detail != "" {
			r.Detail += "; "
		}
		r.Detail += clipDetail(s)
	}
}

// clipDetail bounds what Exchange notes of a request.
func clipDetail(s string) string {
	const most = 2000
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + " …"
}

// commaFields splits a line at its commas; quotes hold together what has some, and
// two of them stand for one.
func commaFields(s string) []string {
	var out []string
	for {
		if !strings.HasPrefix(s, `"`) {
			col, rest, more := strings.Cut(s, ",")
			out = append(out, col)
			if !more {
				return out
			}
			s = rest
			continue
		}
		var b strings.Builder
		s = s[1:]
		for {
			col, rest, closed := strings.Cut(s, `"`)
			b.WriteString(col)
			s = rest
			if !closed || !strings.HasPrefix(s, `"`) {
				break
			}
			b.WriteByte('"')
			s = s[1:]
		}
		out = append(out, b.String())
		_, rest, more := strings.Cut(s, ",")
		if !more {
			return out
		}
		s = rest
	}
}

// Identity makes the id of a request the same whether all of them are shown or a few.
func (r WebLog) Identity() string { return fmt.Sprint(r.Position()) }

// Summary shows the request.
func (r WebLog) Summary() string {
	s := strings.TrimSpace(r.Method + " " + r.Path)
	if r.Client != "" {
		s = "[" + r.Client + "] " + s
	}
	if r.Query != "" {
		s += "?" + r.Query
	}
	if s == "" {
		s = r.Detail
	}
	if r.Status != "" {
		s += ", status " + r.Status
	}
	if len(r.Reasons) > 0 {
		s += ": " + strings.Join(r.Reasons, ", ")
	}
	return s
}
