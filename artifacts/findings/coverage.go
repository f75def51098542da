package findings

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/hive"
)

// Facts are what an evaluation must know about the evidence beside its
// records.
type Facts struct {
	Machine   *evidence.Machine
	Host      string                   // name when there is no Machine
	Artifacts []string                 // what was asked for; none means all
	Hives     map[evidence.Kind]bool   // which kinds of live hive are there
	Dirty     map[evidence.Kind]string // hives that are not whole, and why
	// Prefetcher is what EnablePrefetcher says: 0 off, 1 programs, 2 boot, 3
	// both; -1 when the evidence does not tell.
	Prefetcher int
	// Whole is set when the volume of Windows is there with its files, and not
	// only what a collection took.
	Whole bool
	// FileTimes is set when the times of files are those of the machine: an
	// image, not a copied folder. Elsewhere each file tells for itself, see
	// Times.
	FileTimes bool
	// Find looks for a file of the machine: whether it is there, and whether
	// the folder it should lie in is there to tell.
	Find func(path string) (there, folder bool)
	// Times are those of a file of the machine; false when it is not there, or
	// only the times of its copy are known.
	Times func(path string) (FileTimes, bool)

	late func(*Facts) // fills in Hives and Dirty when the run is over
}

// FileTimes are the times of one file on the machine's own volume.
type FileTimes struct {
	Created, Modified, Changed time.Time // $STANDARD_INFORMATION, or what a collector wrote down of it; Changed is that of the file record
	Size                       int64
	// The times of $FILE_NAME, which no program can set; zero where the
	// evidence is no image.
	NameCreated, NameModified time.Time
	Source                    string // who says so
}

// FactsOf reads the facts from evidence. names are the artifacts that the run
// was asked for, kind is what [evidence.Evidence] says of the container.
func FactsOf(tree *evidence.Tree, kind string, names []string) Facts {
	f := Facts{Machine: tree.Machine(), Artifacts: names, Hives: map[evidence.Kind]bool{}, Dirty: map[evidence.Kind]string{},
		Prefetcher: -1}
	hives, _ := tree.Hives()
	for _, h := range hives {
		if h.Kind == evidence.SYSTEM && !h.Backup && h.Snapshot == "" && f.Prefetcher < 0 {
			if hv, _ := h.Open(); hv != nil {
				f.Prefetcher = prefetcher(hv)
			}
		}
	}
	f.late = func(f *Facts) { f.hives(hives) }
	root := `C:\Windows`
	if f.Machine.SystemRoot != "" {
		root = f.Machine.SystemRoot
	}
	if !tree.Loose() {
		_, f.Whole = tree.Lookup(root + `\System32\ntdll.dll`)
	}
	f.FileTimes = strings.HasPrefix(kind, "disk image") || kind == "volume" || listsTimes(tree, root) || listsTimes(tree, `C:\$MFT`)
	f.Find = func(path string) (there, folder bool) {
		if _, ok := tree.Lookup(path); ok {
			return true, true
		}
		return false, tree.Walked(path)
	}
	f.Times = func(path string) (FileTimes, bool) {
		file, ok := tree.Lookup(path)
		if !ok {
			return FileTimes{}, false
		}
		return timesOf(file)
	}
	return f
}

// hives notes how the live hives were found. They are asked when the run is over:
// each was opened and given up by then, and its state is known.
func (f *Facts) hives(hives []*evidence.Hive) {
	for _, h := range hives {
		if h.Backup || h.Snapshot != "" || h.Kind == evidence.OTHER {
			continue
		}
		r, err := h.Recovery()
		if r == nil {
			f.Dirty[h.Kind] = fmt.Sprintf("%s could not be read: %v", h.Path, err)
			continue
		}
		f.Hives[h.Kind] = true
		if r.Dirty && !r.Applied {
			f.Dirty[h.Kind] = h.Path + " is dirty and no transaction log could be applied: its last changes are missing"
		}
	}
}

// listsTimes reports whether a collection has the times of all files: one of them, the folder of Windows or else $MFT, with those of
// its name, which only a listing of the file table records.
func listsTimes(tree *evidence.Tree, path string) bool {
	f, ok := tree.Lookup(path)
	if !ok {
		return false
	}
	t, err := f.Times()
	return err == nil && t.Original && !t.NameCreated.IsZero()
}

