// Package oracle compares package sqlitedb with SQLite itself. It has tests
// only, and is apart so that the fuzz targets of sqlitedb do not link SQLite.
package oracle
