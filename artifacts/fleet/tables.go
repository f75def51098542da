package fleet

import (
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/output/parquet"
)

// stackHeader is an interface: columns are added at the end.
var stackHeader = []string{
	"kind", "key", "hosts", "of_hosts", "rarity", "first_seen", "first_host", "last_seen", "last_host", "count", "level",
	"examples", "ids", "where",
}

// A stackRow is the layout of stack.parquet.
type stackRow struct {
	Kind      string   `parquet:"kind,dict"`
	Key       string   `parquet:"key"`
	Hosts     int64    `parquet:"hosts"`
	OfHosts   int64    `parquet:"of_hosts"`
	Rarity    float64  `parquet:"rarity"`
	FirstSeen *int64   `parquet:"first_seen,optional,timestamp(microsecond)"`
	FirstHost *string  `parquet:"first_host,optional,dict"`
	LastSeen  *int64   `parquet:"last_seen,optional,timestamp(microsecond)"`
	LastHost  *string  `parquet:"last_host,optional,dict"`
	Count     int64    `parquet:"count"`
	Level     string   `parquet:"level,dict"`
	Examples  []string `parquet:"examples,list"`
	IDs       []string `parquet:"ids,list"`
	Where     *string  `parquet:"where,optional"`
}

func (r *Row) parquet() stackRow {
	return stackRow{
		r.Kind, r.Key, int64(r.Hosts), int64(r.OfHosts), r.Rarity, parquet.Micros(r.FirstSeen), parquet.Optional(r.FirstHost),
		parquet.Micros(r.LastSeen), parquet.Optional(r.LastHost), r.Count, r.Level, r.Examples, r.IDs, parquet.Optional(r.Where),
	}
}

func (r *Row) cells() []string {
	return []string{
		r.Kind, r.Key, strconv.Itoa(r.Hosts), strconv.Itoa(r.OfHosts), strconv.FormatFloat(r.Rarity, 'f', 2, 64), r.FirstSeen, r.FirstHost,
		r.LastSeen, r.LastHost, strconv.FormatInt(r.Count, 10), r.Level, strings.Join(r.Examples, " "), strings.Join(r.IDs, " "), r.Where,
	}
}

// outputs are the files that are written while the keys pass.
type outputs struct {
	r     *run
	set   files.Set
	lines map[string]io.Writer // by name
	csv   *output.CSV
	pq    *parquet.Table[stackRow]
	edges lineSorter
	names map[string]string
	kinds map[string]bool
	page  pageBuilder
	rank  ranking
}

// jsonFiles are the files of lines of JSON.
var jsonFiles = []string{"stack.jsonl", "spread.jsonl", "alike.jsonl", "edges.jsonl", "hosts.jsonl"}

func (r *run) newOutputs() (*outputs, error) {
	o := &outputs{
		r: r, set: files.Set{Dir: r.part, Mode: r.mode()}, lines: map[string]io.Writer{}, names: r.names(), kinds: map[string]bool{},
		edges: lineSorter{dir: r.part, name: "edges"}, rank: newRanking(r.machines), page: pageBuilder{r: r},
	}
	for _, k := range r.o.Kinds {
		o.kinds[k] = true
	}
	for _, name := range jsonFiles {
		w, err := o.set.Create(name)
		if err != nil {
			return o, err
		}
		o.lines[name] = w
	}
	w, err := o.set.Create("stack.csv")
	if err != nil {
		return o, err
	}
	o.csv = output.NewCSV(w, &r.o.Output, stackHeader)
	if w, err = o.set.Create("stack.parquet"); err != nil {
		return o, err
	}
	opts := r.o.Output
	opts.Version = r.o.Version
	o.pq = parquet.NewTable[stackRow](w, &opts)
	return o, nil
}

// line writes a value as one line of JSON.
func (o *outputs) line(name string, v any) error {
	return output.WriteJSON(o.lines[name], v)
}