// timesOf returns the times of a file where they are those of the machine.
func timesOf(file *evidence.File) (FileTimes, bool) {
	t, err := file.Times()
	if err != nil || !t.Original {
		return FileTimes{}, false
	}
	st, err := file.Stat()
	if err != nil || st.IsDir() {
		return FileTimes{}, false
	}
	return FileTimes{
		Created: t.Created, Modified: t.Modified, Changed: t.Changed, NameCreated: t.NameCreated, NameModified: t.NameModified,
		Size: st.Size(), Source: t.Source,
	}, true
}

// prefetcher reads EnablePrefetcher of the control set that booted last.
func prefetcher(hv *hive.Hive) int {
	set, _ := hv.ControlSet()
	k, err := hv.Key(set + `\Control\Session Manager\Memory Management\PrefetchParameters`)
	if err != nil {
		return -1
	}
	v, err := k.Value("EnablePrefetcher")
	if err != nil {
		return -1
	}
	n, err := v.Uint()
	if err != nil || n > 3 {
		return -1
	}
	return int(n)
}

func (f *Facts) host() string {
	if f.Machine != nil {
		return f.Machine.Name
	}
	return f.Host
}

// fed is what came of one artifact.
type fed struct {
	artifact                 *artifacts.Artifact
	sources, records, errors int
}

func (e *Evaluator) feed(res *artifacts.Result) {
	if res.Artifact == nil {
		return
	}
	f := e.seen[res.Artifact.Name]
	if f == nil {
		f = &fed{artifact: res.Artifact}
		e.seen[res.Artifact.Name] = f
	}
	if res.From.Path != "" && !res.More &&
		(len(res.Records) > 0 || !leads[res.Artifact.Name] || !strings.EqualFold(winpath.Base(res.From.Path), "NTUSER.DAT")) {
		f.sources++
	}
	if from := &res.From; !res.More && from.SHA256 != "" {
		// Records of a large file come before its hash.
		if _, ok := e.hashes[sourceFile{from.Path, from.Snapshot}]; ok {
			e.hashes[sourceFile{from.Path, from.Snapshot}] = from.SHA256
		}
	} else if res.More && from.SHA256 == "" {
		e.hashes[sourceFile{from.Path, from.Snapshot}] = ""
	}
	f.records += len(res.Records)
	f.errors += len(res.Errors)
}

// coverage says of each rule whether it was judged.
func (e *Evaluator) coverage() []Coverage {
	var out []Coverage
	for _, r := range e.rules {
		c := Coverage{Host: e.facts.host(), RuleID: r.ID, Title: r.Title, Hits: e.counts[r.ID], Silenced: e.silenced[r.ID]}
		c.Status, c.Why = e.judged(r)
		out = append(out, c)
	}
	if e.sig != nil {
		out = append(out, e.sig.coverage(e)...)
	}
	return out
}

func (e *Evaluator) judged(r *Rule) (status string, why []string) {
	switch {
	case !e.on(r):
		return NotEvaluated, []string{"judged on request only: `enable " + r.ID + "` in a rules file"}
	case r.judged != nil:
		return r.judged(e)
	case len(r.events) > 0:
		return e.eventsJudged(r)
	}
	there := 0
	for _, name := range r.Needs {
		reason := e.lacks(name)
		if reason == "" {
			there++
			continue
		}
		if !slices.Contains(why, reason) {
			why = append(why, reason)
		}
	}
	if there == 0 && e.fedBesides(r) {
		there++
	}
	switch {
	case there == 0:
		status = NotEvaluated
	case len(why) > 0:
		status = Partly
	default:
		status = Evaluated
	}
	if need := wholeVolume[r.ID]; need && !e.facts.Whole {
		return NotEvaluated, append([]string{"the volume is not here as a whole: a file that is missing proves nothing"}, why...)
	}
	if fileTimes[r.ID] && !e.facts.FileTimes {
		const only = "the times of files are not those of the machine: disk images and the metadata of collectors keep them"
		if e.timed == 0 {
			return NotEvaluated, append([]string{only}, why...)
		}
		if status == Evaluated {
			status = Partly
		}
		why = append(why, fmt.Sprintf("programs evaluated: %d; others: %s", e.timed, only))
	}
	if there > 0 {
		for _, s := range e.doubts(r) {
			status, why = Partly, append(why, s)
		}
		for _, s := range e.unjudged(r) {
			status, why = Partly, append(why, s)
		}
		why = append(why, e.reasons[r.ID]...)
		if span := e.journalSpan(); span != "" && slices.Contains(r.Needs, "usnjrnl") {
			why = append(why, span)
		}
	}
	return status, why
}

