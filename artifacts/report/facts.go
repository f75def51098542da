package report

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// maxHosts bounds the machines of one page that facts are kept of.
const maxHosts = 4096

// A spanOf is the first and the last of some times.
type spanOf struct{ From, To time.Time }

func (s *spanOf) add(t time.Time) {
	if s.From.IsZero() || t.Before(s.From) {
		s.From = t
	}
	if t.After(s.To) {
		s.To = t
	}
}

// hostFacts are what the rows of one machine say of the machine itself.
type hostFacts struct {
	boot, shutdown, lastRan time.Time
	prefetch, logs          spanOf
	version                 int   // highest format of Prefetch files
	collector               event // the last run of a program that collects evidence
	week                    [weekBins]int
}

// weekBins are the quarters of an hour of a week: zones differ by these.
const weekBins = 7 * 24 * 4

// collectors are names of programs with which evidence is collected, as far as their
// names are their own.
var collectors = []string{
	"kape", "gkape", "velociraptor", "cylr", "cdir-collector", "cdir_collector", "acquire", "winpmem", "dumpit", "ftk imager", "ftkimager",
	"magnetramcapture", "magnetresponse", "ramcapture", "ramcapture64", "forecopy_handy", "fastir_x64", "fastir_x86", "hoarder", "brimorlabs",
	"redline", "thor64-lite", "loki", "uac", "dfir-orc_x64", "dfir-orc_x86", "irec", "irtriage", "belkasoftramcapturer",
}

// isCollector reports whether a program collects evidence, by its name: velociraptor,
// winpmem_mini_x64_rc2.
func isCollector(path string) bool {
	name := strings.TrimSuffix(strings.ToLower(winpath.Base(path)), ".exe")
	return slices.ContainsFunc(collectors, func(c string) bool {
		rest, ok := strings.CutPrefix(name, c)
		return ok && (rest == "" || !('a' <= rest[0] && rest[0] <= 'z'))
	})
}

func (c *Collector) factsOf(host string) *hostFacts {
	f := c.hosts[host]
	if f == nil {
		if len(c.hosts) == maxHosts {
			return new(hostFacts)
		}
		f = new(hostFacts)
		c.hosts[strings.Clone(host)] = f
	}
	return f
}

// fact takes in what a row says of its machine. The row has a time in UTC.
func (c *Collector) fact(r *output.Row) {
	f := c.factsOf(r.Host)
	if r.State != artifacts.Live || r.Snapshot != "" {
		return
	}
	switch r.Parser {
	case "prefetch":
		for name, v := range r.Extras() {
			if n, err := strconv.Atoi(v); name == "version" && err == nil {
				f.version = max(f.version, n)
			}
		}
		if r.Proof == artifacts.Executed && !foreign(r.Kind, r.DataType) {
			f.prefetch.add(r.Time)
		}
	case "evtxfiles":
		if r.Kind == "First Event Time" || r.Kind == "Last Event Time" {
			f.logs.add(r.Time)
		}
	case "eventpower":
		for name, v := range r.Extras() {
			if name == "event" && (v == "os-started" || v == "log-service-started") && r.Time.After(f.boot) {
				f.boot = r.Time
			}
		}
	case "shutdown":
		if r.Time.After(f.shutdown) {
			f.shutdown = r.Time
		}
	}
	if r.Proof == artifacts.Executed && !foreign(r.Kind, r.DataType) && r.Time.After(f.lastRan) {
		f.lastRan = r.Time
	}
	if r.Proof == artifacts.Executed && isCollector(r.Path) && r.Time.After(f.collector.Time) {
		f.collector = eventOf(r)
	}
	if !foreign(r.Kind, r.DataType) && layerOf(r.Proof) != traced {
		f.week[weekBin(r.Time)]++
	}
}

// weekBin counts quarters of an hour from Monday, UTC.
func weekBin(t time.Time) int {
	const monday = 4 * 96 // 1970-01-05
	q := floorDiv(t.Unix(), 900) - monday
	return int(q - floorDiv(q, weekBins)*weekBins)
}

