package shell

import "testing"

func TestMeant(t *testing.T) {
	known := []string{"timeline", "findings", "hive", "prefetch", "shimcache", "scan"}
	for typed, want := range map[string]string{
		"timelin": "timeline", "tiemline": "timeline", "FINDING": "findings", "hvie": "hive", "prefech": "prefetch", "shim": "shimcache", "nonsense": "", "x": "",
	} {
		if want != "" {
			want = "; did you mean " + want + "?"
		}
		if got := Meant(typed, known); got != want {
			t.Errorf("%s: %q, want %q", typed, got, want)
		}
	}
}
