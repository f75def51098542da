package evidence

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/hive"
)

// An identity is one fact that no two machines share: each hive of a machine
// holds one of these. Facts are compared with their like only, for on a domain
// controller the SIDs of SAM and SECURITY differ.
type identity struct {
	kind  Kind   // of the hive: SYSTEM a computer name, SOFTWARE a MachineGuid, SAM and SECURITY a SID
	value string // "" when the hive does not record it
}

// identify reads what a hive says of the machine it belongs to.
func identify(h *hive.Hive, kind Kind) identity {
	id := identity{kind: kind}
	switch kind {
	case SYSTEM:
		if set, _ := h.ControlSet(); set != "" {
			id.value = fold(text(h, set+`\Control\ComputerName\ComputerName`, "ComputerName"))
		}
	case SOFTWARE:
		id.value = fold(text(h, `Microsoft\Cryptography`, "MachineGuid"))
	case SAM:
		id.value = sidTail(h, `SAM\Domains\Account`, "V")
	case SECURITY:
		id.value = sidTail(h, `Policy\PolAcDmS`, "")
	}
	return id
}

// sidTail returns the three numbers that make up the machine's SID, S-1-5-21-a-b-c,
// which end the value.
func sidTail(h *hive.Hive, key, value string) string {
	const tail = 12
	k, err := h.Key(key)
	if err != nil {
		return ""
	}
	v, err := k.Value(value)
	if err != nil {
		return ""
	}
	b, err := v.Bytes()
	if err != nil || len(b) < tail {
		return ""
	}
	return hex.EncodeToString(b[len(b)-tail:])
}

// MachineSID returns the SID of the machine that a SAM hive belongs to,
// S-1-5-21-a-b-c, or "" when the hive does not record it.
func MachineSID(sam *hive.Hive) string {
	b, err := hex.DecodeString(sidTail(sam, `SAM\Domains\Account`, "V"))
	if err != nil || len(b) != 12 {
		return ""
	}
	le := binary.LittleEndian
	return fmt.Sprintf("S-1-5-21-%d-%d-%d", le.Uint32(b), le.Uint32(b[4:]), le.Uint32(b[8:]))
}

// facts is what several hives say together.
type facts map[Kind]string

// add reports whether the identity agrees with the facts, and takes it in.
func (f facts) add(id identity) bool {
	old := f[id.kind]
	if id.value == "" || old != "" {
		return id.value == "" || old == id.value
	}
	f[id.kind] = id.value
	return true
}

func (f facts) agrees(g facts) bool {
	for k, v := range g {
		if f[k] != "" && f[k] != v {
			return false
		}
	}
	return true
}

// machines makes the trees of one host. Hives with different computer names,
// MachineGuids or machine SIDs are of different machines, however their files
// are laid out: one Tree for each. The notes say how they were told apart.
func machines(h collect.Machine, name, where string, opts *Options) (trees []*Tree, notes []string) {
	t := newTree(h, name, opts)
	if h.Loose {
		return splitLoose(t, h, name, where)
	}
	return splitVolumes(t, where)
}

// A windowsFolder is one installation on a live volume.
type windowsFolder struct {
	vol   *volume
	root  string
	facts facts
}