// factsView is what the page says of a machine beside what its hives hold.
type factsView struct {
	Acquired   time.Time // not before it
	Tool       *event    // the collection tool that ran at the end
	Boot       time.Time
	Shutdown   time.Time
	Prefetch   spanOf
	Logs       spanOf
	Inferred   string // the version of Windows, where no hive has it
	InferredBy int    // format of Prefetch files that shows it
	Missing    []string
}

// aroundAcquisition is how long before the last start on a machine a collection tool
// may have run to be what ended its record.
const aroundAcquisition = 24 * time.Hour

func (c *Collector) factsView(m *Machine) *factsView {
	if m.Machine == nil {
		return nil
	}
	f := c.hosts[m.Name]
	if f == nil {
		f = new(hostFacts)
	}
	v := &factsView{Acquired: f.lastRan, Boot: f.boot, Shutdown: f.shutdown, Prefetch: f.prefetch, Logs: f.logs}
	if t := f.collector.Time; !t.IsZero() && f.lastRan.Sub(t) < aroundAcquisition {
		v.Tool = &f.collector
	}
	if m.Product == "" {
		v.Inferred, v.InferredBy = prefetchWindows[f.version], f.version
	}
	v.Missing = c.missing(m)
	return v
}

// prefetchWindows says which Windows writes a format of Prefetch files.
var prefetchWindows = map[int]string{
	17: "Windows XP or Server 2003", 23: "Windows Vista or 7", 26: "Windows 8 or 8.1", 30: "Windows 10 or 11", 31: "Windows 11",
}

// missing names the large sources that the evidence of a machine lacks.
func (c *Collector) missing(m *Machine) []string {
	var out []string
	has := func(kind string) bool {
		return slices.ContainsFunc(m.Hives, func(h Hive) bool { return strings.EqualFold(h.Kind, kind) && h.SHA256 != "" })
	}
	for _, kind := range []string{"SYSTEM", "SOFTWARE", "NTUSER", "AMCACHE"} {
		if !has(kind) {
			out = append(out, kind)
		}
	}
	for _, s := range []struct{ artifact, name string }{{"prefetch", "prefetch"}, {"evtxfiles", "eventlogs"}, {"mft", "mft"}} {
		if f := c.fed[s.artifact]; f == nil || f.sources == 0 {
			out = append(out, s.name)
		}
	}
	return out
}

// A heat map is activity by weekday and hour.
type heatMap struct {
	Days  [7]heatRow
	Peak  int
	Local string // offset of the machine, "" where times are UTC
}

type heatRow struct {
	Day   int // 0 is Monday
	Cells [24]heatCell
}

type heatCell struct {
	Hour, N int
	Shade   int // 0 to 5
}

// heat adds up the machines of the page, each in its own standard time.
func (c *Collector) heat(machines []Machine) *heatMap {
	var sum [7 * 24]int
	h := &heatMap{}
	for i := range machines {
		m := &machines[i]
		if m.Machine == nil || c.hosts[m.Name] == nil {
			continue
		}
		shift := 0
		if m.TimeZone != "" || m.Bias != 0 {
			shift = -m.Bias / 15
			h.Local = offset(-m.Bias)
		}
		for bin, n := range c.hosts[m.Name].week {
			at := ((bin+shift)%weekBins + weekBins) % weekBins
			sum[at/4] += n
		}
	}
	h.Peak = slices.Max(sum[:])
	if h.Peak == 0 {
		return nil
	}
	for at, n := range sum {
		cell := heatCell{Hour: at % 24, N: n}
		for shade := range 5 {
			if n > 0 && n*25 > h.Peak*shade*shade { // steps of a square root
				cell.Shade = shade + 1
			}
		}
		h.Days[at/24].Day, h.Days[at/24].Cells[at%24] = at/24, cell
	}
	return h
}
