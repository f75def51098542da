package inspect

import (
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/prefetch"
)

var prefetchFormat = format{kind: "prefetch", known: func(head []byte, _ int64, _ string) bool {
	return len(head) >= 8 && (string(head[:3]) == "MAM" && (head[3] == 0x04 || head[3] == 0x84) || string(head[4:8]) == "SCCA")
}, read: readPrefetch}

// readPrefetch gives the file as one row; [prefetch.File] says what its fields mean.
func readPrefetch(f File, _ Options, yield func(Row) bool) error {
	b := make([]byte, min(f.Size, prefetch.DefaultMaxSize))
	if n, err := f.ReadAt(b, 0); n < len(b) {
		return err
	}
	p, err := prefetch.Parse(b, nil)
	if p == nil {
		return err
	}
	row := Row{Kind: "prefetch"}
	if err != nil {
		row.Damage = err.Error()
	}
	row.Add("executable", p.Executable)
	row.Add("hash", fmt.Sprintf("%08X", p.Hash))
	row.Add("version", uint32(p.Version))
	row.Add("run_count", p.RunCount)
	var runs []string
	for t := range p.Runs() {
		runs = append(runs, t.UTC().Format(timeLayout))
	}
	row.Add("last_runs", runs)
	row.Add("executable_path", absent(p.ExecutablePath))
	row.Add("package", absent(p.PackageFullName))
	volumes := make([]map[string]any, len(p.Volumes))
	for i, v := range p.Volumes {
		volumes[i] = map[string]any{"device": v.Device, "serial": fmt.Sprintf("%08X", v.Serial), "created": timeText(v.Created),
			"directories": v.Directories}
	}
	row.Add("volumes", volumes)
	files := make([]string, len(p.Files))
	for i, m := range p.Files {
		files[i] = m.Name
	}
	row.Add("files", files)
	yield(row)
	return damageError(len(p.Damage), len(p.Damage), func(i int) error { return p.Damage[i] })
}

func absent(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(timeLayout)
}
