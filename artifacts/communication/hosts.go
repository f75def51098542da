package communication

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/textfile"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A Host is one line of a file by which names resolve before any server is
// asked, or the setting of where these files lie.
type Host struct {
	artifacts.Origin
	File      string    `json:"file"`           // hosts, lmhosts, DataBasePath
	Path      string    `json:"path,omitempty"` // of the file, where the setting leads to another folder
	Line      int       `json:"line,omitempty"`
	Address   string    `json:"address,omitempty"`
	Names     []string  `json:"names,omitempty"`
	Comment   string    `json:"comment,omitempty"`
	Directive string    `json:"directive,omitempty"` // of lmhosts: #PRE, #DOM:…, #INCLUDE …
	Loopback  bool      `json:"loopback,omitempty"`  // the address is the machine itself, or none at all
	Default   bool      `json:"default,omitempty"`   // localhost, or the folder of set-up
	Unusual   string    `json:"unusual,omitempty"`
	Written   time.Time `json:"key_written,omitzero" event:"Content Modification Time"` // of the key of DataBasePath
}

var hosts = artifacts.Define(artifacts.Artifact{
	Name:     "hosts",
	Title:    "Hosts file",
	DataType: "windows:file:hosts",
	About: `The lines of the files hosts and lmhosts, which resolve names without a server, and the setting
DataBasePath with their folder. Proves that the name resolved to this address for all programs of
the machine while the line existed. Does not prove that the name was ever resolved or when the line
was written: the file has one time for all lines. By default the files contain only comments.
Entries for security vendors or update servers that point to the machine itself or to an invalid
address block them. The DNS cache is kept only in memory.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1562.001", "T1565.001"},
	Refs: []string{
		"https://learn.microsoft.com/troubleshoot/windows-server/networking/lmhosts-file-for-domain-validation",
		"https://www.rfc-editor.org/rfc/rfc952",
	},
	Sources: []artifacts.Source{
		artifacts.LargeFiles(`%SystemRoot%\System32\drivers\etc\hosts*`),
		artifacts.LargeFiles(`%SystemRoot%\System32\drivers\etc\lmhosts*`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Services\Tcpip\Parameters`),
	},
	BesideNamed: movedHosts,
}, decodeHosts)

// movedHosts are the files of another folder than that of setup, which hostsMoved reads.
func movedHosts(tree *evidence.Tree) []string {
	m := tree.Known()
	dir := strings.TrimRight(m.Expand(m.NameFiles, evidence.User{}), `\`)
	if len(winpath.Volume(dir)) != 2 || !strings.Contains(dir, `\`) || strings.ContainsAny(dir, `*?%`) {
		return nil
	}
	if strings.HasSuffix(winpath.Key(dir), `\system32\drivers\etc`) {
		return nil // the sources name it
	}
	return []string{dir + `\hosts`, dir + `\lmhosts`}
}

func decodeHosts(in artifacts.Input, yield func(Host) bool) error {
	if in.Hive != nil {
		return hostsMoved(in, yield)
	}
	name := strings.ToLower(winpath.Base(in.From.Path))
	if strings.HasPrefix(name, "hosts.ics") {
		name = "hosts.ics" // leases of Internet Connection Sharing, in the same form
	}
	parseHosts(name, in.Reader(), in.AtOffset, yield)
	return nil
}

// hostsMoved reads where the files lie; where that is not the folder of
// set-up, also the file there.
func hostsMoved(in artifacts.Input, yield func(Host) bool) error {
	v, ok := in.Own().Find("DataBasePath")
	if !ok {
		return nil
	}
	text, note, err := artifacts.AnyText(v)
	if err != nil {
		return in.Wrap(in.At(v), err)
	}
	dir := in.Machine.Expand(text, in.User)
	r := Host{Origin: in.At(v), File: "DataBasePath", Path: text, Unusual: note, Written: in.Written()}
	key := strings.TrimSuffix(winpath.Key(dir), `\`)
	r.Default = strings.HasSuffix(key, `\system32\drivers\etc`) && in.Machine.IsSystem32(strings.TrimSuffix(key, `\drivers\etc`))
	if !yield(r) || r.Default {
		return nil
	}
	var errs []error
	for _, name := range []string{"hosts", "lmhosts"} {
		path := winpath.Join(dir, name)
		f, ok := in.Tree.Lookup(path)
		if !ok {
			continue
		}
		b, err := f.BytesUpTo(artifacts.DefaultMaxWhole)
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), fmt.Errorf("%s: %w", path, err)))
		}
		more := true
		parseHosts(name, bytes.NewReader(b), func(int64) artifacts.Origin { return in.At(v) }, func(h Host) bool {
			h.Path = path
			more = yield(h)
			return more
		})
		if !more {
			return nil
		}
	}
	return errors.Join(errs...)
}

// parseHosts reads lines of "address name… # comment". In lmhosts some
// comments are directives. Windows takes blanks and tabs and any line end.
func parseHosts(file string, r io.Reader, at func(int64) artifacts.Origin, yield func(Host) bool) {
	lm := strings.HasPrefix(file, "lmhosts")
	line := 0
	for start, text := range textfile.Lines(r) {
		line++
		body, comment, hasComment := strings.Cut(text, "#")
		r := Host{Origin: at(start), File: file, Line: line, Comment: strings.TrimSpace(comment)}
		if lm && hasComment {
			if d := lmhostsDirective(comment); d != "" {
				r.Directive, r.Comment = d, ""
			}
		}
		fields := strings.Fields(body)
		if len(fields) == 0 {
			if r.Directive == "" {
				continue
			}
			if !yield(r) {
				return
			}
			continue
		}
		r.Address, r.Names = fields[0], fields[1:]
		addr, err := netip.ParseAddr(r.Address)
		switch {
		case err != nil:
			r.Unusual = "the first word is no address"
		case len(r.Names) == 0:
			r.Unusual = "an address without a name"
		}
		r.Loopback = err == nil && (addr.IsLoopback() || addr.IsUnspecified())
		r.Default = err == nil && addr.IsLoopback() && len(r.Names) == 1 && strings.EqualFold(r.Names[0], "localhost")
		if !yield(r) {
			return
		}
	}
}

// lmhostsDirective returns the directive that a comment of lmhosts is, or "".
// The sample file explains them in comments: those begin with a blank.
func lmhostsDirective(comment string) string {
	up := strings.ToUpper(comment)
	for _, d := range []string{"PRE", "DOM:", "INCLUDE ", "BEGIN_ALTERNATE", "END_ALTERNATE", "MH", "SG", "NOFNR"} {
		if strings.HasPrefix(up, d) {
			return "#" + strings.TrimSpace(comment)
		}
	}
	return ""
}

// Summary shows the line or the setting.
func (r Host) Summary() string {
	if r.File == "DataBasePath" {
		return "[DataBasePath] " + r.Path
	}
	s := fmt.Sprintf("[%s line %d]", r.File, r.Line)
	if r.Address != "" {
		s += " " + strings.Join(r.Names, " ") + " is " + r.Address
	}
	if r.Directive != "" {
		s += " " + r.Directive
	}
	if r.Unusual != "" {
		s += " (" + r.Unusual + ")"
	}
	return s
}
