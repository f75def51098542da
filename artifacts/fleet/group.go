package fleet

import (
	"iter"
	"math"
	"slices"

	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
)

// A Row is one key with what all machines show of it.
type Row struct {
	Kind      string   `json:"kind"`
	Key       string   `json:"key"`
	Hosts     int      `json:"hosts"`    // machines that have it
	OfHosts   int      `json:"of_hosts"` // machines that could show it
	Rarity    float64  `json:"rarity"`   // −log2 of the share
	FirstSeen string   `json:"first_seen,omitempty"`
	FirstHost string   `json:"first_host,omitempty"`
	LastSeen  string   `json:"last_seen,omitempty"`
	LastHost  string   `json:"last_host,omitempty"`
	Count     int64    `json:"count"`
	Level     string   `json:"level,omitempty"`
	Examples  []string `json:"examples"` // ten smallest machines
	IDs       []string `json:"ids"`      // five smallest machine:id
	Where     string   `json:"where,omitempty"`
}

// Limits on the lists of a row.
const (
	maxExamples = 10
	maxIDs      = 5
)

// RowOf returns the row of one observation. Hosts counts it; OfHosts and Rarity
// are known when all rows of a key are merged.
func RowOf(o *observations.Observation) Row {
	r := Row{Kind: o.Kind, Key: o.Key, Hosts: 1, FirstSeen: o.First, LastSeen: o.Last, Count: o.Count, Level: o.Level,
		Examples: []string{o.Host}, IDs: []string{}, Where: o.Where}
	if o.First != "" {
		r.FirstHost = o.Host
	}
	if o.Last != "" {
		r.LastHost = o.Host
	}
	for _, id := range o.IDs {
		r.IDs = append(r.IDs, o.Host+":"+id)
	}
	slices.Sort(r.IDs)
	return r
}

// Merge takes in a row of the same key and of other machines. The order of
// merging does not matter: any engine makes the same row.
func (r *Row) Merge(s *Row) {
	r.Hosts += s.Hosts
	r.Count += s.Count
	if s.FirstSeen != "" && (r.FirstSeen == "" || s.FirstSeen < r.FirstSeen || s.FirstSeen == r.FirstSeen && s.FirstHost < r.FirstHost) {
		r.FirstSeen, r.FirstHost = s.FirstSeen, s.FirstHost
	}
	if s.LastSeen > r.LastSeen || s.LastSeen == r.LastSeen && s.LastSeen != "" && s.LastHost < r.LastHost {
		r.LastSeen, r.LastHost = s.LastSeen, s.LastHost
	}
	r.Level = observations.Higher(r.Level, s.Level)
	r.Examples = observations.Smallest(r.Examples, s.Examples, maxExamples)
	r.IDs = observations.Smallest(r.IDs, s.IDs, maxIDs)
	r.Where = observations.Earlier(r.Where, s.Where)
}

// add is Merge for one observation, without making a row of it where the lists
// are full of smaller machines already.
func (r *Row) add(o *observations.Observation) {
	if len(r.Examples) < maxExamples || len(r.IDs) < maxIDs || r.Examples[maxExamples-1] >= o.Host || r.IDs[maxIDs-1] >= o.Host {
		one := RowOf(o)
		r.Merge(&one)
		return
	}
	one := Row{Hosts: 1, FirstSeen: o.First, FirstHost: o.Host, LastSeen: o.Last, LastHost: o.Host, Count: o.Count, Level: o.Level,
		Where: o.Where}
	r.Merge(&one)
}

// share fills in how common the key is.
func (r *Row) share(of int) {
	r.OfHosts = of
	r.Rarity = round(-math.Log2(float64(r.Hosts) / float64(of)))
}

// round keeps two decimals, so that sums are the same on every processor.
func round(f float64) float64 {
	f = math.Round(f*100) / 100
	if f == 0 {
		return 0 // not −0
	}
	return f
}

// A group is all that the machines show of one key, by machine.
type group struct {
	row  Row
	list []observations.Observation
}

// groups yields the keys of sorted observations. A group is good until the next
// one.
func groups(list iter.Seq2[*observations.Observation, error]) iter.Seq2[*group, error] {
	return func(yield func(*group, error) bool) {
		var g group
		end := func() bool {
			if len(g.list) == 0 {
				return true
			}
			g.row = RowOf(&g.list[0])
			for i := range g.list[1:] {
				g.row.add(&g.list[i+1])
			}
			return yield(&g, nil)
		}
		for o, err := range list {
			if err != nil {
				yield(nil, err)
				return
			}
			if n := len(g.list); n > 0 && (g.list[0].Kind != o.Kind || g.list[0].Key != o.Key) {
				if !end() {
					return
				}
				clear(g.list)
				g.list = g.list[:0]
			}
			g.list = append(g.list, *o)
		}
		end()
	}
}

// without leaves out the groups whose key the baseline has, and counts them.
func without(list iter.Seq2[*group, error], baseline iter.Seq2[*observations.Observation, error], left *int) iter.Seq2[*group, error] {
	return func(yield func(*group, error) bool) {
		next, stop := iter.Pull2(baseline)
		defer stop()
		b, err, more := next()
		for g, gerr := range list {
			if gerr != nil {
				yield(nil, gerr)
				return
			}
			for more && err == nil && before(b, &g.row) {
				b, err, more = next()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if more && b.Kind == g.row.Kind && b.Key == g.row.Key {
				*left++
				continue
			}
			if !yield(g, nil) {
				return
			}
		}
	}
}

func before(o *observations.Observation, r *Row) bool {
	return o.Kind < r.Kind || o.Kind == r.Kind && o.Key < r.Key
}
