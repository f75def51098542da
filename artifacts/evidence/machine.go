package evidence

import (
	"cmp"
	"fmt"
	"path"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/hive"
)

// A Machine is what the evidence says of the computer it was taken from.
// What no hive told is empty.
type Machine struct {
	Name        string // computer name from the SYSTEM hive, or the given one, or the evidence's own name
	NameFrom    string // "SYSTEM", "given" or "evidence"
	Product     string // "Windows 10 Pro"
	Build       string // "19045"
	GUID        string // MachineGuid, which setup makes up once for each installation
	ControlSet  string // "ControlSet001", the one that booted last
	ControlSets []string
	TimeZone    string // key name of the zone: "Tokyo Standard Time"
	Bias        int    // minutes, UTC = local + bias, in standard time
	Clock       *Clock // how local times were made, nil where SYSTEM does not hold it
	SystemRoot  string // `C:\Windows`
	Users       []User
	Env         map[string]string // machine-wide variables, names in lower case
	Services    []ServiceCommand  // what the service manager starts
	Transcripts string            // where a policy has PowerShell write its transcripts, as stored
	NameFiles   string            // the folder of hosts and lmhosts, as stored

	profiles map[string]User // by the folder's winpath.Key: a terminal server has thousands
	longest  int             // of these keys
}

// A ServiceCommand is how one service is started: the image path with its
// variables, as stored. The Prefetch hash of a svchost process covers it.
type ServiceCommand struct {
	Name      string
	ImagePath string
}

// Machine reads the facts of the machine from its hives, once.
func (t *Tree) Machine() *Machine {
	t.machineOnce.Do(func() {
		t.machine = t.readMachine()
		t.machineRead.Store(true)
	})
	return t.machine
}

// Known returns what [Tree.Machine] has read, and before it was called what
// [Tree.Identity] reads, which holds no hive in memory.
func (t *Tree) Known() *Machine {
	if t.machineRead.Load() {
		return t.Machine()
	}
	return t.Identity()
}

func (t *Tree) readMachine() *Machine {
	m := &Machine{Name: t.name, NameFrom: "evidence", Env: map[string]string{}}
	if t.opts != nil && t.opts.Hostname != "" {
		m.Name, m.NameFrom = t.opts.Hostname, "given"
	}
	for _, v := range t.volumes {
		if roots := v.windowsRoots(); v.snapshot == "" && len(roots) > 0 {
			m.SystemRoot = v.windowsPath(roots[0])
			break
		}
	}
	hives, _ := t.Hives()
	for _, h := range hives {
		if h.Backup || h.Snapshot != "" {
			continue
		}
		switch h.Kind {
		case SYSTEM:
			if hv, _ := h.Open(); hv != nil && m.ControlSet == "" {
				m.readSystem(hv)
			}
		case SOFTWARE:
			if hv, _ := h.Open(); hv != nil && m.Build == "" {
				m.readSoftware(hv)
			}
		}
	}
	t.findUsers(m)
	m.profiles, m.longest = byProfile(m.Users)
	return m
}

func (m *Machine) readSystem(h *hive.Hive) {
	set, err := h.ControlSet()
	if err != nil && set == "" {
		return
	}
	m.ControlSet = set
	m.ControlSets = append(m.ControlSets, controlSets(h)...)
	if s := text(h, set+`\Control\ComputerName\ComputerName`, "ComputerName"); s != "" {
		m.Name, m.NameFrom = s, "SYSTEM"
	}
	m.TimeZone = text(h, set+`\Control\TimeZoneInformation`, "TimeZoneKeyName")
	if m.TimeZone == "" {
		m.TimeZone = text(h, set+`\Control\TimeZoneInformation`, "StandardName")
	}
	if k, err := h.Key(set + `\Control\TimeZoneInformation`); err == nil {
		if v, err := k.Value("Bias"); err == nil {
			if n, err := v.Uint(); err == nil {
				m.Bias = int(int32(uint32(n)))
				m.Clock = clock(k, m.Bias)
			}
		}
	}
	m.readEnvironment(h, set)
	m.readServices(h, set)
	m.NameFiles = text(h, set+`\Services\Tcpip\Parameters`, "DataBasePath")
}

