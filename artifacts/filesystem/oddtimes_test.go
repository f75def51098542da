package filesystem_test

import (
	"slices"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
)

// TestOddTimes: a program with an old creation time in whole seconds is shown when
// the change journal shows that its times were set, or that it was made later; where
// the journal does not, it is left alone.
func TestOddTimes(t *testing.T) {
	made := time.Date(2026, 1, 1, 8, 30, 0, 123400, time.UTC)
	v := ntfsmeta.New(ntfsmeta.Spec{Made: made, FirstUSN: 4096})
	at := func(days, seconds int) time.Time {
		return made.AddDate(0, 0, days).Add(time.Duration(seconds)*time.Second + 7700)
	}
	old := time.Date(2019, 12, 7, 9, 8, 0, 0, time.UTC)
	system := v.Mkdir(v.Mkdir(ntfsmeta.Root, "Windows", at(0, 0)), "System32", at(0, 0))
	v.SetTimes(v.Create(system, "forged.exe", nil, at(10, 0)), old, at(10, 1), time.Time{}, time.Time{}, at(10, 300))
	v.Create(system, "honest.exe", nil, at(11, 0))
	files := map[string][]byte{"C/$MFT": v.MFT(), "C/$Extend/$J": v.J()}
	var odd []string
	for _, c := range of[filesystem.Change](decode(t, files, nil)) {
		if !c.OddTimes {
			continue
		}
		says := "made"
		if !c.TimesSet.IsZero() {
			says = "set"
		}
		odd = append(odd, c.Path+" "+says)
		if c.Shown != string(filesystem.ForgedTimes) {
			t.Errorf("%s is shown because %q", c.Path, c.Shown)
		}
	}
	if want := []string{`C:\Windows\System32\forged.exe made`, `C:\Windows\System32\forged.exe set`}; !slices.Equal(odd, want) {
		t.Errorf("%q, want %q", odd, want)
	}
}
