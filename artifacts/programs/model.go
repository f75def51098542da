package programs

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/prefetch"
)

// systemFiles is how many files below System32 must be seen on a volume before it
// is taken for the one of Windows.
const systemFiles = 3

// reference spells a file reference as the file system's artifacts do.
func reference(entry, sequence uint64) string { return fmt.Sprintf("%d-%d", entry, sequence) }

// Model merges what was collected. The builder must not be used after it.
func (b *Builder) Model() *Model {
	m := &Model{Host: b.host, Dropped: b.dropped, byKey: map[string][]*Program{}, records: b.records}
	m.Logons, b.logons = b.logons.Analyse(), nil
	m.Sessions = m.Logons.Sessions
	b.joinVolumes()
	b.wakeLinked()
	b.joinShort()
	b.joinRenames()
	b.resolveBare()
	list := b.sorted()
	m.Unresolved = b.resolveUses(list)
	b.journalStarts(list)
	b.trimStarts()
	for _, p := range list {
		p.mergeStarts()
	}
	b.services()
	w := newWho(b, m.Logons)
	for _, p := range list {
		w.attribute(p)
	}
	couple(list)
	loadedBy(list)
	sameFiles(list)
	b.fired(list)
	for _, p := range list {
		p.finishProgram(b.windows)
		m.Programs = append(m.Programs, &p.p)
		m.byKey[p.key] = append(m.byKey[p.key], &p.p)
		p.spellings, p.raw, p.counted = nil, nil, nil // the program is a part of p
	}
	b.quiet.settle()
	m.quiet = b.quiet
	nameCouples(m.Programs)
	w.acts(b.acts)
	w.people.Close()
	for _, a := range b.acts {
		if a.Kind != "journal start" && a.Kind != "prefetch deleted" {
			m.Acts = append(m.Acts, a)
		}
	}
	slices.SortFunc(m.Acts, func(x, y *Act) int {
		return cmp.Or(x.Time.Compare(y.Time), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Number, y.Number), cmp.Compare(x.Subject,
			y.Subject),
			cmp.Compare(x.Object, y.Object), cmp.Compare(x.Ref.Record, y.Ref.Record))
	})
	m.Acts = slices.CompactFunc(m.Acts, func(x, y *Act) bool { // of a log and its shadow copy
		return x.Kind == y.Kind && x.Time.Equal(y.Time) && x.Channel == y.Channel && x.Number == y.Number &&
			x.Subject == y.Subject && x.Object == y.Object
	})
	m.Coverage = b.coverage(m)
	b.programs, b.acts = nil, nil
	return m
}

// sorted returns the programs by volume and path.
func (b *Builder) sorted() []*prog {
	list := slices.Collect(maps.Values(b.programs))
	slices.SortFunc(list, func(x, y *prog) int { return x.compare(y.progKey) })
	return list
}

// style is how a volume is named: names of one style can be compared.
func style(v string) string {
	if len(v) == 2 {
		return ":"
	}
	return v[:min(len(v), 8)]
}

// isSystem reports whether a name of a volume is one of the volume of Windows.
// Where no volume that is named in this way is known to be, it is taken for it,
// but for drives of removable media.
func (b *Builder) isSystem(v string, styles map[string]bool) bool {
	switch {
	case v == "", len(b.system[v]) >= systemFiles:
		return true
	case len(v) == 2, strings.HasPrefix(v, `\DEVICE\CDROM`), strings.HasPrefix(v, `\DEVICE\FLOPPY`):
		return false
	}
	return !styles[style(v)]
}

// joinVolumes gives programs on any name of the volume of Windows one key.
func (b *Builder) joinVolumes() {
	styles := map[string]bool{}
	for v, files := range b.system {
		if len(files) >= systemFiles {
			styles[style(v)] = true
		}
	}
	b.wakeNamed(styles)
	for _, p := range b.sorted() {
		if p.volume == "" || !b.isSystem(p.volume, styles) {
			continue
		}
		delete(b.programs, p.progKey)
		to := progKey{"", p.key}
		if o := b.programs[to]; o != nil {
			o.absorb(p)
			continue
		}
		p.progKey = to
		b.programs[to] = p
	}
}

