package sqlitedb

import (
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Table is a table of the schema.
type Table struct {
	Name         string
	SQL          string // the statement that created it
	Root         uint32 // page; 0 for a virtual table, which has no rows of its own
	Columns      []Column
	WithoutRowID bool
	Place        Place // of its row in the schema

	db    *DB
	alias int   // the column that is the rowid, or -1
	order []int // where the record has each column; -1 for those that are not stored
}

// A Column is a column of a table.
type Column struct {
	Name    string
	Type    string // as declared
	NotNull bool
	Primary bool // part of the primary key
	Virtual bool // generated and not stored

	aff affinity
	def Value // for rows older than the column
}

// Column returns the index of a column, compared without regard to case, or -1.
func (t *Table) Column(name string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return strings.EqualFold(c.Name, name) })
}

func schemaTable(db *DB) *Table {
	t := &Table{Name: "sqlite_schema", Root: 1, db: db, alias: -1}
	for i, name := range []string{"type", "name", "tbl_name", "rootpage", "sql"} {
		c := Column{Name: name, Type: "TEXT", aff: affText}
		if name == "rootpage" {
			c.Type, c.aff = "INT", affInteger
		}
		t.Columns = append(t.Columns, c)
		t.order = append(t.order, i)
	}
	return t
}

// readSchema reads the tables, and the roots of the indexes, from the tree at
// page 1. (2.6)
func (db *DB) readSchema() {
	n := 0
	for row, err := range schemaTable(db).Rows() {
		if err != nil {
			db.bad(row.Offset, "schema", err.Error())
			continue
		}
		if n++; n > maxSchema {
			db.bad(row.Offset, "schema", "too many entries")
			return
		}
		root, _ := row.Values[3].Int()
		if root < 0 || root > math.MaxUint32 {
			db.bad(row.Offset, "schema", "root page "+strconv.FormatInt(root, 10))
			continue
		}
		switch row.Values[0].Text() {
		case "index":
			if root != 0 {
				db.indexes = append(db.indexes, uint32(root))
			}
		case "table":
			t := &Table{Name: row.Values[1].Text(), SQL: row.Values[4].Text(), Root: uint32(root), Place: row.Place, db: db}
			t.parse()
			db.tables = append(db.tables, t)
		}
	}
}

// A token is one word of SQL.
type token struct {
	text   string
	quoted bool
}

// is reports whether the token is a keyword.
func (t token) is(word string) bool { return !t.quoted && strings.EqualFold(t.text, word) }

// tokens splits SQL into words: names, numbers, quoted names and strings
// without their quotes, and single characters. A blob X'01' is one token.
func tokens(sql string) []token {
	var out []token
	for i := 0; i < len(sql); {
		c := sql[i]
		switch {
		case c <= ' ':
			i++
		case strings.HasPrefix(sql[i:], "--"):
			i += lengthTo(sql[i:], "\n")
		case strings.HasPrefix(sql[i:], "/*"):
			i += lengthTo(sql[i:], "*/")
		case c == '[':
			n := lengthTo(sql[i:], "]")
			out = append(out, token{strings.Trim(sql[i:i+n], "[]"), true})
			i += n
		case c == '"' || c == '\'' || c == '`':
			text, n := unquote(sql[i:])
			out = append(out, token{text, true})
			i += n
		case isWord(c):
			n := 1
			for i+n < len(sql) && isWord(sql[i+n]) {
				n++
			}
			if n == 1 && (c == 'x' || c == 'X') && i+1 < len(sql) && sql[i+1] == '\'' {
				text, k := unquote(sql[i+1:])
				out = append(out, token{"x'" + text, false})
				i += 1 + k
				continue
			}
			out = append(out, token{sql[i : i+n], false})
			i += n
		default:
			out = append(out, token{sql[i : i+1], false})
			i++
		}
	}
	return out
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$' || c == '.' || c >= 0x80
}

func lengthTo(s, end string) int {
	if i := strings.Index(s, end); i >= 0 {
		return i + len(end)
	}
	return len(s)
}

// unquote reads a quoted text, in which the quote itself is doubled.
func unquote(s string) (text string, n int) {
	var b strings.Builder
	for n = 1; n < len(s); n++ {
		if s[n] == s[0] {
			if n+1 == len(s) || s[n+1] != s[0] {
				return b.String(), n + 1
			}
			n++
		}
		b.WriteByte(s[n])
	}
	return b.String(), n
}

