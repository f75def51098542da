package corpus

import (
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// bamCase writes what the activity moderator saw of both users in the last days, and of the system.
func bamCase(m *Machine) {
	settings := m.Hive(systemHive).Sub(controlSet + `Services\bam\State\UserSettings`)
	for _, sid := range []string{"S-1-5-18", MiraSID, DanielSID} {
		k := settings.Sub(sid).Set("Version", regf.DWord(1)).Set("SequenceNumber", regf.DWord(23))
		var newest time.Time
		for _, p := range slices.Concat(ordinary, intrusion) {
			t := p.runs.times[0]
			if bamOwner(p.path, t) != sid || t.Before(CopiedAt.Add(-6*day)) || strings.HasPrefix(p.path, "E:") {
				continue
			}
			k.Set(SystemDevice+strings.TrimPrefix(p.path, "C:"), bamValue(t, false))
			if t.After(newest) {
				newest = t
			}
		}
		if sid != "S-1-5-18" {
			k.Set("Microsoft.Windows.StartMenuExperienceHost_cw5n1h2txyewy", bamValue(at("07 23:52:49").times[0], true))
		}
		k.At(newest)
	}
}

// bamOwner is who ran a program at that time.
func bamOwner(path string, t time.Time) string {
	switch {
	case t.After(SecondLogon) && t.Before(SecondLogoff) && strings.HasSuffix(path, "Taskmgr.exe"):
		return MiraSID
	case strings.HasPrefix(path, `C:\Windows\servicing`), strings.HasPrefix(path, `C:\ProgramData`), strings.Contains(path,
		"Search"), strings.Contains(path, "Update"):
		return "S-1-5-18"
	case t.After(IntrusionStart) && t.Before(IntrusionEnd), t.After(LastBoot):
		return DanielSID
	}
	return MiraSID
}

func bamValue(t time.Time, packaged bool) regf.Value {
	b := make([]byte, 24)
	le.PutUint64(b, regf.FILETIME(t))
	if packaged {
		b[16] = 1
	}
	b[20] = 2
	return regf.Binary(b)
}
