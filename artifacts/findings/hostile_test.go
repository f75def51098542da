package findings_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// TestHostileNames: whatever a name holds, the evaluation ends, says so, and
// its JSON is one line a finding.
func TestHostileNames(t *testing.T) {
	long := strings.Repeat("A", 32767)
	for name, path := range map[string]string{
		"right to left":   "C:\\Users\\Public\\photo\u202Egpj.exe",
		"control":         "C:\\Users\\Public\\a\x1b[2Jb\x07.exe",
		"newline":         "C:\\Users\\Public\\a\r\nb.exe",
		"long":            `C:\Users\Public\` + long + `.exe`,
		"many folders":    `C:\Users\Public\` + strings.Repeat(`a\`, 16000) + `b.exe`,
		"homoglyph":       "C:\\Users\\Public\\svсhost.exe",
		"only backslash":  strings.Repeat(`\`, 32767),
		"only percent":    strings.Repeat(`%a%`, 10000),
		"replacement":     "C:\\Users\\Public\\\uFFFD\uFFFD\uFFFD.exe",
		"stars":           `C:\Users\Public\` + strings.Repeat(`*?`, 16000) + `.exe`,
		"device only":     `\Device\HarddiskVolume9`,
		"stream":          `C:\Users\Public\a.txt:svchost.exe`,
		"dots":            `C:\Users\Public\..\..\..\svchost.exe`,
		"blank":           " ",
		"unc":             `\\`,
		"unc with server": `\\x`,
	} {
		start := testcost.CPU()
		recs := records{pf(path, at(0), path), shim(path, "yes"), runKey(path, path), amcache(path, path), service(path, path, nil), task(path, path, path, nil), rec("recyclebin", execution.Recycled{Path: path, Deleted: day})}
		r := judge(recs, nil)
		if d := testcost.CPU() - start; d > 5*time.Second {
			t.Errorf("%s: took %s of a processor", name, d)
		}
		var b bytes.Buffer
		if err := r.WriteJSON(&b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for line := range strings.Lines(b.String()) {
			if !json.Valid([]byte(line)) {
				t.Errorf("%s: no JSON: %.100s", name, line)
			}
			if strings.ContainsAny(strings.TrimSuffix(line, "\n"), "\x00\x07\x1b\r\n") {
				t.Errorf("%s: a control character stands raw in the JSON", name)
			}
		}
		b.Reset()
		if err := r.WriteNavigator(&b); err != nil || !json.Valid(b.Bytes()) {
			t.Errorf("%s: layer: %v", name, err)
		}
	}
	l, _ := level(judge(records{pf("\\Program Files\\a\\photo\u202Egpj.exe", at(0))}, nil), "M-04")
	if l != findings.High {
		t.Errorf("a right-to-left mark is %s, want high", l)
	}
}

// TestManyRecords: the work grows with the records, not with their square.
func TestManyRecords(t *testing.T) {
	const n = 20000
	var recs records
	for i := range n {
		switch i % 4 {
		case 0:
			recs = append(recs, runKey(`C:\Users\Public\a.exe`, strings.Repeat("x", i%50)))
		case 1:
			recs = append(recs, pf(`\Users\Public\a.exe`, at(i, i-1, i-2)))
		case 2:
			recs = append(recs, pf(`\Windows\System32\whoami.exe`, at(0, 1, 2)))
		case 3:
			recs = append(recs, pf(`\Users\Public\d`+strings.Repeat("e", i%1000)+`\ipconfig.exe`, at(0)))
		}
	}
	start := testcost.CPU()
	r := judge(recs, nil)
	if d := testcost.CPU() - start; d > 20*time.Second {
		t.Errorf("%d records took %s of a processor", n, d)
	}
	f := find(r, `\public\a.exe`)
	if f == nil || f.Count != n/2 || len(f.Evidence)+f.Omitted != f.Count {
		t.Errorf("the finding about a.exe: %+v", f)
	}
}
