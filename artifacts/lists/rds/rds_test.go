package rds

import (
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/lists"
)

const (
	sha1A   = "0123456789ABCDEF0123456789ABCDEF01234567"
	sha256A = "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"
)

// database writes a database with the tables of a minimal RDSv3.
func database(t *testing.T, more ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "RDS #1.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range append([]string{
		"CREATE TABLE PKG(package_id INTEGER, name TEXT)", "CREATE TABLE VERSION(version TEXT)",
		"CREATE TABLE FILE(sha256 TEXT, sha1 TEXT, md5 TEXT, file_name TEXT, package_id INTEGER)",
		"INSERT INTO FILE VALUES('" + sha256A + "', '" + sha1A + "', '" + sha1A[:32] + "', 'psexec.exe', 1)",
	}, more...) {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func read(path string) (*lists.Set, error) {
	s := new(lists.Set)
	return s, s.Add(path, lists.Good, &lists.Options{SQLite: Open})
}

func TestLookup(t *testing.T) {
	path := database(t, "CREATE INDEX i ON FILE(sha1)", "CREATE INDEX j ON FILE(md5) WHERE package_id = 2",
		"INSERT INTO FILE VALUES('', 'aa23456789abcdef0123456789abcdef01234567', '', 'lower', 1)")
	before, _ := os.ReadFile(path)
	s, err := read(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m, ok := s.Good(lists.SHA1, strings.ToLower(sha1A))
	if !ok || m.Name != "psexec.exe" || m.Doubt != "" {
		t.Errorf("%+v %v", m, ok)
	}
	if _, ok := s.Good(lists.SHA1, "AA23456789ABCDEF0123456789ABCDEF01234567"); !ok {
		t.Error("a hash in lower case is not found")
	}
	for kind, sum := range map[lists.Kind]string{lists.SHA1: strings.Repeat("1", 40), lists.SHA256: sha256A, lists.MD5: sha1A[:32]} {
		if _, ok := s.Good(kind, sum); ok {
			t.Errorf("%s is found without an index, or is unknown", kind)
		}
	}
	l := s.Lists[0]
	if l.Format != "nsrl" || l.Entries != 2 || len(l.Problems) != 2 {
		t.Errorf("%+v", l.Summary)
	}
	if after, _ := os.ReadFile(path); !slices.Equal(before, after) {
		t.Error("the database was written to")
	}
}

// A view is code of the list: it is never run.
func TestHostile(t *testing.T) {
	endless := "CREATE VIEW METADATA AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n FROM r) SELECT n AS sha1 FROM r"
	if s, err := read(database(t, endless)); err == nil || !strings.Contains(err.Error(), "index") {
		s.Close()
		t.Errorf("a database without an index: %v", err)
	}
	path := database(t, "CREATE INDEX i ON FILE(sha1)")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{100, 1000, len(b) / 2, len(b) - 100} {
		c := slices.Clone(b)
		for i := at; i < min(at+60, len(c)); i++ {
			c[i] ^= 0xff
		}
		if err := os.WriteFile(path, c, 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := read(path); err == nil {
			s.Good(lists.SHA1, sha1A)
			s.Close()
		}
	}
	if err := os.WriteFile(path, []byte("SQLite format 3\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := read(path); err == nil {
		t.Error("a database that ends after its header is read")
	}
	if err := (&lists.Set{}).Add(path, lists.Good, nil); err == nil {
		t.Error("a database is read without the package for it")
	}
}

// TestFull reads a database with the tables and views of a full RDSv3, made with
// the program sqlite3 where there is one: METADATA has the hashes, and FILE, MFG, OS
// and PKG are views.
func TestFull(t *testing.T) {
	schema := `CREATE TABLE METADATA(metadata_id INTEGER PRIMARY KEY, object_id INTEGER, sha256 VARCHAR, sha1 VARCHAR, md5 VARCHAR,
			file_name VARCHAR, extension VARCHAR, bytes INTEGER, package_object_id INTEGER);
		CREATE TABLE PACKAGE_OBJECT(package_id INTEGER, name VARCHAR, version VARCHAR);
		CREATE TABLE VERSION(version VARCHAR, build_set VARCHAR, release_date VARCHAR);
		CREATE VIEW FILE AS SELECT sha256, sha1, md5, file_name, bytes AS file_size, package_object_id AS package_id FROM METADATA;
		CREATE VIEW PKG AS SELECT package_id, name, version FROM PACKAGE_OBJECT;
		CREATE VIEW OS AS SELECT 1 AS operating_system_id; CREATE VIEW MFG AS SELECT 1 AS manufacturer_id;
		CREATE INDEX by_sha1 ON METADATA(sha1); CREATE INDEX by_sha256 ON METADATA(sha256);
		INSERT INTO METADATA VALUES(1, 7, '` + sha256A + `', '` + sha1A + `', '` + sha1A[:32] + `', 'psexec.exe', 'exe', 833472, 1);`
	path := filepath.Join(t.TempDir(), "RDS_modern.db")
	tool, err := exec.LookPath("sqlite3")
	if err == nil {
		cmd := exec.Command(tool, path)
		cmd.Stdin = strings.NewReader(schema)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("sqlite3: %v: %s", err, out)
		}
	} else {
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(schema); err != nil {
			t.Fatal(err)
		}
		db.Close()
	}
	s, err := read(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for kind, sum := range map[lists.Kind]string{lists.SHA1: sha1A, lists.SHA256: sha256A} {
		if m, ok := s.Good(kind, strings.ToLower(sum)); !ok || m.Name != "psexec.exe" {
			t.Errorf("%s: %+v %v", kind, m, ok)
		}
	}
	if _, ok := s.Good(lists.SHA1, strings.Repeat("0", 40)); ok {
		t.Error("an unknown hash is found")
	}
}
