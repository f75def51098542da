package logons

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// An Account is a user, a machine's account or a service, known by its SID or
// by its name.
type Account struct {
	ID      string // "a:" and the SID, or the folded name
	SID     string
	Name    string // DOMAIN\name as first met
	Names   []string
	Kind    string // user, machine, service, virtual, anonymous
	Created time.Time
	Deleted time.Time

	Privileged bool // had a session with administrator rights
	Unresolved bool // a name that a client claimed, and no machine knows
	Marks      []Mark
	Score
}

// A Mark is what findings say that an account did: "DCSync", "DCShadow".
type Mark struct {
	Word string
	Time time.Time
}

// MarkAccount adds a mark to the account with a name or SID.
func (a *Analysis) MarkAccount(name string, m Mark) {
	for _, x := range a.Accounts {
		if strings.EqualFold(x.Name, name) || x.SID == name ||
			slices.ContainsFunc(x.Names, func(s string) bool { return strings.EqualFold(s, name) }) {
			if !slices.Contains(x.Marks, m) && len(x.Marks) < maxTexts {
				x.Marks = append(x.Marks, m)
			}
		}
	}
}

// A Host is a machine, or a source of log-ons that is known by address or name.
type Host struct {
	ID       string // "h:" and the key
	Label    string
	Names    []string // all names and addresses that are joined in it
	Logs     bool     // its own logs were read
	External bool     // a public address
	Address  bool     // known by nothing but its address
	Score

	number uint32
}

// A Score is what the analysis says of a node.
type Score struct {
	Rank    float64
	Lift    float64
	Parts   []string // what the rank rests on
	Success int
	Failure int
	First   time.Time
	Last    time.Time
}

func (s *Score) count(t time.Time, o Outcome) {
	switch o {
	case Success:
		s.Success++
	case Failure:
		s.Failure++
	}
	if s.First.IsZero() || t.Before(s.First) {
		s.First = t
	}
	if t.After(s.Last) {
		s.Last = t
	}
}

// A Join says that two names of sources are one machine.
type Join struct {
	Address, Name string
	First, Last   time.Time
	Count         int
	Why           string
	Ref           Ref // the first record that shows it
}

type join = Join

func (b *Builder) join(address, name string, at time.Time, ref Ref, why string) {
	key := HostKey(name)
	if key == "" || address == "" || key == address {
		return
	}
	k := [2]string{address, key}
	if i, ok := b.joined[k]; ok {
		j := &b.joins[i]
		j.Count++
		if at.Before(j.First) {
			j.First, j.Ref, j.Why = at, ref, why
		}
		if at.After(j.Last) {
			j.Last = at
		}
		return
	}
	if len(b.joins) < maxJoins {
		k[1] = b.intern(key)
		b.joined[k] = len(b.joins)
		b.joins = append(b.joins, join{Address: address, Name: k[1], First: at, Last: at, Count: 1, Why: why, Ref: ref})
	}
}

// maxJoins bounds the joins that are kept.
const maxJoins = 1 << 20

// sidNames are the names that records give an account.
type sidNames struct {
	domain, name     string
	others           []string
	created, deleted time.Time
}

// maxNames bounds the further names of one account.
const maxNames = 16

func (b *Builder) learn(a rawAccount, host string) {
	if !hasName(a.sid) {
		return
	}
	b.known[[2]string{host, strings.ToLower(a.name)}] = a.sid
	n := b.sids[a.sid]
	if n == nil {
		b.sids[a.sid] = &sidNames{domain: a.domain, name: a.name}
		return
	}
	if n.name != a.name || n.domain != a.domain && a.domain != "" {
		if s := (rawAccount{domain: a.domain, name: a.name}).spelled(); len(n.others) < maxNames && !slices.Contains(n.others, s) {
			n.others = append(n.others, s)
		}
	}
}