// parse reads the columns from the statement. ("CREATE TABLE" in lang_createtable.html)
func (t *Table) parse() {
	t.alias = -1
	words := tokens(t.SQL)
	open := slices.IndexFunc(words, func(w token) bool { return w.is("(") })
	if open < 0 || len(words) > 1 && words[1].is("VIRTUAL") {
		return
	}
	var primary []string
	direct := false // PRIMARY KEY beside the column itself
	def, depth := []token(nil), 0
	end := func() {
		if len(def) > 0 {
			if names := t.definition(def); names != nil {
				primary, direct = names, !isConstraint(def[0])
			}
		}
		def = nil
	}
	rest := words[open+1:]
	for len(rest) > 0 && depth >= 0 {
		w := rest[0]
		rest = rest[1:]
		switch {
		case w.is("("):
			depth++
		case w.is(")"):
			depth--
		case w.is(",") && depth == 0:
			end()
			continue
		}
		if depth >= 0 {
			def = append(def, w)
		}
	}
	end()
	for i, w := range rest {
		if w.is("WITHOUT") && i+1 < len(rest) && rest[i+1].is("ROWID") {
			t.WithoutRowID = true
		}
	}
	t.layOut(primary, direct)
}

// layOut decides where the record has each column.
func (t *Table) layOut(primary []string, direct bool) {
	var keys []int
	for _, name := range primary {
		if i := t.Column(name); i >= 0 && !slices.Contains(keys, i) {
			keys = append(keys, i)
			t.Columns[i].Primary = true
		}
	}
	// "INTEGER PRIMARY KEY DESC" is no rowid, a quirk that SQLite keeps.
	desc := direct && len(primary) > 1 && primary[1] == ""
	if len(keys) == 1 && !t.WithoutRowID && !desc && strings.EqualFold(t.Columns[keys[0]].Type, "INTEGER") {
		t.alias = keys[0]
	}
	t.order = make([]int, len(t.Columns))
	n := 0
	if t.WithoutRowID {
		// 2.4: the key first, each column once.
		for _, k := range keys {
			t.order[k] = n
			n++
		}
	}
	for i := range t.Columns {
		switch {
		case t.Columns[i].Virtual:
			t.order[i] = -1
		case !t.WithoutRowID || !slices.Contains(keys, i):
			t.order[i] = n
			n++
		}
	}
}

func isConstraint(w token) bool {
	return slices.ContainsFunc([]string{"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"}, w.is)
}

// definition reads one column or one constraint of the table, and returns the
// columns of a primary key. A direct one that is descending has "" behind its name.
func (t *Table) definition(def []token) []string {
	if isConstraint(def[0]) {
		for i := range def {
			if def[i].is("PRIMARY") && i+2 < len(def) && def[i+1].is("KEY") && def[i+2].is("(") {
				return keyColumns(def[i+3:])
			}
		}
		return nil
	}
	if len(t.Columns) == maxColumns {
		return nil
	}
	c := Column{Name: def[0].text}
	i := 1
	for ; i < len(def) && !columnConstraint(def[i]); i++ {
		if c.Type != "" && !def[i].is("(") && !def[i].is(")") && !def[i].is(",") && !strings.HasSuffix(c.Type, "(") {
			c.Type += " "
		}
		c.Type += def[i].text
	}
	c.aff = affinityOf(c.Type)
	primary := c.constraints(def[i:])
	t.Columns = append(t.Columns, c)
	return primary
}

// constraints reads what follows the type of a column.
func (c *Column) constraints(def []token) (primary []string) {
	for i := 0; i < len(def); i++ {
		rest := def[i+1:]
		next := func(word string) bool { return len(rest) > 0 && rest[0].is(word) }
		switch {
		case def[i].is("NOT") && next("NULL"):
			c.NotNull = true
		case def[i].is("PRIMARY") && next("KEY"):
			primary = []string{c.Name}
			if len(rest) > 1 && rest[1].is("DESC") {
				primary = append(primary, "")
			}
		case def[i].is("DEFAULT"):
			c.def = literal(rest, c.aff)
		case def[i].is("SET"):
			i++ // ON DELETE SET DEFAULT
		case def[i].is("AS"):
			after := rest[min(len(rest), 1):]
			after = after[closing(after):]
			c.Virtual = len(after) == 0 || !after[0].is("STORED")
		case def[i].is("("):
			i += closing(rest)
		}
	}
	return primary
}

