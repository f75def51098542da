package findings

import (
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/communication"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
)

var scriptRunsRequests = rule(Rule{
	ID: "P-20", Title: "Web page that runs what requests send", Level: High, Attack: []string{"T1505.003"},
	Why:    "A script of the web server gives what a request sends to something that runs it: whoever knows its address controls the server.",
	Benign: "Pages for administrators, consoles of developers.",
	Next:   "Read the script; look for its address in the logs of the web server, and for what the server's process started.",
}, func(x *look, s persistence.WebScript) {
	if s.Runs == "" {
		return
	}
	path := x.row.rec.From.Path
	x.hit(subject{kind: kindProgram, key: x.normal(path, x.row.rec.User), show: path}, 0, "it gives what requests send to %s", s.Runs)
})

var webAttack = rule(Rule{
	ID: "S-09", Title: "Attack in the log of the web server", Level: Medium, Attack: []string{"T1190"},
	Why:    "Requests of this address have the form of an attack. One that the server answered with success may have worked.",
	Benign: "Scanners try every server that the Internet reaches, mostly in vain; tests of the machine's owner; a fault of the site's own.",
	Next:   "Read the requests of the address that were answered, and what the server's process started or wrote in the minutes after them.",
}, func(x *look, r communication.WebLog) {
	level := requestLevel(&r)
	if level == 0 {
		return
	}
	from := r.Client
	if from == "" {
		from = "an address that is not logged"
	}
	h := x.hit(x.setting("web requests of "+from), level, "%s %s, status %s: %s", r.Method, clip(r.Path+queryOf(&r), 300), r.Status,
		strings.Join(r.Reasons, ", ")).atMost(High)
	if slices.Contains(r.Reasons, communication.ReasonShell) {
		h.as("T1505.003", "T1190")
	}
})

func queryOf(r *communication.WebLog) string {
	if r.Query == "" {
		return ""
	}
	return "?" + r.Query
}

// requestLevel weighs a request by the worst of its reasons, 0 for one that says
// nothing by itself: people send data to pages.
func requestLevel(r *communication.WebLog) Level {
	served := strings.HasPrefix(r.Status, "2")
	var worst Level
	for _, s := range r.Reasons {
		level := Informational
		switch {
		case s == communication.ReasonData:
			continue
		case s == communication.ReasonShell:
			level = High
		case s == communication.ReasonBurst:
			level = Low
		case !served:
		case slices.Contains([]string{"command in the request", "path of ProxyShell", "path of ProxyLogon", "look-up string of Log4j"}, s):
			level = Medium
		default:
			level = Low
		}
		worst = max(worst, level)
	}
	return worst
}