// absorb adds what another program's records say.
func (p *prog) absorb(o *prog) {
	for s, n := range o.spellings {
		p.spellings[s] += n
	}
	if p.raw == nil {
		p.raw = o.raw
	} else if o.raw != nil {
		for src := range sourceCount {
			p.raw[src].list = append(p.raw[src].list, o.raw[src].list...)
			p.raw[src].dropped += o.raw[src].dropped
		}
	}
	for name, n := range o.counted {
		if p.counted == nil {
			p.counted = map[string]uint32{}
		}
		p.counted[name] = max(p.counted[name], n)
	}
	for i := range o.p.Files {
		p.file(o.p.Files[i])
	}
	for _, f := range o.p.What {
		for _, r := range f.From {
			p.fact(f.Name, f.Value, f.Certainty, r)
		}
	}
	p.p.Arrived = append(p.p.Arrived, o.p.Arrived...)
	p.p.Traffic = append(p.p.Traffic, o.p.Traffic...)
	p.p.Counts.TrafficDropped += o.p.Counts.TrafficDropped
	p.p.Autostarts = append(p.p.Autostarts, o.p.Autostarts...)
	p.p.Verdicts = append(p.p.Verdicts, o.p.Verdicts...)
	p.p.Ends = append(p.p.Ends, o.p.Ends...)
	p.p.Loads = append(p.p.Loads, o.p.Loads...)
	p.p.LoadedBy = append(p.p.LoadedBy, o.p.LoadedBy...)
	p.p.Aliases = append(p.p.Aliases, o.p.Aliases...)
	p.p.shortKeys = append(p.p.shortKeys, o.p.shortKeys...)
	p.p.Sample = append(p.p.Sample, o.p.Sample...)
	for name, n := range o.p.Records {
		p.p.Records[name] += n
	}
	p.marked = p.marked || o.marked
}