// splitVolumes looks at the installations on the live volumes of a host.
func splitVolumes(t *Tree, where string) ([]*Tree, []string) {
	var folders []*windowsFolder
	for _, v := range t.volumes {
		if v.snapshot != "" {
			continue
		}
		for _, root := range v.windowsRoots() {
			folders = append(folders, &windowsFolder{v, root, facts{}})
		}
	}
	if len(folders) < 2 {
		return []*Tree{t}, nil
	}
	identifyFolders(t, folders)
	groups := agreeing(folders)
	if len(groups) == 1 {
		return []*Tree{t}, nil
	}
	var trees []*Tree
	var told []string
	taken := map[*volume]bool{}
	for _, g := range groups {
		n := &Tree{name: t.name, opts: t.opts}
		for _, f := range g {
			n.volumes = append(n.volumes, f.vol.only(f.root))
			taken[f.vol] = true
			told = append(told, fmt.Sprintf("%s (%s)", cmp.Or(f.facts[SYSTEM], "name not known"), f.vol.windowsPath(f.root)))
			for _, s := range t.volumes {
				if s.snapshot != "" && s.name == f.vol.name {
					n.volumes = append(n.volumes, s.only(f.root))
					taken[s] = true
				}
			}
		}
		trees = append(trees, n)
	}
	for _, v := range t.volumes { // data volumes, of which nothing says whose they are
		if !taken[v] {
			trees[0].volumes = append(trees[0].volumes, v.only(""))
		}
	}
	trees[0].notes = t.Problems()
	return trees, []string{fmt.Sprintf("%s: Windows of %d machines: %s; other volumes are read with the first", where, len(groups),
		strings.Join(told, ", "))}
}

// only is the same volume, afresh, with one Windows folder.
func (v *volume) only(root string) *volume {
	return &volume{name: v.name, snapshot: v.snapshot, fsys: v.fsys, folder: v.folder, root: root, dirs: map[string]*dir{}}
}

// A scope is the part of a loose collection that is one machine's: folders,
// or single files with their logs.
type scope struct {
	paths []string
	facts facts
}

// owners finds the scope of a path: -1 when it is in none.
type owners map[string]int

func (o owners) of(p string) int {
	if isLogName(p) {
		if i, ok := o[strings.TrimSuffix(p, path.Ext(p))]; ok {
			return i
		}
	}
	for ; p != "."; p = path.Dir(p) {
		if i, ok := o[p]; ok {
			return i
		}
	}
	return -1
}

// splitLoose looks at the hives among loose files. A folder is one machine's
// as long as the hives below it agree.
func splitLoose(t *Tree, h collect.Machine, name, where string) ([]*Tree, []string) {
	type found struct {
		path string
		id   identity
	}
	var all []found
	if n := slices.IndexFunc(h.Files, func(l collect.Loose) bool { return l.Kind == collect.HiveFile }); n < 0 {
		return []*Tree{t}, nil
	}
	hives, _ := t.Hives()
	below := map[string]facts{}
	mixed := map[string]bool{}
	for _, hf := range hives {
		hv, _ := hf.Open()
		if hv == nil || isOlderCopy(hf.name) {
			continue
		}
		id := identify(hv, hf.Kind)
		if id.value == "" {
			continue
		}
		all = append(all, found{hf.name, id})
		for d := path.Dir(hf.name); ; d = path.Dir(d) {
			if below[d] == nil {
				below[d] = facts{}
			}
			if !below[d].add(id) {
				mixed[d] = true
			}
			if d == "." {
				break
			}
		}
	}
	if !mixed["."] {
		return []*Tree{t}, nil
	}
	var scopes []*scope
	for _, f := range all {
		at, fact := f.path, facts{f.id.kind: f.id.value}
		for d := path.Dir(f.path); !mixed[d]; d = path.Dir(d) {
			at, fact = d, below[d]
		}
		i := slices.IndexFunc(scopes, func(s *scope) bool {
			return slices.Contains(s.paths, at) || s.facts[SYSTEM] != "" && s.facts[SYSTEM] == fact[SYSTEM] && s.facts.agrees(fact)
		})
		if i < 0 {
			scopes = append(scopes, &scope{facts: facts{}})
			i = len(scopes) - 1
		}
		if !slices.Contains(scopes[i].paths, at) {
			scopes[i].paths = append(scopes[i].paths, at)
		}
		for k, v := range fact {
			scopes[i].facts.add(identity{k, v})
		}
	}
	return looseTrees(t, h, name, where, scopes)
}

