package execution_test

import (
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/internal/casetest"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

func TestBam(t *testing.T) {
	f := casetest.RunCase[execution.Bam](t, "bam")
	path := corpus.SystemDevice + strings.TrimPrefix(corpus.Implant, "C:")
	got := casetest.Pick(t, f.Data, func(b execution.Bam) bool { return b.Path == path })
	casetest.Same(t, []execution.Bam{{Path: path, SID: corpus.DanielSID, LastRun: got.LastRun, Service: "bam"}}, []execution.Bam{got})
	if got.LastRun.Before(corpus.LastBoot) || got.LastRun.After(corpus.LastLogon.Add(3600e9)) {
		t.Errorf("the implant was active at %v", got.LastRun)
	}
	packaged := 0
	for i, b := range f.Data {
		if u := f.Records[i].User; u.SID != b.SID {
			t.Errorf("%s is owned by %v", b.Path, u)
		}
		if b.Packaged {
			packaged++
			if b.Program() != "" {
				t.Errorf("a packaged program has no path: %s", b.Program())
			}
		}
	}
	if packaged != 2 {
		t.Errorf("%d packaged programs, want 2", packaged)
	}
}

func TestBamDamage(t *testing.T) {
	m := casetest.CorpusMachine("bam")
	services := m.Hive(casetest.SystemHive).Sub(`ControlSet001\Services`)
	services.Sub(`bam\State\UserSettings\`+corpus.MiraSID).Set("short", regf.Binary(make([]byte, 7)))
	services.Sub(`bam\UserSettings\`+corpus.MiraSID).Set(`\Device\HarddiskVolume3\old.exe`, regf.FileTime(utc(2025, 1, 2, 3, 4, 5, 6)))
	f := casetest.Run[execution.Bam](t, testtree.Tree(t, m.Files()), "bam")
	casetest.WantError(t, f.Errs, "short")
	old := casetest.Pick(t, f.Data, func(b execution.Bam) bool { return b.Frozen })
	if old.LastRun != utc(2025, 1, 2, 3, 4, 5, 6) {
		t.Errorf("the entry of 8 bytes is of %v", old.LastRun)
	}
}

func TestBamReal(t *testing.T) {
	f := casetest.RunHive[execution.Bam](t, "bam", "hives", "regipy", "SYSTEM_WIN_10_1709")
	frozen := 0
	for _, b := range f.Data {
		if b.Frozen {
			frozen++
		}
		if b.LastRun.Year() < 2018 || b.LastRun.Year() > 2020 {
			t.Errorf("%s at %v", b.Path, b.LastRun)
		}
	}
	if len(f.Data) != 55 || frozen != 24 {
		t.Errorf("%d entries, %d of them frozen, want 55 and 24", len(f.Data), frozen)
	}
}
