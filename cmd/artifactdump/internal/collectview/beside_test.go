package collectview

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestBeside completes command lines by the file beside the program.
func TestBeside(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	const options = `{"source": "all", "output": "{host}.zip", "recipient": ["age1a", "age1b"], "store": true, "programs": false, "max-total": "5G"}`
	for _, c := range []struct {
		file, args, want, fails string
	}{
		{options, "", "collect --max-total=5G --output=DIR/HOST.zip --recipient=age1a --recipient=age1b --store=true all", ""},
		{options, "collect", "collect --max-total=5G --output=DIR/HOST.zip --recipient=age1a --recipient=age1b --store=true all", ""},
		{options, "collect D: -o x.zip --max-total 1G", "collect --recipient=age1a --recipient=age1b --store=true D: -o x.zip --max-total 1G", ""},
		{options, "collect --recipient=age1c D:", "collect --max-total=5G --store=true --recipient=age1c D:", ""},
		{options, "scan x.zip", "scan x.zip", ""},
		{"", "", "", ""},
		{"", "collect C:", "collect C:", ""},
		{`{"recipient": "age1a"}`, "", "", ""},
		{`{"recipient": "age1a"}`, "collect C:", "collect --recipient=age1a C:", ""},
		{`{"passphrase": "x"}`, "collect C:", "", `unknown option "passphrase"`},
		{`{"store": 1}`, "collect C:", "", "store: give a text"},
		{`{"source": 1}`, "", "", "source: give a text"},
		{`{`, "collect C:", "", BesideName},
	} {
		dir := t.TempDir()
		if c.file != "" {
			if err := os.WriteFile(filepath.Join(dir, BesideName), []byte(c.file), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		args := append([]string{"artifactdump"}, strings.Fields(c.args)...)
		got, err := Beside(args, dir)
		if c.fails != "" {
			if err == nil || !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%q with %s: %v, want %q", c.args, c.file, err, c.fails)
			}
			continue
		}
		want := append([]string{"artifactdump"}, strings.Fields(c.want)...)
		for i := range want {
			want[i] = strings.ReplaceAll(strings.ReplaceAll(want[i], "DIR/", dir+string(filepath.Separator)), "HOST", host)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q with %s: %q, %v, want %q", c.args, c.file, got, err, want)
		}
	}
}
