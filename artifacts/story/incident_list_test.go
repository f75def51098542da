package story_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/artifacts/programs"
	"github.com/artifactdump/artifactdump/artifacts/story"
)

// TestIncidentList holds the model to the hard parts of the incident, one by one: what
// must be joined, what must stay apart, and what is a lie.
func TestIncidentList(t *testing.T) {
	m, r := judge(t, theIncident)
	told := story.Tell(m, r, nil)
	program := func(key string) *programs.Program {
		list := m.Program(key)
		if len(list) != 1 {
			t.Fatalf("%d programs at %s", len(list), key)
		}
		return list[0]
	}
	implant, syncer := program(`\users\public\svchost.exe`), program(`\users\public\falcon sync\fsync.exe`)

	marked := slices.IndexFunc(implant.Arrived, func(a programs.Arrival) bool { return a.Kind == "marked" && a.Zone == "Internet" })
	if marked < 0 || implant.Starts[0].Time.Sub(implant.Arrived[marked].Time) > 10*time.Minute || !slices.Contains(implant.Rules, "C-18") {
		t.Errorf("the marked download that ran: %+v, rules %v", implant.Arrived, implant.Rules)
	}
	if !slices.ContainsFunc(implant.Aliases, func(a programs.Alias) bool {
		return a.Path == `\users\public\beacon.exe.crdownload` && strings.HasPrefix(a.Why, "renamed at 2026-03-06 17:57:39")
	}) {
		t.Errorf("the rename: %+v", implant.Aliases)
	}
	if f := syncer.Files; len(f) != 2 || f[0].Reference == f[1].Reference || f[0].Deleted.IsZero() || f[1].SHA1 == "" || f[0].SHA1 != "" ||
		syncer.Starts[0].File != f[0].Reference || syncer.Starts[1].File != f[1].Reference {
		t.Errorf("two files of one path: %+v, starts %+v", f, syncer.Starts)
	}
	if !slices.ContainsFunc(program(`\users\daniel\appdata\local\temp\pd64.exe`).Ends, func(e programs.End) bool {
		return e.Kind == "prefetch deleted"
	}) {
		t.Error("no deleted Prefetch file")
	}

	fired := &syncer.Starts[2]
	var sources []string
	for _, f := range fired.Proofs {
		sources = append(sources, f.Source)
	}
	want := []string{"prefetch", "security audit", "task scheduler", "bam", "journal"}
	if len(syncer.Starts) != 3 || !slices.Equal(sources, want) {
		t.Errorf("%d starts, the last one of %v, want %v", len(syncer.Starts), sources, want)
	}
	for _, a := range syncer.Autostarts {
		if a.Name == `\falcon update` && (!slices.Equal(a.Fired, []string{fired.ID}) || a.MadeBy != "daniel" || a.MadeRef.Record == "") {
			t.Errorf("the task that ran: %+v", a)
		}
	}
	if !slices.ContainsFunc(syncer.Aliases, func(a programs.Alias) bool { return a.Path == `\users\public\falcon~1\fsync.exe` }) ||
		len(m.Program(`\users\public\falcon~1\fsync.exe`)) != 0 || len(syncer.Findings) != 1 {
		t.Errorf("the short path: %+v, findings %v", syncer.Aliases, syncer.Findings)
	}
	dormant := program(`\users\public\libraries\cache.dll`)
	if len(dormant.Autostarts) == 0 || len(dormant.Autostarts[0].Fired) > 0 ||
		!slices.ContainsFunc(dormant.Missing, func(g programs.Gap) bool { return g.What == "start" }) {
		t.Errorf("the task that did not run: %+v, %+v", dormant.Autostarts, dormant.Missing)
	}

	sweep := 0
	for _, s := range program(`\windows\system32\ping.exe`).Starts {
		if d := s.Time.Sub(clock("2026-03-07 23:58:21")); d >= 0 && d < 2*time.Second+100*time.Millisecond {
			sweep++
		}
	}
	if sweep != 40 {
		t.Errorf("%d starts in the sweep, want 40", sweep)
	}
	manager := program(`\windows\system32\taskmgr.exe`)
	twins(t, m, fired, &manager.Starts[len(manager.Starts)-1])

	forged := 0
	for _, a := range m.Acts {
		if a.Kind == "forged" && strings.Contains(a.Object, "entered the stopped state") {
			forged++
		}
	}
	facts := 0
	for _, w := range told.Windows {
		for _, x := range slices.Concat(w.Sentences, w.Rest) {
			if strings.Contains(x.EN, "entered the stopped state") && x.Kind != "forged" {
				facts++
			}
		}
	}
	if forged != 1 || facts != 0 {
		t.Errorf("%d forged records, %d sentences that believe one", forged, facts)
	}
}

// twins holds two sessions at once apart, of which one has the number of a session
// before the restart.
func twins(t *testing.T, m *programs.Model, fired, manager *programs.Start) {
	t.Helper()
	sessions := map[string]*logons.Session{}
	reused, open := 0, 0
	for i, l := range m.Sessions.All() {
		sessions[l.ID()] = m.Sessions.At(i)
		if l.LogonID == 0x4f2a91 {
			reused++
		}
		if !l.Begin.After(manager.Time) && (l.End.IsZero() || l.End.After(manager.Time)) && l.Account != nil && l.Account.Kind == "user" {
			open++
		}
	}
	if reused != 2 || open != 2 {
		t.Errorf("%d sessions have one number, %d are open at once, want 2 and 2", reused, open)
	}
	for s, want := range map[*programs.Start]string{fired: "daniel 23:52:30", manager: "mira 00:20:10"} {
		l := sessions[s.Session]
		if l == nil || s.Account.Short()+l.Begin.Format(" 15:04:05") != want || !strings.HasSuffix(l.Account.Name, s.Account.Short()) {
			t.Errorf("the start at %s by %s is in session %+v, want %s", s.Time, s.Account.Name, l, want)
		}
	}
}