func (a rawAccount) spelled() string {
	if a.domain == "" {
		return a.name
	}
	return a.domain + `\` + a.name
}

// hasName reports whether a SID is of an account that records also name without it:
// of a machine, a domain or the cloud, and those that Windows makes for services, the
// window manager and font drivers.
func hasName(s string) bool {
	return slices.ContainsFunc([]string{"S-1-5-21-", "S-1-12-1-", "S-1-5-80-", "S-1-5-90-", "S-1-5-96-"}, func(p string) bool {
		return strings.HasPrefix(s, p)
	})
}

// identities resolves names.
type identities struct {
	b        *Builder
	accounts map[string]*Account // by id
	byName   map[string]string   // folded domain\name → SID
	hosts    map[string]*Host    // by key
	list     []*Host             // by number
	address  map[string][]join   // by name: its addresses
	names    map[string][]join   // by address: its names
	machines map[string][]join   // by address: names of machines whose logs were read
	merges   map[string]bool     // addresses whose names are merged
}

func newIdentities(b *Builder) *identities {
	ids := &identities{
		b: b, accounts: map[string]*Account{}, byName: map[string]string{}, hosts: map[string]*Host{},
		address: map[string][]join{}, names: map[string][]join{}, machines: map[string][]join{}, merges: map[string]bool{},
	}
	for _, sid := range sorted(b.sids) {
		n := b.sids[sid]
		for _, s := range append([]string{rawAccount{domain: n.domain, name: n.name}.spelled()}, n.others...) {
			ids.name(s, sid)
		}
	}
	for _, r := range b.renames {
		if n := b.sids[r.sid]; n != nil && n.domain != "" {
			ids.name(n.domain+`\`+r.from, r.sid)
			ids.name(n.domain+`\`+r.to, r.sid)
		}
	}
	if !b.opts.NoJoin {
		merged := mergeJoins(b.joins)
		for _, j := range merged {
			ids.address[j.Name] = append(ids.address[j.Name], j)
			ids.names[j.Address] = append(ids.names[j.Address], j)
			if b.hosts[j.Name] {
				ids.machines[j.Address] = append(ids.machines[j.Address], j)
			}
		}
		b.joins = merged
	}
	return ids
}

// mergeJoins makes one of all joins of the same pair.
func mergeJoins(list []join) []join {
	slices.SortStableFunc(list, func(a, b join) int {
		return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.Name, b.Name), a.First.Compare(b.First))
	})
	var out []join
	for _, j := range list {
		if n := len(out); n > 0 && out[n-1].Address == j.Address && out[n-1].Name == j.Name {
			out[n-1].Count += j.Count
			if j.Last.After(out[n-1].Last) {
				out[n-1].Last = j.Last
			}
			continue
		}
		out = append(out, j)
	}
	return out
}

func (ids *identities) name(spelled, sid string) {
	if key := foldAccount(spelled); ids.byName[key] == "" {
		ids.byName[key] = sid
	}
}

// foldAccount is the form in which names of accounts compare: of the domain
// the first label, without regard to case.
func foldAccount(s string) string {
	d, n, ok := strings.Cut(s, `\`)
	if !ok {
		return strings.ToLower(s)
	}
	d, _, _ = strings.Cut(d, ".")
	return strings.ToLower(d) + `\` + strings.ToLower(n)
}

// wellKnown are accounts that every machine has ([MS-DTYP] 2.4.2.4).
var wellKnown = map[string][2]string{
	"S-1-5-18": {"SYSTEM", "service"}, "S-1-5-19": {"LOCAL SERVICE", "service"}, "S-1-5-20": {"NETWORK SERVICE", "service"},
	"S-1-5-7": {"ANONYMOUS LOGON", "anonymous"},
}

// account returns the account that a record on a host names.
func (ids *identities) account(r rawAccount, host string) *Account {
	if r.sid == "" && r.name == "" {
		return nil
	}
	if r.name == "" && !strings.HasPrefix(r.sid, "S-1-") {
		return nil
	}
	if w, ok := wellKnown[r.sid]; ok {
		return ids.get("a:"+r.sid, func(a *Account) { a.SID, a.Name, a.Kind = r.sid, w[0], w[1] })
	}
	if r.sid != "" && r.sid != "S-1-0-0" {
		return ids.bySID(r)
	}
	domain, _, _ := strings.Cut(r.domain, ".")
	name := r.name
	if n, realm, ok := strings.Cut(name, "@"); ok {
		name = n
		domain, _, _ = strings.Cut(realm, ".")
	}
	switch strings.ToUpper(domain) {
	case "", "-", ".", "WORKGROUP":
		return ids.local(name, host)
	case "NT AUTHORITY":
		for sid, w := range wellKnown {
			if strings.EqualFold(w[0], name) {
				return ids.account(rawAccount{sid: sid}, host)
			}
		}
	}
	if sid := ids.byName[foldAccount(domain+`\`+name)]; sid != "" {
		return ids.bySID(rawAccount{sid, r.domain, name})
	}
	return ids.named(domain+`\`+name, false)
}

// local is an account without a domain: of the host if it knows the name, else
// what a client claims.
func (ids *identities) local(name, host string) *Account {
	if sid := ids.byName[foldAccount(host+`\`+name)]; sid != "" {
		return ids.bySID(rawAccount{sid, host, name})
	}
	if sid := ids.b.known[[2]string{host, strings.ToLower(name)}]; sid != "" {
		return ids.bySID(rawAccount{sid, "", name})
	}
	return ids.named(`?\`+name, true)
}

func (ids *identities) bySID(r rawAccount) *Account {
	return ids.get("a:"+r.sid, func(a *Account) {
		a.SID, a.Name = r.sid, r.spelled()
		if n := ids.b.sids[r.sid]; n != nil {
			a.Name = rawAccount{domain: n.domain, name: n.name}.spelled()
			a.Names, a.Created, a.Deleted = n.others, n.created, n.deleted
		}
		if a.Name == "" {
			a.Name = r.sid
		}
		a.Kind = kindOf(a.SID, a.Name)
	})
}

func (ids *identities) named(spelled string, unresolved bool) *Account {
	return ids.get("a:"+foldAccount(spelled), func(a *Account) {
		a.Name, a.Unresolved, a.Kind = spelled, unresolved, kindOf("", spelled)
	})
}

func (ids *identities) get(id string, fill func(*Account)) *Account {
	if a := ids.accounts[id]; a != nil {
		return a
	}
	a := &Account{ID: id}
	fill(a)
	ids.accounts[id] = a
	return a
}

func kindOf(sid, name string) string {
	d, n, ok := strings.Cut(strings.ToLower(name), `\`)
	if !ok {
		n = d
	}
	switch {
	case strings.HasPrefix(sid, "S-1-5-90-"), strings.HasPrefix(sid,
		"S-1-5-96-"), d == "window manager", d == "font driver host", strings.HasPrefix(n, "dwm-"), strings.HasPrefix(n, "umfd-"):
		return "virtual"
	case strings.HasPrefix(sid, "S-1-5-80-"), d == "nt service":
		return "service"
	case sid == "S-1-5-7", n == "anonymous logon", n == "anonymous":
		return "anonymous"
	case strings.HasSuffix(n, "$"):
		return "machine"
	case n == "system" && d != "?", n == "local service", n == "network service":
		return "service"
	}
	return "user"
}

// host returns the machine of a key.
func (ids *identities) host(key string) *Host {
	if h := ids.hosts[key]; h != nil {
		return h
	}
	h := &Host{ID: "h:" + strings.ToLower(key), Label: key, Names: []string{key}, Logs: ids.b.hosts[key], number: uint32(len(ids.list))}
	if addr, ok := parseAddress(key); ok {
		h.Address, h.External = true, IsExternal(addr)
	}
	ids.hosts[key] = h
	ids.list = append(ids.list, h)
	return h
}

// leaseSpan is how long an address may be taken for the one of a name before
// and after the records that join them.
const leaseSpan = 24 * time.Hour

// source returns the machine that an attempt came from. An address stands for
// the machine with that name where the name is of a machine whose logs were
// read; a name alone stands for its address if it had one at that time.
func (ids *identities) source(r *shape, at time.Time) *Host {
	switch {
	case r.address == "" && r.name == "", isLocal(r.address), r.address == "" && r.name == r.host:
		return ids.host(r.host)
	case r.address != "":
		return ids.byAddress(r.address, at)
	}
	if ids.b.hosts[r.name] {
		return ids.host(r.name)
	}
	if j := nearest(ids.address[r.name], at); j != nil {
		return ids.byAddress(j.Address, at)
	}
	return ids.host(r.name)
}

func (ids *identities) byAddress(address string, at time.Time) *Host {
	if j := nearest(ids.machines[address], at); j != nil {
		return ids.merge(ids.host(j.Name), address)
	}
	h := ids.host(address)
	if ids.merges[address] {
		return h
	}
	ids.merges[address] = true
	for _, j := range ids.names[address] {
		ids.merge(h, j.Name)
	}
	if len(ids.names[address]) == 1 {
		h.Label = address + " (" + ids.names[address][0].Name + ")"
	}
	return h
}

// merge adds a name to a machine. A guesser can claim a new name for each try:
// some are shown.
func (ids *identities) merge(h *Host, name string) *Host {
	if len(h.Names) < maxNames && !slices.Contains(h.Names, name) {
		h.Names = append(h.Names, name)
		slices.Sort(h.Names[1:])
	}
	if addr, ok := parseAddress(name); ok && IsExternal(addr) {
		h.External = true
	}
	return h
}

func within(j *join, at time.Time) bool {
	return !at.Before(j.First.Add(-leaseSpan)) && !at.After(j.Last.Add(leaseSpan))
}

// nearest returns the join that is valid at a time, the nearest if several are.
func nearest(list []join, at time.Time) *join {
	var best *join
	var gap time.Duration
	for i := range list {
		j := &list[i]
		if !within(j, at) {
			continue
		}
		d := min(at.Sub(j.First).Abs(), at.Sub(j.Last).Abs())
		if !at.Before(j.First) && !at.After(j.Last) {
			d = 0
		}
		if best == nil || d < gap {
			best, gap = j, d
		}
	}
	return best
}

// facts resolves the identities of a shape.
func (ids *identities) facts(s *shape) facts {
	host := ids.host(s.host)
	f := facts{host: host, dest: host, account: ids.account(s.account, s.host), actor: ids.account(s.actor, s.host), reason: reason(s)}
	if s.dest != "" {
		f.dest = ids.host(HostKey(s.dest))
	}
	if f.account == nil {
		f.account = ids.named(`?\`, true)
		f.account.Name = "(unknown)"
	}
	return f
}

// lists returns what was resolved, in the order of ids.
func (ids *identities) lists() ([]*Account, []*Host, []Join) {
	var as []*Account
	for _, id := range sorted(ids.accounts) {
		as = append(as, ids.accounts[id])
	}
	var hs []*Host
	for _, key := range sorted(ids.hosts) {
		hs = append(hs, ids.hosts[key])
	}
	slices.SortFunc(hs, func(a, b *Host) int { return cmp.Compare(a.ID, b.ID) })
	return as, hs, ids.b.joins
}

func sorted[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