// looseTrees makes a tree of each scope, and one of what is in none.
func looseTrees(t *Tree, h collect.Machine, name, where string, scopes []*scope) (trees []*Tree, notes []string) {
	owner := owners{}
	leads := make([]map[string]bool, len(scopes)) // folders on the way to a scope
	for i, s := range scopes {
		leads[i] = map[string]bool{}
		for _, p := range s.paths {
			owner[p] = i
			for d := path.Dir(p); d != "."; d = path.Dir(d) {
				leads[i][d] = true
			}
		}
	}
	files := map[int][]collect.Loose{}
	for _, l := range h.Files {
		i := owner.of(l.Path)
		files[i] = append(files[i], l)
	}
	part := func(i int, name string, leads map[string]bool) *Tree {
		p := collect.Machine{Kind: h.Kind, Path: h.Path, Loose: true, Files: files[i], Name: name}
		p.Volumes = []collect.Vol{{Path: h.Volumes[0].Path, FS: &partFS{h.Volumes[0].FS, owner, i, leads}}}
		return newTree(p, name, t.opts)
	}
	var told []string
	for i, s := range scopes {
		trees = append(trees, part(i, s.paths[0], leads[i]))
		told = append(told, fmt.Sprintf("%s (%s)", cmp.Or(s.facts[SYSTEM], "name not known"), strings.Join(s.paths, ", ")))
	}
	if len(files[-1]) > 0 {
		trees = append(trees, part(-1, name, nil))
		told = append(told, "files that no hive gives to one of them, read as machine "+name)
	}
	trees[0].notes = t.Problems()
	return trees, []string{fmt.Sprintf("%s: loose files of %d machines: %s", where, len(scopes), strings.Join(told, "; "))}
}

// isOlderCopy reports whether a loose hive lies where Windows or a collector
// keeps older copies, which may have another name of the same machine.
func isOlderCopy(p string) bool {
	for part := range strings.SplitSeq(fold(path.Dir(p)), "/") {
		if part == "REGBACK" || part == "REPAIR" || strings.HasPrefix(part, "WINDOWS.OLD") || strings.HasPrefix(part, "VSS") {
			return true
		}
	}
	return false
}

// A partFS lists the part of a file system that one owner has.
type partFS struct {
	fs.FS
	owner owners
	n     int
	leads map[string]bool
}

func (f *partFS) ReadDir(dir string) ([]fs.DirEntry, error) {
	all, err := fs.ReadDir(f.FS, dir)
	return slices.DeleteFunc(all, func(e fs.DirEntry) bool {
		p := path.Join(dir, e.Name())
		return f.owner.of(p) != f.n && !(e.IsDir() && f.leads[p])
	}), err
}

// identifyFolders notes what the hives of each installation say of its machine.
func identifyFolders(t *Tree, folders []*windowsFolder) {
	hives, _ := t.Hives()
	for _, h := range hives {
		if h.Backup || h.Snapshot != "" || h.Kind != SYSTEM && h.Kind != SOFTWARE && h.Kind != SAM && h.Kind != SECURITY {
			continue
		}
		i := slices.IndexFunc(folders, func(f *windowsFolder) bool {
			return f.vol == h.vol && strings.HasPrefix(h.name, f.root+"/")
		})
		if i < 0 {
			continue
		}
		if hv, _ := h.Open(); hv != nil {
			folders[i].facts.add(identify(hv, h.Kind))
		}
		h.Release()
	}
}

// agreeing puts the installations together that can be of one machine.
func agreeing(folders []*windowsFolder) [][]*windowsFolder {
	var groups [][]*windowsFolder
	for _, f := range folders {
		i := slices.IndexFunc(groups, func(g []*windowsFolder) bool {
			return !slices.ContainsFunc(g, func(o *windowsFolder) bool { return !o.facts.agrees(f.facts) })
		})
		if i < 0 {
			groups = append(groups, nil)
			i = len(groups) - 1
		}
		groups[i] = append(groups[i], f)
	}
	return groups
}