func columnConstraint(w token) bool {
	return slices.ContainsFunc([]string{"CONSTRAINT", "PRIMARY", "NOT", "NULL", "UNIQUE", "CHECK", "DEFAULT", "COLLATE", "REFERENCES",
		"GENERATED",
		"AS"}, w.is)
}

// closing returns how many words there are up to the parenthesis that closes.
func closing(words []token) int {
	depth := 1
	for i, w := range words {
		switch {
		case w.is("("):
			depth++
		case w.is(")"):
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(words)
}

// keyColumns reads the names in PRIMARY KEY (a COLLATE x DESC, b).
func keyColumns(words []token) []string {
	var out []string
	first, depth := true, 0
	for _, w := range words {
		switch {
		case w.is("("):
			depth++
		case w.is(")"):
			if depth--; depth < 0 {
				return out
			}
		case w.is(",") && depth == 0:
			first = true
		case first:
			out = append(out, w.text)
			first = false
		}
	}
	return out
}

// literal reads the default value of a column, as a row that is older than the
// column has it; NULL when it is an expression. (lang_createtable.html, 3.2)
func literal(words []token, aff affinity) Value {
	neg, signed := false, false
	for len(words) > 0 && (words[0].is("-") || words[0].is("+") || words[0].is("(")) {
		neg = neg != words[0].is("-")
		signed = signed || !words[0].is("(")
		words = words[1:]
	}
	if len(words) == 0 || len(words) > 1 && !words[1].quoted && strings.ContainsAny(words[1].text, "(|*/%<>=+-") {
		return Value{}
	}
	w := words[0]
	sign := ""
	if neg {
		sign = "-"
	}
	switch {
	case w.quoted:
		return textValue(sign + w.text).stored(aff)
	case strings.HasPrefix(w.text, "x'"):
		b, err := hex.DecodeString(w.text[2:])
		if err != nil {
			return Value{}
		}
		return Value{kind: Blob, data: b}
	case w.is("TRUE"), w.is("FALSE"):
		return Value{kind: Int, num: uint64(len("FALSE") - len(w.text))}.stored(aff)
	}
	number, isNumber := numberOf(sign+w.text, true)
	switch {
	case isNumber && number.kind == Float && aff == affText:
		return textValue(sign + w.text) // SQLite keeps how it was written
	case isNumber:
		return number.stored(aff)
	case signed || w.is("NULL") || strings.HasPrefix(strings.ToUpper(w.text), "CURRENT_"):
		return Value{}
	}
	return textValue(w.text).stored(aff) // a bare word is text
}

// stored returns a value as a column with an affinity stores it. (datatype3.html, 3)
func (v Value) stored(aff affinity) Value {
	if v.kind == Text && aff >= affNumeric {
		if n, ok := numberOf(strings.Trim(string(v.data), " \t\n\v\f\r"), false); ok {
			v = n
		}
	}
	switch f, _ := v.Float(); {
	case v.kind == Int && aff == affText:
		return textValue(v.Text())
	case v.kind == Float && (aff == affNumeric || aff == affInteger) && f == math.Trunc(f) && math.Abs(f) < 1<<63:
		return Value{kind: Int, num: uint64(int64(f))}
	}
	return v.as(aff)
}

// numberOf reads a number of SQL. Hexadecimal ones are known only in
// statements, not in text.
func numberOf(s string, hexadecimal bool) (Value, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return Value{kind: Int, num: uint64(n)}, true
	}
	if n, err := strconv.ParseInt(s, 0, 64); err == nil && hexadecimal && strings.Contains(strings.ToLower(s), "0x") {
		return Value{kind: Int, num: uint64(n)}, true
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && !strings.ContainsAny(s, "nNiIpP_xX") {
		return Value{kind: Float, num: math.Float64bits(f)}, true
	}
	return Value{}, false
}

func textValue(s string) Value {
	return Value{kind: Text, enc: UTF8, data: []byte(s)}
}
