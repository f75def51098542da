// Package websites finds what the web server of a machine serves and where it
// writes its logs, by the server's own configuration.
package websites

import (
	"bytes"
	"encoding/xml"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// ConfigFile is the configuration of Internet Information Services.
const ConfigFile = `%SystemRoot%\System32\inetsrv\config\applicationHost.config`

// Limits of a configuration.
const (
	maxConfig  = 16 << 20
	maxFolders = 256 // of each kind
	maxDepth   = 64
)

// A Config is what is wanted of a configuration, as it is written there.
type Config struct {
	Logs  []string // folders of logs
	Roots []Root
}

// A Root is a folder that the server gives an address.
type Root struct {
	Folder string
	Path   string // of the address: "/", "/shop"
}

// ReadConfig reads applicationHost.config. What cannot be read ends it; the
// folders before that stand.
func ReadConfig(b []byte) Config {
	var c Config
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var open []string
	application := ""
	for {
		t, err := d.RawToken()
		if err != nil {
			return c
		}
		switch t := t.(type) {
		case xml.EndElement:
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		case xml.StartElement:
			if len(open) == maxDepth {
				return c
			}
			name := strings.ToLower(t.Name.Local)
			open = append(open, name)
			if !slices.Contains(open, "system.applicationhost") {
				continue
			}
			switch name {
			case "application":
				application = attribute(t, "path")
			case "logfile", "centralw3clogfile":
				if s := attribute(t, "directory"); s != "" && len(c.Logs) < maxFolders && !slices.Contains(c.Logs, s) {
					c.Logs = append(c.Logs, s)
				}
			case "virtualdirectory":
				r := Root{attribute(t, "physicalPath"), path.Join("/", application, attribute(t, "path"))}
				if r.Folder != "" && len(c.Roots) < maxFolders && !slices.Contains(c.Roots, r) {
					c.Roots = append(c.Roots, r)
				}
			}
		}
	}
}

func attribute(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if strings.EqualFold(a.Name.Local, name) {
			return a.Value
		}
	}
	return ""
}

// configOf reads the configuration of the machine, with its folders as paths.
// Folders that are no path on a volume are left out.
func configOf(tree *evidence.Tree) Config {
	var out Config
	files, _ := tree.Glob(ConfigFile)
	for _, f := range files {
		if f.Snapshot != "" {
			continue
		}
		b, err := f.BytesUpTo(maxConfig)
		if err != nil {
			continue
		}
		c := ReadConfig(b)
		for _, s := range c.Logs {
			if s, ok := folder(s); ok {
				out.Logs = append(out.Logs, s)
			}
		}
		for _, r := range c.Roots {
			if s, ok := folder(r.Folder); ok {
				out.Roots = append(out.Roots, Root{s, r.Path})
			}
		}
	}
	return out
}

// heads are variables that a configured folder may begin with, and how a pattern says them.
var heads = map[string]string{
	"%systemdrive%": "%SystemDrive%", "%systemroot%": "%SystemRoot%", "%windir%": "%SystemRoot%", "%programdata%": "%ProgramData%",
	"%programfiles%": `%SystemDrive%\Program Files`,
}

// folder makes the beginning of a pattern of a configured folder. Pattern
// characters, which no folder has, and the root of a volume, which would make its
// every file one of a site, are refused.
func folder(s string) (string, bool) {
	s = strings.TrimRight(strings.ReplaceAll(s, "/", `\`), `\`)
	head, rest, ok := strings.Cut(s, `\`)
	if h := heads[strings.ToLower(head)]; h != "" {
		head = h
	} else if len(head) != 2 || head[1] != ':' {
		return "", false
	}
	if !ok || strings.ContainsAny(rest, `*?%:`) || slices.Contains(strings.Split(rest, `\`), "..") {
		return "", false
	}
	return head + `\` + rest, true
}

// Logs are the sources of logs in folders that the configuration names.
func Logs(tree *evidence.Tree) []artifacts.Source {
	var out []artifacts.Source
	for _, dir := range configOf(tree).Logs {
		for _, below := range []string{`\*.log`, `\W3SVC*\*.log`} {
			out = append(out, artifacts.LargeFiles(dir+below))
		}
	}
	return out
}

// defaultRoots are what is served where nobody changed it: by the server of
// Windows, and by common bundles for developers.
var defaultRoots = []Root{{`%SystemDrive%\inetpub\wwwroot`, "/"}, {`%SystemDrive%\xampp\htdocs`, "/"}, {`%SystemDrive%\wamp*\www`, "/"}}

// pages are the names of files that a server runs.
var pages = []string{`*.asp*`, `*.ash*`, `*.asm*`, `*.php*`, `*.jsp*`}

// DefaultScripts are the sources of scripts in the folders that every machine may have.
func DefaultScripts() []artifacts.Source { return scripts(defaultRoots) }

// Scripts are the sources of scripts in folders that the configuration names.
func Scripts(tree *evidence.Tree) []artifacts.Source { return scripts(configOf(tree).Roots) }

func scripts(roots []Root) []artifacts.Source {
	var out []artifacts.Source
	for _, r := range roots {
		for _, p := range pages {
			if s := artifacts.Files(r.Folder + `\**\` + p); !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}