// write makes all outputs in one pass over the keys.
func (r *run) write() error {
	o, err := r.newOutputs()
	defer o.set.Abort()
	if err != nil {
		return err
	}
	source := r.o.Observations
	if source == nil {
		source = r.observed(r.machines)
	}
	list := groups(source)
	if len(r.baseline) > 0 {
		base := *r
		base.part = r.part + "/baseline"
		if err := r.mode().MkdirAll(base.part); err != nil {
			return err
		}
		defer os.RemoveAll(base.part)
		list = without(list, base.observed(r.baseline), &r.m.Counts.Baseline)
	}
	for g, err := range list {
		if err != nil {
			return err
		}
		if err := o.group(g); err != nil {
			return err
		}
	}
	if err := r.ctx.Err(); err != nil {
		return err
	}
	return o.end()
}

// group takes in one key.
func (o *outputs) group(g *group) error {
	r := o.r
	of := r.shows[g.row.Kind]
	for i := range g.list {
		m := r.byID[g.list[i].Host]
		if m == nil || !slices.Contains(m.Shows, g.row.Kind) {
			of++ // it has the key, though its sources are damaged
		}
	}
	g.row.share(of)
	r.m.Counts.Observations += len(g.list)
	r.m.Counts.Keys++
	o.rank.add(g)
	if a, ok := alikeOf(g); ok {
		if err := o.line("alike.jsonl", &a); err != nil {
			return err
		}
	}
	if g.row.Kind == observations.Edge {
		if err := o.edgesOf(g); err != nil {
			return err
		}
	}
	if len(o.kinds) > 0 && !o.kinds[g.row.Kind] || r.o.MaxHosts > 0 && g.row.Hosts > r.o.MaxHosts {
		return nil
	}
	return o.stack(g)
}

// stack writes the row of a key, and how it spread.
func (o *outputs) stack(g *group) error {
	if err := o.line("stack.jsonl", &g.row); err != nil {
		return err
	}
	if err := o.csv.Row(g.row.cells()...); err != nil {
		return err
	}
	if err := o.pq.Row(g.row.parquet()); err != nil {
		return err
	}
	o.page.row(&g.row)
	if !o.r.spreads(&g.row) {
		return nil
	}
	s := spreadOf(g)
	o.page.spread(&s)
	return o.line("spread.jsonl", &s)
}

func (o *outputs) edgesOf(g *group) error {
	for i := range g.list {
		e := edgeOf(&g.list[i], g.row.Hosts, o.names)
		b, err := output.Marshal(&e)
		if err != nil {
			return err
		}
		if err := o.edges.add(e.First+" "+g.row.Key+" "+e.Host, string(b)); err != nil {
			return err
		}
	}
	return nil
}

// end writes what needs all keys, and names the files.
func (o *outputs) end() error {
	for line, err := range o.edges.sorted() {
		if err != nil {
			return err
		}
		if _, err := io.WriteString(o.lines["edges.jsonl"], line+"\n"); err != nil {
			return err
		}
	}
	ranked := o.r.ranked(o.rank)
	for i := range ranked {
		if err := o.line("hosts.jsonl", &ranked[i]); err != nil {
			return err
		}
	}
	if err := o.csv.Close(); err != nil {
		return err
	}
	if err := o.pq.Close(); err != nil {
		return err
	}
	w, err := o.set.Create("fleet.html")
	if err != nil {
		return err
	}
	if err := o.page.write(w, ranked); err != nil {
		return err
	}
	m := o.r.m
	m.Machines, m.Baseline = o.r.inputs(o.r.machines), nil
	if len(o.r.baseline) > 0 {
		m.Baseline = o.r.inputs(o.r.baseline)
	}
	m.Counts.Machines = len(o.r.machines)
	done, err := o.set.Commit()
	for i := range done {
		if strings.HasSuffix(done[i].Name, ".parquet") {
			done[i].Rows = o.pq.Rows()
		}
		if strings.HasSuffix(done[i].Name, ".html") {
			done[i].Rows = 0
		}
	}
	m.Outputs = append(m.Outputs, done...)
	return err
}
