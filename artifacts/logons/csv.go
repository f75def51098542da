package logons

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"
)

func count(n int) string { return strconv.Itoa(n) }

func float(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func flag(b bool) string {
	if b {
		return "true"
	}
	return ""
}

func joined[T any](list []T, text func(T) string) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = text(v)
	}
	return strings.Join(out, "; ")
}

func same(s string) string { return s }

func typeText(n int) string {
	if n < 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// A table is a view in rows and columns. Columns are named as in CSV; JSON
// lines name them in snake_case.
type table struct {
	columns []string
	rows    [][]string
	stream  func(yield func([]string) bool) // instead of rows, where they can be very many
}

func (t *table) all(yield func([]string) bool) {
	if t.stream != nil {
		t.stream(yield)
		return
	}
	for _, row := range t.rows {
		if !yield(row) {
			return
		}
	}
}

func (t *table) write(w io.Writer) error {
	c := csv.NewWriter(w)
	if err := c.Write(t.columns); err != nil {
		return err
	}
	for row := range t.all {
		if err := c.Write(row); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// edgeColumns are those of logons.csv.
var edgeColumns = strings.Split("Account,AccountSID,AccountKind,Source,SourceNames,SourceExternal,Target,Kind,LogonType,AuthPackages,Success,Failure,FirstSeen,LastSeen,ActiveDays,FirstSuccess,LastFailure,"+
	"FailureReasons,Privileged,Sessions,TotalDuration,EventIDs,Rank,Lift,Change,Rare,Findings,FirstRecord,Channels", ",")

func (a *Analysis) edgeTable(f *Filter) *table {
	t := &table{columns: edgeColumns}
	for _, e := range a.Edges {
		if !f.edge(e) {
			continue
		}
		best := &e.Account.Score
		if e.Source.Lift > best.Lift {
			best = &e.Source.Score
		}
		t.rows = append(t.rows, []string{
			e.Account.Name, e.Account.SID, e.Account.Kind, e.Source.Label, joined(e.Source.Names, same), flag(e.Source.External),
			e.Target.Label, e.Kind, typeText(e.Type),
			joined(e.Auth, same), count(e.Success), count(e.Failure), a.stamp(e.First), a.stamp(e.Last), count(e.ActiveDays()),
			a.stamp(e.FirstSuccess), a.stamp(e.LastFailure),
			joined(e.Reasons, same), flag(e.Privileged), count(e.Sessions), count(int(e.Duration / time.Second)),
			joined(e.EventIDs, func(n uint32) string { return strconv.FormatUint(uint64(n), 10) }),
			float(round(best.Rank, 6)), float(round(best.Lift, 2)), float(e.Change), float(e.Rare), joined(e.Findings, same),
			strconv.FormatUint(e.FirstRef.Number, 10), joined(e.Channels, same),
		})
	}
	return t
}

// sessionColumns are those of sessions.csv.
var sessionColumns = strings.Split("Host,Account,AccountSID,Type,Source,SourceNames,Begin,End,EndKind,Duration,Privileged,LogonID,LinkedLogonID,SessionID,Process,Reconnects,Processes,Changes,Findings,BeginRecord,EndRecord,Session", ",")

func (a *Analysis) sessionTable(f *Filter) *table {
	hex := func(n uint64) string {
		if n == 0 {
			return ""
		}
		return "0x" + strconv.FormatUint(n, 16)
	}
	record := func(r Ref) string {
		if r.Number == 0 {
			return ""
		}
		return strconv.FormatUint(r.Number, 10)
	}
	return &table{columns: sessionColumns, stream: func(yield func([]string) bool) {
		for _, s := range a.Sessions.All() {
			if !f.session(s) {
				continue
			}
			id := ""
			if s.SessionID != 0 {
				id = strconv.FormatUint(s.SessionID, 10)
			}
			row := []string{
				s.Host.Label, s.Account.Name, s.Account.SID, typeText(s.Type), s.Source.Label, joined(s.Source.Names, same), a.stamp(s.Begin),
				a.stamp(s.End), s.EndKind,
				count(int(s.Duration() / time.Second)), flag(s.Privileged), hex(s.LogonID), hex(s.Linked), id, s.Process,
				joined(s.Reconnects, a.stamp), count(s.Processes), count(s.Changes),
				joined(s.Findings, same), record(s.BeginRef), record(s.EndRef), s.ID(),
			}
			if !yield(row) {
				return
			}
		}
	}}
}

// attemptColumns are those of the view of single attempts.
var attemptColumns = strings.Split("Time,Host,Channel,EventID,Record,Outcome,Kind,Account,AccountSID,AccountKind,Actor,Source,SourceAddress,SourceName,SourceExternal,Dest,Type,Auth,Status,Reason,LogonID,LinkedLogonID,Process,Session", ",")

func (a *Analysis) attemptTable(f *Filter) *table {
	return &table{columns: attemptColumns, stream: func(yield func([]string) bool) {
		for _, x := range a.Attempts.All() {
			if !f.attempt(x) {
				continue
			}
			actor, session, status := "", "", ""
			if x.Actor != nil {
				actor = x.Actor.Name
			}
			if s := x.Session(); s != nil {
				session = s.ID()
			}
			if x.Status != 0 {
				status = "0x" + strconv.FormatUint(x.Status, 16)
			}
			row := []string{
				a.stamp(x.Time), x.Host.Label, x.Ref.Channel, strconv.FormatUint(uint64(x.EventID), 10), strconv.FormatUint(x.Ref.Number, 10),
				string(x.Outcome), x.Kind,
				x.Account.Name, x.Account.SID, x.Account.Kind, actor, x.Source.Label, x.Address, x.Name, flag(x.Source.External),
				x.Dest.Label, typeText(x.Type), x.Auth,
				status, x.Reason, strconv.FormatUint(x.LogonID, 10), strconv.FormatUint(x.Linked, 10), x.Process, session,
			}
			if !yield(row) {
				return
			}
		}
	}}
}

// nodeColumns are those of the views of accounts, hosts and the ranking: the
// keys of nodes in graphs.
var nodeColumns = strings.Split("ID,Label,Kind,Names,External,Privileged,Created,Deleted,Rank,Lift,Parts,Findings,Level,First,Last,Success,Failure", ",")

func (a *Analysis) nodeTable(nodes []Node) *table {
	t := &table{columns: nodeColumns}
	for i := range nodes {
		n := &nodes[i]
		t.rows = append(t.rows, []string{
			n.ID, n.Label, n.Kind, joined(n.Names, same), flag(n.External), flag(n.Privileged), a.stamp(n.Created), a.stamp(n.Deleted),
			float(round(n.Rank, 6)), float(round(n.Lift, 2)),
			joined(n.Parts, same), joined(n.Findings, same), n.Level, a.stamp(n.First), a.stamp(n.Last), count(n.Success), count(n.Failure),
		})
	}
	return t
}

var changeColumns = []string{"ID", "Label", "Hour", "Outcome", "Count", "Expected", "Score", "What", "About"}

func (a *Analysis) changeTable(f *Filter) *table {
	t, shown := &table{columns: changeColumns}, a.shown(f)
	for _, c := range a.Changes() {
		if shown != nil && !shown[c.ID] || f != nil && (!f.From.IsZero() && c.Hour.Before(f.From.Truncate(time.Hour)) ||
			!f.To.IsZero() && !c.Hour.Before(f.To)) {
			continue
		}
		t.rows = append(t.rows, []string{c.ID, c.Label, a.stamp(c.Hour), string(c.Outcome), count(c.Count), float(round(c.Expected, 2)),
			float(c.Score), string(c.Kind), c.About})
	}
	return t
}