// maxExplained bounds what the coverage says of one rule: machines may have very many accounts.
const maxExplained = 20

// explain notes in the coverage of a rule why something is missing that the rule
// would speak of otherwise.
func (s *scene) explain(rule, why string) {
	if s.reasons == nil {
		s.reasons = map[string][]string{}
	}
	if len(s.reasons[rule]) < maxExplained {
		s.reasons[rule] = append(s.reasons[rule], why)
	}
}

// fedBesides reports whether the rule was judged by artifacts that it does not
// need: those from outside that it takes, and any that names a program with which
// a rule over programs has found something.
func (e *Evaluator) fedBesides(r *Rule) bool {
	if e.counts[r.ID]+e.silenced[r.ID] > 0 {
		return true
	}
	for _, f := range e.seen {
		if f.sources > 0 && r.takes(f.artifact) {
			return true
		}
	}
	return false
}

// wholeVolume are the rules that argue from a file's absence, fileTimes those
// that compare times of files.
var (
	wholeVolume = map[string]bool{"X-01": true, "P-08": true}
	fileTimes   = map[string]bool{"D-01": true, "D-02": true}
)

// leads are the artifacts of files whose keys in the hives of users only lead to more
// files: a hive without such a key shows nothing of them.
var leads = map[string]bool{"pstranscripts": true}

// lacks says why an artifact gave nothing to judge by, or "".
func (e *Evaluator) lacks(name string) string {
	a := artifactNamed(name)
	switch f := e.seen[name]; {
	case a == nil:
		return "artifact " + name + " is not read by this version"
	case name == "executedfiles" && f != nil && f.records == 0:
		return "executedfiles: no Prefetch file names its program in a $MFT that is here"
	case f != nil && f.sources > 0:
		return ""
	case len(e.facts.Artifacts) > 0 && !slices.Contains(e.facts.Artifacts, name) &&
		!slices.ContainsFunc(e.facts.Artifacts, func(n string) bool { return strings.EqualFold(n, a.Group) }):
		return "artifact " + name + " was not selected"
	case e.facts.Whole && name != "prefetch" &&
		(leads[name] || !slices.ContainsFunc(a.Sources, func(s artifacts.Source) bool { return s.Glob == "" })):
		return "" // the volume is here, and there is no such file: that was looked at
	case name == "prefetch" && e.facts.Prefetcher == 0:
		return "no Prefetch files: EnablePrefetcher is 0, so the machine writes none"
	}
	var parts []string
	globs := 0
	for _, s := range a.Sources {
		p := "no file " + s.Glob
		switch {
		case s.Glob == "" && leads[name]:
			continue
		case s.Glob == "":
			p = "no " + string(s.Hive) + " hive"
			if d, ok := e.facts.Dirty[s.Hive]; ok {
				p = d
			}
		case globs > 0: // one of them tells enough
			globs++
			continue
		default:
			globs++
		}
		if !slices.Contains(parts, p) {
			parts = append(parts, p)
		}
	}
	if globs > 1 {
		parts = append(parts, fmt.Sprintf("nor %d other patterns", globs-1))
	}
	return name + ": " + strings.Join(parts, ", ")
}

// doubts are about sources that are there and yet not whole.
func (e *Evaluator) doubts(r *Rule) []string {
	var out []string
	add := func(s string) {
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	for _, name := range r.Needs {
		a, f := artifactNamed(name), e.seen[name]
		if a == nil || f == nil || f.sources == 0 {
			continue
		}
		for _, s := range a.Sources {
			if s.Glob == "" {
				add(e.facts.Dirty[s.Hive])
			}
		}
		if f.errors > 0 {
			add(fmt.Sprintf("%s: %d unreadable", name, f.errors))
		}
		if name == "prefetch" && e.facts.Prefetcher == 0 {
			add("EnablePrefetcher is 0: the Prefetch files are from before it was switched off")
		}
	}
	return out
}

func artifactNamed(name string) *artifacts.Artifact {
	for _, a := range catalogue.All() {
		if a.Name == name {
			return a
		}
	}
	return nil
}