// searchPath are the folders in which Windows looks for a program that is named
// without one.
var searchPath = []string{`\windows\system32\`, `\windows\`, `\windows\system32\wbem\`, `\windows\system32\windowspowershell\v1.0\`}

// resolveBare gives settings that name a program without its folder to the program
// that Windows would find, where other records show that it is there.
func (b *Builder) resolveBare() {
	for _, n := range b.bare {
		name := n.name
		if winpath.Ext(name) == "" {
			name += ".exe"
		}
		for _, dir := range searchPath {
			if p := b.programs[progKey{"", dir + name}]; p != nil {
				add(&p.p.Autostarts, n.auto)
				break
			}
		}
	}
}

// joinRenames follows the renames of the change journal: a file that was renamed
// and never started under its old name afterwards is one program.
func (b *Builder) joinRenames() {
	slices.SortFunc(b.renames, func(x, y rename) int { return cmp.Or(x.at.Compare(y.at), cmp.Compare(x.ref.Record, y.ref.Record)) })
	for _, r := range b.renames {
		from, to := b.programs[progKey{"", r.from}], b.programs[progKey{"", r.to}]
		switch {
		case to != nil && (from == nil || !from.marked || from.idleAfter(r)):
			if from != nil && from != to {
				delete(b.programs, from.progKey)
				to.absorb(from)
			}
			add(&to.p.Aliases, Alias{r.from, "renamed at " + r.at.UTC().Format("2006-01-02 15:04:05")})
		case from != nil:
			add(&from.p.Ends, End{Kind: "renamed to " + r.to, Time: r.at, Ref: r.ref})
		}
	}
}

// idleAfter reports whether no start is known after a rename.
func (p *prog) idleAfter(r rename) bool {
	for src := range sourceCount {
		for i := range p.of(src).list {
			if p.raw[src].list[i].time.After(r.at) {
				return false
			}
		}
	}
	return true
}

// journalStarts gives starts that the journal shows to the program whose Prefetch
// file has that name, or whose path has the hash in it. A name alone joins nothing.
func (b *Builder) journalStarts(list []*prog) {
	byName := map[string]*prog{}
	for _, p := range list {
		for name := range p.counted {
			byName[strings.TrimSuffix(winpath.Base(name), ".pf")] = p
		}
	}
	byBase := map[string][]*prog{}
	for _, p := range list {
		if base := p.p.baseOf(p.key); winpath.Ext(base) == ".exe" {
			byBase[base] = append(byBase[base], p)
		}
	}
	for _, a := range b.acts {
		name := strings.TrimSuffix(a.Subject, ".pf")
		if a.Kind != "journal start" && a.Kind != "prefetch deleted" {
			continue
		}
		p := byName[name]
		if p == nil {
			p = b.hashed(name, byBase)
			byName[name] = p
		}
		switch {
		case p == nil:
		case a.Kind == "journal start":
			p.start(srcJournal, rawStart{time: a.Time, ref: a.Ref})
		default:
			add(&p.p.Ends, End{Kind: "prefetch deleted", Time: a.Time, Ref: a.Ref})
			if p.counted == nil {
				p.counted = map[string]uint32{}
			}
			p.counted[name] = max(p.counted[name], 1) // the file is there because the program ran
		}
	}
}

// maxDevices is how many numbers of volumes are tried in a path. Windows counts
// the volumes of a machine from 1.
const maxDevices = 32

// hashed returns the program whose path gives the hash in the name of a Prefetch
// file, or nil: pd64.exe-1a2b3c4d.
func (b *Builder) hashed(name string, byBase map[string][]*prog) *prog {
	i := strings.LastIndexByte(name, '-')
	if i < 0 {
		return nil
	}
	want, err := strconv.ParseUint(name[i+1:], 16, 32)
	if err != nil {
		return nil
	}
	versions := []prefetch.Version{30, 23, 17}
	if b.version != 0 {
		versions = []prefetch.Version{prefetch.Version(b.version)}
	}
	for _, p := range byBase[name[:i]] {
		path := strings.ToUpper(p.key)
		for _, v := range versions {
			for n := range maxDevices {
				if prefetch.Hash(v, `\DEVICE\HARDDISKVOLUME`+strconv.Itoa(n+1)+path, "") == uint32(want) {
					return p
				}
			}
			for volume := range b.system {
				if strings.HasPrefix(volume, `\VOLUME{`) && prefetch.Hash(v, volume+path, "") == uint32(want) {
					return p
				}
			}
		}
	}
	return nil
}

func (p *Program) baseOf(key string) string { return key[strings.LastIndexByte(key, '\\')+1:] }

// services joins the installation of a service with the start that follows it.
func (b *Builder) services() {
	for _, a := range b.acts {
		if a.Kind != "service" || a.Program == "" {
			continue
		}
		p := b.programs[progKey{"", a.Program}]
		if p == nil {
			continue
		}
		i, _ := slices.BinarySearchFunc(p.p.Starts, a.Time, func(s Start, t timeOf) int { return s.Time.Compare(t) })
		for ; i < len(p.p.Starts) && p.p.Starts[i].Time.Sub(a.Time) <= serviceStart; i++ {
			if s := &p.p.Starts[i]; s.Service == "" {
				s.Service = a.Subject
				add(&s.Proofs, StartProof{ServiceInstalled, a.Time, a.Ref})
				break
			}
		}
	}
}

// loadedBy turns the lists of loaded files around, for files that are programs.
func loadedBy(list []*prog) {
	byKey := map[string]*prog{}
	for _, p := range list {
		byKey[p.key] = p
	}
	for _, p := range list {
		slices.Sort(p.p.Loads)
		p.p.Loads = slices.Compact(p.p.Loads)
		for _, f := range p.p.Loads {
			if o := byKey[f]; o != nil && o != p {
				add(&o.p.LoadedBy, p.key)
			}
		}
	}
}

// sameFiles links programs with the same content. They stay apart.
func sameFiles(list []*prog) {
	byHash := map[string][]*prog{}
	for _, p := range list {
		for i := range p.p.Files {
			for _, h := range []string{p.p.Files[i].SHA1, p.p.Files[i].SHA256} {
				if h != "" && !p.p.Files[i].SHA1Part {
					byHash[h] = append(byHash[h], p)
				}
			}
		}
	}
	for _, same := range byHash {
		if len(same) < 2 || len(same) > maxList {
			continue
		}
		for _, p := range same {
			for _, o := range same {
				if o != p && !slices.Contains(p.p.SameFile, o.key) {
					add(&p.p.SameFile, o.key)
				}
			}
		}
	}
}

// finishProgram fills in what follows from everything else, in an order that does
// not depend on that of the records.
func (p *prog) finishProgram(windows string) {
	q := &p.p
	q.Key, q.Volume = p.key, p.volume
	q.Path = p.display(windows)
	h := sha256.Sum256([]byte("program\x00" + p.volume + "\x00" + p.key))
	q.ID = hex.EncodeToString(h[:8])
	for s := range p.spellings {
		if !strings.EqualFold(strings.TrimPrefix(s, `\??\`), q.Path) {
			q.Aliases = append(q.Aliases, Alias{s, "another spelling"})
		}
	}
	slices.SortFunc(q.Aliases, func(a, b Alias) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Why, b.Why)) })
	q.Aliases = slices.Compact(q.Aliases)
	slices.SortFunc(q.What, func(a, b Fact) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value)) })
	slices.SortFunc(q.Files, func(a, b File) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.SHA1, b.SHA1), cmp.Compare(a.SHA256, b.SHA256),
			cmp.Compare(a.Reference, b.Reference))
	})
	q.joinHashes()
	slices.SortFunc(q.Arrived, func(a, b Arrival) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Ref.Record, b.Ref.Record))
	})
	slices.SortFunc(q.Traffic, func(a, b Traffic) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Ref.Record, b.Ref.Record))
	})
	slices.SortFunc(q.Autostarts, func(a, b Autostart) int {
		return cmp.Or(cmp.Compare(a.Mechanism, b.Mechanism), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Ref.Record, b.Ref.Record))
	})
	slices.SortFunc(q.Verdicts, func(a, b Verdict) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Ref.Record, b.Ref.Record))
	})
	slices.SortFunc(q.Ends, func(a, b End) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Ref.Record, b.Ref.Record))
	})
	for i := range q.Files {
		slices.SortFunc(q.Files[i].From, Ref.compare)
	}
	for i := range q.What {
		slices.SortFunc(q.What[i].From, Ref.compare)
	}
	slices.SortFunc(q.Sample, Ref.compare)
	q.Sample = slices.Compact(q.Sample)
	q.Sample = q.Sample[:min(len(q.Sample), maxList)]
	q.incarnations()
	slices.Sort(q.LoadedBy)
	q.LoadedBy = slices.Compact(q.LoadedBy)
	slices.Sort(q.SameFile)
	q.gaps()
}

// display picks the spelling for people: one with a drive letter and the most
// frequent of these.
func (p *prog) display(windows string) string {
	best, score := "", -1
	for _, s := range slices.Sorted(maps.Keys(p.spellings)) {
		shown := strings.TrimPrefix(s, `\??\`)
		n := min(p.spellings[s], 1000)
		if v := winpath.Volume(shown); len(v) == 2 {
			n += 10_000
			if shown != strings.ToLower(shown) && shown != strings.ToUpper(shown) {
				n += 5_000
			}
		}
		if n > score {
			best, score = shown, n
		}
	}
	v := winpath.Volume(best)
	switch {
	case len(v) == 2 || strings.HasPrefix(p.key, `\\`):
		return best
	case p.volume != "":
		return best
	case len(v) > 2 && strings.HasPrefix(best, v) && len(best) > len(v):
		return windows + best[len(v):]
	}
	return windows + p.key
}

// gaps notes what should be there. An absence that is common on machines on which
// nothing happened is never more than informational.
func (q *Program) gaps() {
	if len(q.Autostarts) > 0 && len(q.Starts) == 0 && q.Counts.AtLeast == 0 {
		q.Missing = append(q.Missing, Gap{What: "start", Why: "it starts automatically, and no record shows that it ran",
			Level:    "informational",
			Innocent: "triggers that did not come; records that were overwritten"})
	}
	for _, e := range q.Ends {
		if e.Kind == "prefetch deleted" {
			q.Missing = append(q.Missing, Gap{What: "Prefetch file", Why: "the change journal shows that it was deleted", Level: "medium",
				Innocent: "cleaning programs; Windows deletes the oldest beyond its limit"})
			return
		}
	}
}
