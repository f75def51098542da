package execution_test

import (
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/internal/casetest"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

func TestShimcache(t *testing.T) {
	f := casetest.RunCase[execution.Shimcache](t, "shimcache")
	got := casetest.Pick(t, f.Data, func(s execution.Shimcache) bool { return s.Path == corpus.Scanner })
	casetest.Same(t, execution.Shimcache{
		Index:    got.Index,
		Path:     corpus.Scanner,
		Modified: utc(2026, 3, 6, 17, 53, 30, 2201944),
		LastData: new(uint32(1)),
		Executed: "possibly",
		Layout:   "10 1703+",
		At:       got.At,
		Written:  corpus.LastShutdown,
	}, got)
	calc := casetest.Pick(t, f.Data, func(s execution.Shimcache) bool { return s.Package != "" })
	if calc.Package != "Microsoft.WindowsCalculator_8wekyb3d8bbwe" || calc.Program() != "" || !calc.Modified.IsZero() || calc.Executed != "unknown" {
		t.Errorf("a packaged program is %+v", calc)
	}
	implant := casetest.Pick(t, f.Data, func(s execution.Shimcache) bool { return s.Path == corpus.Implant })
	if implant.Index >= got.Index {
		t.Errorf("the implant, which ran later, is entry %d, the scanner %d", implant.Index, got.Index)
	}
	for i, s := range f.Data {
		if s.Index != i {
			t.Fatalf("record %d is entry %d", i, s.Index)
		}
		if p := f.Records[i].Proof(); p != artifacts.Present {
			t.Errorf("%s proves %s", s.Path, p)
		}
	}
	shutdown := 0
	for i := range f.Records {
		for _, e := range f.Records[i].Events() {
			if e.Kind == "Registry Last Written Time" {
				shutdown++
			}
		}
	}
	if shutdown != 1 {
		t.Errorf("the key's time is told %d times", shutdown)
	}
}

func TestShimcacheDamage(t *testing.T) {
	for _, tt := range []struct {
		name    string
		value   func(whole []byte) []byte
		records int
		errs    int
	}{
		{"cut in the second entry", func(b []byte) []byte { return b[:0x34+200] }, 1, 1},
		{"header alone", func(b []byte) []byte { return b[:0x34] }, 0, 0},
		{"all zero", func([]byte) []byte { return make([]byte, 52) }, 0, 0},
		{"other layout", func([]byte) []byte { return []byte("no cache of any Windows") }, 0, 1},
		{"empty", func([]byte) []byte { return nil }, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := casetest.CorpusMachine("shimcache")
			key := m.Hive(casetest.SystemHive).Find(`ControlSet001\Control\Session Manager\AppCompatCache`)
			i := 0
			for key.Values[i].Name != "AppCompatCache" {
				i++
			}
			key.Set("AppCompatCache", regf.Binary(tt.value(key.Values[i].Data)))
			f := casetest.Run[execution.Shimcache](t, testtree.Tree(t, m.Files()), "shimcache")
			if len(f.Data) != tt.records || len(f.Errs) != tt.errs {
				t.Errorf("%d records and errors %v, want %d and %d", len(f.Data), f.Errs, tt.records, tt.errs)
			}
		})
	}
}

// TestShimcacheReal reads three real SYSTEM hives.
func TestShimcacheReal(t *testing.T) {
	for _, tt := range []struct {
		hive, layout  string
		entries, runs int
	}{
		{"SYSTEM", "7", 330, 238},
		{"SYSTEM_2", "8.1", 112, 57},
		{"SYSTEM_WIN_10_1709", "10 1703+", 1024, 0},
	} {
		f := casetest.RunHive[execution.Shimcache](t, "shimcache", "hives", "regipy", tt.hive)
		runs := 0
		for i, s := range f.Data {
			if s.Layout != tt.layout {
				t.Fatalf("%s: layout %s", tt.hive, s.Layout)
			}
			if f.Records[i].Proof() == artifacts.Executed {
				runs++
			}
		}
		if len(f.Data) != tt.entries || runs != tt.runs {
			t.Errorf("%s: %d entries, %d executed, want %d and %d", tt.hive, len(f.Data), runs, tt.entries, tt.runs)
		}
	}
}
