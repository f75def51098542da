// Command duckdb runs queries with DuckDB, for tests: it prints the rows of each
// query, a line for each, with | between the columns.
//
//	duckdb QUERY…
//
// It is a module of its own, because DuckDB is a library in C++ of 60 MB.
package main

import (
	"bufio"
	"database/sql"
	"fmt"
	"os"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "duckdb:", err)
		os.Exit(1)
	}
}

func run(queries []string) error {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return err
	}
	defer db.Close()
	w := bufio.NewWriter(os.Stdout)
	for _, q := range queries {
		if err := query(w, db, q); err != nil {
			return fmt.Errorf("%s: %w", q, err)
		}
	}
	return w.Flush()
}

func query(w *bufio.Writer, db *sql.DB, q string) error {
	rows, err := db.Query(q)
	if err != nil {
		return err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	values, to := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		to[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(to...); err != nil {
			return err
		}
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = fmt.Sprint(v)
		}
		fmt.Fprintln(w, strings.Join(texts, "|"))
	}
	return rows.Err()
}
