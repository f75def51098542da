package communication

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/websites"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// Reasons of a request for being a record that rules tell apart.
const (
	ReasonShell = "served by a script that runs what it is sent"
	ReasonBurst = "many errors of the server"
	ReasonAgent = "user agent of an attack tool"
	ReasonData  = "data sent to a script page"
)

// Limits of what is remembered of the requests of one log.
const (
	usedByMany   = 10     // addresses make a page one that people use
	errorsBurst  = 20     // errors within a minute
	maxRequests  = 10_000 // pages and addresses each
	burstsWithin = time.Minute
)

// webRequests judges the requests of one log, in their order.
type webRequests struct {
	shells  map[string]string          // of the machine, see [websites.Shells]
	pages   map[string]map[string]bool // addresses that sent data to a page
	failing map[string]*failing        // by the address of the client
}

// failing counts the errors that one address got from the server.
type failing struct {
	since time.Time
	n     int
}

func newWebRequests(in artifacts.Input) *webRequests {
	x := &webRequests{pages: map[string]map[string]bool{}, failing: map[string]*failing{}}
	if in.Tree != nil && !in.Loose() {
		x.shells = in.Once("weblogs shells", func() any { return websites.Shells(in.Tree) }).(map[string]string)
	}
	return x
}

// webLogWords are parts of a decoded request, in lower case, that requests of
// people do not have.
var webLogWords = []struct{ word, reason string }{
	{"../", "path leaves its folder"}, {`..\`, "path leaves its folder"}, {"union select", "SQL in the query"},
	{"xp_cmdshell", "SQL in the query"},
	{"information_schema", "SQL in the query"}, {"waitfor delay", "SQL in the query"}, {"cmd.exe", "command in the request"},
	{"whoami", "command in the request"}, {"cmd=", "command in the request"},
	{"exec=", "command in the request"},
	{"/etc/passwd", "path leaves its folder"}, {"<script", "script in the request"}, {"${jndi:", "look-up string of Log4j"},
	{"frombase64string", "command in the request"}, {"powershell.exe", "command in the request"}, {"serverinfo~", "path of ProxyLogon"},
}

var webLogAgents = []string{"sqlmap", "nikto", "nmap", "masscan", "zgrab", "nuclei", "gobuster", "dirbuster", "wpscan", "antsword",
	"behinder", "godzilla", "hydra"}

// reasons says why a line is a record, nil when it is an ordinary request.
func (x *webRequests) reasons(r *WebLog) []string {
	var out []string
	add := func(s string) {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	served := strings.HasPrefix(r.Status, "2")
	if served && websites.Shell(x.shells, r.Path) != "" {
		add(ReasonShell)
	}
	if served && r.Method == "POST" && isScript(r.Path) && !x.usual(r) {
		add(ReasonData)
	}
	path, rest := unescaped(r.Path), unescaped(r.Query)
	full, detail := path+"?"+rest, strings.ToLower(r.Detail)
	for _, w := range webLogWords {
		if strings.Contains(full, w.word) || !strings.HasSuffix(w.word, "=") && strings.Contains(detail, w.word) {
			add(w.reason) // S:CMD= is what Exchange calls each command of its own
		}
	}
	if strings.Contains(rest, "powershell") && !strings.HasPrefix(path, "/powershell") && !strings.HasPrefix(path, "/autodiscover") {
		add("command in the request")
	}
	if strings.Contains(full, "autodiscover.json") && strings.Contains(rest, "@") && slices.ContainsFunc([]string{"/powershell", "/mapi/",
		"/ews/", "/ecp", "/owa", "email=autodiscover"}, func(s string) bool { return strings.Contains(rest, s) }) {
		add("path of ProxyShell")
	}
	agent := strings.ToLower(r.Agent)
	if slices.ContainsFunc(webLogAgents, func(s string) bool { return strings.Contains(agent, s) }) {
		add(ReasonAgent)
	}
	switch r.Method {
	case "PUT", "MOVE", "COPY", "MKCOL", "TRACE", "TRACK":
		if served {
			add("method " + r.Method + " was served")
		}
	}
	if x.burst(r) {
		add(ReasonBurst)
	}
	return out
}

func isScript(path string) bool {
	switch strings.ToLower(winpath.Ext(path)) {
	case ".aspx", ".ashx", ".asmx", ".asp", ".jsp", ".jspx", ".php", ".cfm":
		return true
	}
	return false
}

// unescaped undoes what an address escapes, in lower case.
func unescaped(s string) string {
	s = strings.ToLower(s)
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}

// usual reports whether many addresses have sent data to a page: people use it.
func (x *webRequests) usual(r *WebLog) bool {
	page := strings.ToLower(r.Path)
	from := x.pages[page]
	if from == nil {
		if len(x.pages) >= maxRequests {
			return false
		}
		from = map[string]bool{}
		x.pages[page] = from
	}
	if len(from) < usedByMany {
		from[r.Client] = true
	}
	return len(from) >= usedByMany
}

// burst reports whether a request is the one that makes a burst of errors, once
// for each minute of it.
func (x *webRequests) burst(r *WebLog) bool {
	if !strings.HasPrefix(r.Status, "5") {
		return false
	}
	f := x.failing[r.Client]
	if f == nil || r.Time.Sub(f.since) > burstsWithin || r.Time.Before(f.since) {
		if f == nil && len(x.failing) >= maxRequests {
			clear(x.failing)
		}
		f = &failing{since: r.Time}
		x.failing[r.Client] = f
	}
	f.n++
	return f.n == errorsBurst
}
