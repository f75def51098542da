package catalogue_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/hive"
)

// A nothing is the record type of an artifact that only looks.
type nothing struct{ artifacts.Origin }

// inputs returns what a run gives the decoder of an artifact for its keys.
func inputs(t *testing.T, tree *evidence.Tree, a *artifacts.Artifact) []artifacts.Input {
	t.Helper()
	var out []artifacts.Input
	spy := artifacts.Define(artifacts.Artifact{Name: a.Name, Sources: a.Sources}, func(in artifacts.Input, _ func(nothing) bool) error {
		if in.Hive != nil && !in.Partial() && in.From.State == artifacts.Live {
			out = append(out, in)
		}
		return nil
	})
	results, err := artifacts.Run(t.Context(), tree, []*artifacts.Artifact{spy}, &artifacts.Options{Jobs: 1, NoDeleted: true})
	if err != nil {
		t.Fatal(err)
	}
	for range results {
	}
	return out
}

// values are those of a key and of the keys below it.
func values(k hive.Key, depth int) []hive.Value {
	var out []hive.Value
	for v, err := range k.Values() {
		if err == nil {
			out = append(out, v)
		}
	}
	if depth > 0 {
		for sub, err := range k.Subkeys() {
			if err == nil {
				out = append(out, values(sub, depth-1)...)
			}
		}
	}
	return out
}

// decoded is what an artifact decodes of an input, as text.
func decoded(a *artifacts.Artifact, in artifacts.Input) (string, []*artifacts.DecodeError) {
	recs, errs := a.Decode(in)
	var b strings.Builder
	for _, r := range recs {
		line, err := json.Marshal(r.Data)
		b.Write(line)
		b.WriteString(errText(err))
	}
	return b.String(), errs
}

func errText(err error) string {
	if err != nil {
		return err.Error()
	}
	return "\n"
}

// Layout of a value's record after the head of its cell, regf section 7.2.
const (
	vkSize = 4 + 4
	vkData = 4 + 8
	vkType = 4 + 12
)

// TestBrokenValues breaks values of each hive of the incident, one of each name
// and type for each source: once its data lie outside of the hive, once it has a
// type that nothing is stored by. Where that changes what an artifact says, an
// error names key, value and offset; of a type that can be overlooked, the record
// itself may say it.
func TestBrokenValues(t *testing.T) {
	t.Run("data", func(t *testing.T) {
		breakValues(t, func(cell []byte) {
			binary.LittleEndian.PutUint32(cell[vkSize:], 64)
			binary.LittleEndian.PutUint32(cell[vkData:], 0x7FFFFF00)
		}, func(string) bool { return false })
	})
	t.Run("type", func(t *testing.T) {
		breakValues(t, func(cell []byte) {
			binary.LittleEndian.PutUint32(cell[vkType:], uint32(hive.FullResourceDescriptor))
		}, func(record string) bool { return strings.Contains(record, "is of type") })
	})
}

func breakValues(t *testing.T, change func(cell []byte), says func(record string) bool) {
	ev, err := evidence.OpenFS(corpus.Incident().FS(), "incident", nil)
	if err != nil {
		t.Fatal(err)
	}
	broken, changed := 0, 0
	touched := map[string]bool{}
	for _, a := range catalogue.All() {
		if !slices.ContainsFunc(a.Sources, func(s artifacts.Source) bool { return s.Glob == "" }) {
			continue
		}
		type kind struct {
			source artifacts.Source
			value  string
			typ    hive.Type
		}
		done := map[kind]bool{}
		for _, in := range inputs(t, ev.Trees[0], a) {
			before, _ := decoded(a, in)
			for _, v := range values(in.Key, 2) {
				name := strings.Trim(strings.ToLower(v.Name()), "0123456789")
				if k := (kind{in.Source, name, v.Type()}); done[k] {
					continue
				} else {
					done[k] = true
				}
				b := slices.Clone(in.Hive.Bytes())
				at := v.Offset()
				change(b[at:])
				hv, err := hive.Open(b, nil)
				if hv == nil {
					t.Fatal(err)
				}
				other := in
				other.Hive = hv
				if other.Key, err = hv.Key(in.From.Key); err != nil {
					t.Fatal(err)
				}
				broken++
				after, errs := decoded(a, other)
				if after == before || says(after) || a.Name == "users" && strings.Contains(in.Source.Key, `\Names\`) && len(errs) == 0 {
					continue // below Names the type is the number of an account
				}
				changed++
				touched[a.Name] = true
				if !slices.ContainsFunc(errs, func(e *artifacts.DecodeError) bool {
					fe, ok := errors.AsType[*hive.FormatError](e)
					return e.From.Value == v.Name() && (e.From.Offset == at || ok && fe.Offset == at)
				}) {
					t.Errorf("%s: %s value %q (%s) was broken at %#x: the record changed, the errors are %v",
						a.Name, in.From.Key, v.Name(), v.Type(), at, errs)
				}
			}
		}
	}
	t.Logf("%d values were broken, %d changed a record of %d artifacts", broken, changed, len(touched))
	if changed < 200 || len(touched) < 60 {
		t.Errorf("only %d broken values changed a record, of %d artifacts", changed, len(touched))
	}
}
