package main

import (
	"archive/zip"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// keyRow are the keys of a row that join it with programs.jsonl, starts.csv and
// story.json.
type keyRow struct {
	Program string `json:"program_id" parquet:"program_id,optional"`
	Start   string `json:"start_id" parquet:"start_id,optional"`
	Window  string `json:"window" parquet:"window,optional"`
}

func (k keyRow) text() string { return k.Program + " " + k.Start + " " + k.Window }

// keysOfLines reads the keys of JSON lines; in says below which key they are.
func keysOfLines(t *testing.T, name, in string) (out []string) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var k keyRow
		if in == "" {
			err = json.Unmarshal([]byte(line), &k)
		} else {
			var below map[string]json.RawMessage
			if err = json.Unmarshal([]byte(line), &below); err == nil && below[in] == nil {
				continue // where the document goes
			}
			err = json.Unmarshal(below[in], &k)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out = append(out, k.text())
	}
	return out
}

// keysOfTable reads the keys of a CSV file.
func keysOfTable(t *testing.T, name string) (out []string) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var at [3]int
	for i, c := range []string{"program_id", "start_id", "window"} {
		if at[i] = slices.Index(rows[0], c); at[i] < 0 {
			t.Fatalf("%s has no column %s", name, c)
		}
	}
	for _, r := range rows[1:] {
		out = append(out, keyRow{r[at[0]], r[at[1]], r[at[2]]}.text())
	}
	return out
}

func keysOfDatabase(t *testing.T, name string) (out []string) {
	t.Helper()
	db, err := sql.Open("sqlite", name)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT coalesce(program_id,''), coalesce(start_id,''), coalesce(window,'') FROM timeline")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var k keyRow
		if err := rows.Scan(&k.Program, &k.Start, &k.Window); err != nil {
			t.Fatal(err)
		}
		out = append(out, k.text())
	}
	return out
}

// workbookHas demands each id in the sheet of the timeline as often as in the lines.
func workbookHas(t *testing.T, name string, rows []string) {
	t.Helper()
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	sheet := ""
	for _, entry := range z.File {
		f, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), ">datetime (UTC)<") {
			sheet = string(b)
		}
	}
	for i, column := range []string{"program id", "start id", "window"} {
		if !strings.Contains(sheet, ">"+column+"<") {
			t.Errorf("the workbook has no column %s", column)
		}
		count := map[string]int{}
		for _, r := range rows {
			if v := strings.Split(r, " ")[i]; v != "" {
				count[v]++
			}
		}
		for v, n := range count {
			if got := strings.Count(sheet, ">"+v+"<"); got != n {
				t.Errorf("%s %s: %d cells, %d rows", column, v, got, n)
			}
		}
	}
}

// TestScanProgramKeys demands the keys of programs, starts and windows in every
// format that has columns, the same in all, and that they lead somewhere.
func TestScanProgramKeys(t *testing.T) {
	testcost.Again(t)
	dir := filepath.Join(t.TempDir(), "case")
	if code, said := runs(t.Context(), sameIncidents(t, 1)[0], "-o", dir, "--format", "all"); code != exitOK {
		t.Fatalf("exit %d: %s", code, said)
	}
	files := map[string][]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			base := filepath.Base(path)
			if rel, _ := filepath.Rel(dir, path); strings.HasPrefix(rel, "timeline") || strings.Contains(rel, "ecs") {
				base = filepath.ToSlash(rel)
			}
			files[base] = append(files[base], path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	one := func(has ...string) string {
		for name, paths := range files {
			if !slices.ContainsFunc(has, func(h string) bool { return !strings.Contains(name, h) }) {
				return paths[0]
			}
		}
		t.Fatalf("no output with %v in %v", has, files)
		return ""
	}
	want := keysOfLines(t, filepath.Join(dir, "timeline.jsonl"), "")
	slices.Sort(want)
	var parquetKeys []string
	for _, k := range readParquet[keyRow](t, one("timeline", ".parquet")) {
		parquetKeys = append(parquetKeys, k.text())
	}
	for name, got := range map[string][]string{
		"csv": keysOfTable(t, filepath.Join(dir, "timeline.csv")), "sqlite": keysOfDatabase(t, one(".sqlite")), "parquet": parquetKeys,
		"ecs": keysOfLines(t, one("ecs", "part-0000.ndjson"), "artifactdump"), "timesketch": keysOfLines(t, one("timesketch", ".jsonl"), ""),
		"timesketch-csv": keysOfTable(t, one("timesketch", ".csv")),
	} {
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d rows with other keys than the %d lines", name, len(got), len(want))
		}
	}
	workbookHas(t, one(".xlsx"), want)
	theyLead(t, dir, want)
}

// theyLead demands that each id is one of a program, a start, a window.
func theyLead(t *testing.T, dir string, rows []string) {
	t.Helper()
	met := map[string]bool{}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	programs, story := read("programs.jsonl"), read("story.json")
	for _, r := range rows {
		if met[r] {
			continue
		}
		met[r] = true
		parts := strings.Split(r, " ")
		for i, in := range []string{programs, programs, story} {
			if parts[i] != "" && !strings.Contains(in, `"`+parts[i]+`"`) {
				t.Errorf("%q leads nowhere", parts[i])
			}
		}
	}
	if len(met) < 20 {
		t.Errorf("only %d different keys", len(met))
	}
}
