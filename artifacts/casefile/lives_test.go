package casefile

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/programs"
	"github.com/artifactdump/artifactdump/artifacts/scan"
)

// biographies is a machine whose case has these programs.
func biographies(t *testing.T, list ...programs.Program) *Machine {
	t.Helper()
	m := &Machine{MachineManifest: &scan.MachineManifest{Name: "PC", MachineGUID: "g"}, Dir: t.TempDir()}
	var b strings.Builder
	for i := range list {
		p := &list[i]
		if p.ID == "" {
			p.ID = p.Path
		}
		p.Key = strings.ToLower(strings.TrimPrefix(p.Path, "C:"))
		if p.Records == nil {
			p.Records = map[string]int{"prefetch": 1}
		}
		line, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	name := filepath.Join(m.Dir, "programs.jsonl")
	if err := os.WriteFile(name, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(b.String()))
	m.Outputs = []files.File{{Name: "programs.jsonl", Bytes: int64(b.Len()), SHA256: hex.EncodeToString(sum[:])}}
	return m
}

// TestDiffLives has a case for each class of change in a biography.
func TestDiffLives(t *testing.T) {
	file := func(sha1, ref string) []programs.File { return []programs.File{{SHA1: sha1, Reference: ref}} }
	at := func(name string) programs.Program { return programs.Program{Path: `C:\t\` + name} }
	with := func(p programs.Program, f func(*programs.Program)) programs.Program { f(&p); return p }
	starts := func(n int) func(*programs.Program) {
		return func(p *programs.Program) { p.Counts = programs.Counts{Known: n, AtLeast: n} }
	}
	run := []programs.Autostart{{Mechanism: "Run", Name: "x", Ref: programs.Ref{Artifact: "runkeys"}}}
	before := biographies(t,
		at("same.exe"), at("gone.exe"),
		with(at("unseen.exe"), func(p *programs.Program) { p.Records = map[string]int{"bam": 1} }),
		with(at("hash.exe"), func(p *programs.Program) { p.Files = file("aa", "1-1") }),
		with(at("ref.exe"), func(p *programs.Program) { p.Files = file("", "2-1") }),
		with(at("from.exe"), func(p *programs.Program) { p.Files = file("bb", "") }),
		at("old.exe"), at(`long~1\a.exe`),
		with(at("often.exe"), starts(2)), at("auto.exe"),
		with(at("free.exe"), func(p *programs.Program) { p.Autostarts = run }),
		with(at("lost.exe"), func(p *programs.Program) {
			p.Autostarts = []programs.Autostart{{Mechanism: "Service", Name: "s", Ref: programs.Ref{Artifact: "services"}}}
		}),
		with(at("who.exe"), func(p *programs.Program) { p.Accounts = []programs.Attribution{{Name: `PC\bob`}} }),
		at("talks.exe"), at("up.exe"), with(at("down.exe"), func(p *programs.Program) { p.Level = "high" }),
	)
	after := biographies(t,
		at("same.exe"), at("fresh.exe"),
		with(at("hash.exe"), func(p *programs.Program) { p.Files = file("cc", "1-1") }),
		with(at("ref.exe"), func(p *programs.Program) { p.Files = file("", "2-2") }),
		with(at("to.exe"), func(p *programs.Program) { p.Files = file("bb", "") }),
		with(at("new.exe"), func(p *programs.Program) {
			p.Aliases = []programs.Alias{{Path: `\t\old.exe`, Why: "renamed at 2026-03-06 18:00:00"}, {Path: `\t\same.exe`, Why: "another spelling"}}
		}),
		with(at(`long folder\a.exe`), func(p *programs.Program) {
			p.Aliases = []programs.Alias{{Path: `\t\long~1\a.exe`, Why: "short name, by $MFT"}}
		}),
		with(at("often.exe"), starts(3)),
		with(at("auto.exe"), func(p *programs.Program) { p.Autostarts, p.Records = run, map[string]int{"runkeys": 1} }),
		at("free.exe"), at("lost.exe"),
		with(at("who.exe"), func(p *programs.Program) { p.Accounts = []programs.Attribution{{Name: `PC\BOB`}, {Name: `PC\eve`}} }),
		with(at("talks.exe"), func(p *programs.Program) {
			p.Traffic = []programs.Traffic{{Kind: "connection", Remote: "192.0.2.1:80", Time: time.Unix(1, 0)}}
		}),
		with(at("up.exe"), func(p *programs.Program) { p.Level = "low" }), at("down.exe"),
	)
	want := []string{
		`auto.exe: new autostart: Run x`, `down.exe: finding fallen: high → none`, `free.exe: autostart gone: Run x`, `fresh.exe: new: `,
		`gone.exe: gone: `, `hash.exe: replaced: SHA-1 aa → cc`, `lost.exe: not seen: Service s: the second case has nothing of services`,
		`new.exe: renamed: C:\t\old.exe → C:\t\new.exe`, `often.exe: more starts: at least 2 → 3`, `ref.exe: replaced: file 2-1 → 2-2`,
		`talks.exe: new traffic: 192.0.2.1:80`, `to.exe: moved: C:\t\from.exe → C:\t\to.exe`,
		`unseen.exe: not seen: the second case has nothing of bam`, `up.exe: finding risen: none → low`, `who.exe: new account: eve`,
	}
	diff := func(a, b *Machine) (out []string) {
		for c, err := range DiffLives(t.Context(), a, b) {
			if err != nil {
				t.Fatal(err)
			}
			if (c.Before == nil) != (c.Change == New) || c.Kind != Life || !slices.Contains(Changes(), c.Change) {
				t.Errorf("%+v", c)
			}
			out = append(out, strings.TrimPrefix(c.Key, `\t\`)+": "+c.Change+": "+c.Says)
		}
		return out
	}
	if got := diff(before, after); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := diff(after, after); len(got) != 0 {
		t.Errorf("a machine differs from itself: %q", got)
	}
	// References of two machines say nothing about each other.
	after.MachineGUID = "other"
	ofFile := func(s string) bool { return strings.HasPrefix(s, "ref.exe") }
	if got := diff(before, after); len(got) != len(want)-1 || slices.ContainsFunc(got, ofFile) {
		t.Errorf("of another machine: %q", got)
	}
	before.Outputs = nil
	for _, err := range DiffLives(t.Context(), before, after) {
		if err == nil || !strings.Contains(err.Error(), "scan the evidence again") {
			t.Errorf("without programs: %v", err)
		}
	}
}