// controlSets returns the names of the control sets below the root of a SYSTEM hive.
func controlSets(h *hive.Hive) (names []string) {
	root, err := h.Root()
	if err != nil {
		return nil
	}
	for k, err := range root.Subkeys() {
		if err == nil && len(k.Name()) == len("ControlSet001") && strings.EqualFold(k.Name()[:10], "ControlSet") {
			names = append(names, k.Name())
		}
	}
	return names
}

func (m *Machine) readEnvironment(h *hive.Hive, set string) {
	k, err := h.Key(set + `\Control\Session Manager\Environment`)
	if err != nil {
		return
	}
	for v, err := range k.Values() {
		if err != nil {
			continue
		}
		if s, err := v.Text(); err == nil {
			m.Env[strings.ToLower(v.Name())] = s
		}
	}
}

func (m *Machine) readServices(h *hive.Hive, set string) {
	k, err := h.Key(set + `\Services`)
	if err != nil {
		return
	}
	for s, err := range k.Subkeys() {
		if err != nil {
			continue
		}
		if v, err := s.Value("ImagePath"); err == nil {
			if p, err := v.Text(); err == nil && p != "" {
				m.Services = append(m.Services, ServiceCommand{s.Name(), p})
			}
		}
	}
}

func (m *Machine) readSoftware(h *hive.Hive) {
	const cv = `Microsoft\Windows NT\CurrentVersion`
	m.Product = text(h, cv, "ProductName")
	m.Build = text(h, cv, "CurrentBuild")
	if m.Build == "" {
		m.Build = text(h, cv, "CurrentBuildNumber")
	}
	m.GUID = text(h, `Microsoft\Cryptography`, "MachineGuid")
	m.Transcripts = text(h, `Policies\Microsoft\Windows\PowerShell\Transcription`, "OutputDirectory")
	if s := text(h, cv, "SystemRoot"); s != "" {
		m.SystemRoot = s
	}
	k, err := h.Key(cv + `\ProfileList`)
	if err != nil {
		return
	}
	for p, err := range k.Subkeys() {
		if err != nil {
			continue
		}
		v, err := p.Value("ProfileImagePath")
		if err != nil {
			continue
		}
		if dir, err := v.Text(); err == nil {
			dir = m.Expand(dir, User{})
			m.Users = append(m.Users, User{SID: strings.TrimSuffix(p.Name(), ".bak"), Name: wellKnown(p.Name(), winpath.Base(dir)),
				Profile: dir})
		}
	}
}

func text(h *hive.Hive, key, value string) string {
	k, err := h.Key(key)
	if err != nil {
		return ""
	}
	v, err := k.Value(value)
	if err != nil {
		return ""
	}
	s, _ := v.Text()
	return s
}

// wellKnown names the accounts that every machine has (MS-DTYP 2.4.2.4).
func wellKnown(sid, name string) string {
	switch sid {
	case "S-1-5-18":
		return "SYSTEM"
	case "S-1-5-19":
		return "LOCAL SERVICE"
	case "S-1-5-20":
		return "NETWORK SERVICE"
	}
	return name
}

// findUsers joins the profile list with the profile folders that are there: a
// folder without an entry is still somebody's.
func (t *Tree) findUsers(m *Machine) {
	known := map[string]bool{}
	for _, u := range m.Users {
		known[winpath.Key(u.Profile)] = true
	}
	for _, v := range t.volumes {
		if v.snapshot != "" {
			continue
		}
		for _, p := range v.bases("%UserProfile%") {
			dir := v.windowsPath(p)
			if known[winpath.Key(dir)] {
				continue
			}
			u := User{Name: path.Base(p), Profile: dir}
			switch strings.ToLower(u.Name) {
			case "localservice":
				u.SID = "S-1-5-19"
			case "networkservice":
				u.SID = "S-1-5-20"
			case "systemprofile":
				u.SID = "S-1-5-18"
			case "public", "all users":
				continue
			}
			u.Name = wellKnown(u.SID, u.Name)
			m.Users = append(m.Users, u)
			known[winpath.Key(dir)] = true
		}
	}
}

// UserOf returns the user whose profile holds the path.
func (m *Machine) UserOf(p string) User {
	key := winpath.Key(p)
	profiles, longest := m.profiles, m.longest
	if profiles == nil { // a Machine that somebody put together
		profiles, longest = byProfile(m.Users)
	}
	dir := key[:min(len(key), longest+1)]
	for i := strings.LastIndexByte(dir, '\\'); i > 0; i = strings.LastIndexByte(dir, '\\') {
		dir = dir[:i]
		if u, ok := profiles[dir]; ok {
			return u
		}
	}
	if strings.HasSuffix(key, `\system32\config\default`) {
		return User{SID: "S-1-5-18", Name: "SYSTEM"}
	}
	return User{}
}

// byProfile finds users by their profile's folder, the first of two that share
// one.
func byProfile(users []User) (m map[string]User, longest int) {
	m = make(map[string]User, len(users))
	for _, u := range users {
		dir := winpath.Key(u.Profile)
		if _, ok := m[dir]; dir != "" && !ok {
			m[dir] = u
			longest = max(longest, len(dir))
		}
	}
	return m, longest
}

// Expand replaces variables by the machine's and the user's own, never by
// those of the computer that runs the program.
func (m *Machine) Expand(s string, u User) string {
	root := cmp.Or(m.SystemRoot, `C:\Windows`)
	drive := winpath.Volume(root)
	fixed := func(name string) (string, bool) {
		switch name {
		case "systemroot", "windir":
			return root, true
		case "systemdrive":
			return drive, true
		case "programfiles", "programw6432":
			return drive + `\Program Files`, true
		case "programfiles(x86)":
			return drive + `\Program Files (x86)`, true
		case "commonprogramfiles", "commonprogramw6432":
			return drive + `\Program Files\Common Files`, true
		case "commonprogramfiles(x86)":
			return drive + `\Program Files (x86)\Common Files`, true
		case "programdata", "allusersprofile":
			return drive + `\ProgramData`, true
		case "public":
			return drive + `\Users\Public`, true
		case "username":
			return u.Name, u.Name != ""
		}
		return u.expand(name)
	}
	return winpath.Expand(s, func(name string) (string, bool) {
		if v, ok := fixed(name); ok {
			return v, true
		}
		if name == "temp" || name == "tmp" || name == "username" {
			return "", false // the machine's are those of its services
		}
		v, ok := m.Env[name]
		v = winpath.Expand(v, fixed) // ComSpec is %SystemRoot%\system32\cmd.exe
		return v, ok && !strings.Contains(v, "%")
	})
}

// expand returns a variable that follows from the profile.
func (u User) expand(name string) (string, bool) {
	if u.Profile == "" {
		return "", false
	}
	switch name {
	case "userprofile":
		return u.Profile, true
	case "appdata":
		return u.Profile + `\AppData\Roaming`, true
	case "localappdata":
		return u.Profile + `\AppData\Local`, true
	case "temp", "tmp":
		return u.Profile + `\AppData\Local\Temp`, true
	case "homedrive":
		return winpath.Volume(u.Profile), true
	case "homepath":
		return winpath.Local(u.Profile), true
	}
	return "", false
}

// String names the machine in one line.
func (m *Machine) String() string {
	s := m.Name
	if m.Product != "" {
		s += fmt.Sprintf(" (%s, build %s)", m.Product, m.Build)
	}
	return s
}
