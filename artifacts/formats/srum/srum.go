// Package srum reads the tables of the System Resource Usage Monitor,
// SRUDB.dat: bytes sent and received, cycles and disk transfers of each program
// and user, about hour by hour, for 30 to 60 days.
//
// The time of a row is the end of the period in which its sums were taken, not
// the time at which something was done. A row proves that the program ran, sent
// or received between the previous batch and that time. The tables are
// described in docs/formats/ese.md.
package srum

import (
	"errors"
	"iter"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/ese"
)

// Tables by their GUID.
const (
	TableIDs         = "SruDbIdMapTable"
	TableApps        = "{D10CA2FE-6FCF-4F6D-848E-B2E99266FA89}"
	TablePush        = "{D10CA2FE-6FCF-4F6D-848E-B2E99266FA86}"
	TableNetwork     = "{973F5D5C-1D90-4944-BE8E-24B94231A174}"
	TableConnections = "{DD6636C4-8929-4683-974E-22C046A43763}"
	TableTimeline    = "{5C8CF1C7-7257-4F13-B223-970EF5939312}"
)

// titles names the tables for people.
var titles = map[string]string{
	TableApps:                                "application resource usage",
	TablePush:                                "push notifications",
	TableNetwork:                             "network usage",
	TableConnections:                         "network connections",
	TableTimeline:                            "application timeline",
	"{DA73FB89-2BEA-4DDC-86B8-6E048C6DA477}": "energy estimation",
	"{FEE4E14F-02A9-4550-B5CE-5FA2DA202E37}": "energy usage",
	"{FEE4E14F-02A9-4550-B5CE-5FA2DA202E37}LT": "energy usage, long term",
	"{7ACBBAA3-D029-4BE4-9A7A-0885927F1D8F}":   "volume of virtual machine or network quality",
	"{17F4D97B-F26A-5E79-3A82-90040A47D13D}":   "server: volumes",
	"{841A7317-3805-518B-C2EA-AD224CB4AF84}":   "server: disks",
	"{DC3D3B50-BB90-5066-FA4E-A5F90DD8B677}":   "server: processor",
	"{EEE2F477-0659-5C47-EF03-6D6BEFD441B3}":   "server: network adapters",
}

// Title returns what a table holds, or "".
func Title(table string) string { return titles[table] }

// ErrNotSRUM is returned by [Open] for another database.
var ErrNotSRUM = errors.New("srum: database has no SruDbIdMapTable")

// A Database is SRUDB.dat with its ids resolved.
type Database struct {
	*ese.DB
	ids map[int32]*ID
}

// Open reads the table of ids.
func Open(db *ese.DB) (*Database, error) {
	t := db.Table(TableIDs)
	if t == nil {
		return nil, ErrNotSRUM
	}
	d := &Database{DB: db, ids: map[int32]*ID{}}
	kind, index, blob := t.Column("IdType"), t.Column("IdIndex"), t.Column("IdBlob")
	for row, err := range t.Rows() {
		if err != nil {
			continue // in DB.Damage
		}
		n, _ := row.Int(index)
		k, _ := row.Int(kind)
		b, _ := row.Bytes(blob)
		id := parseID(Kind(k), b)
		id.Index, id.Place = int32(n), placeOf(&row)
		d.ids[id.Index] = id
	}
	return d, nil
}

// ID returns what an AppId or a UserId stands for, or nil.
func (d *Database) ID(index int32) *ID { return d.ids[index] }

// IDs returns the number of ids of each kind.
func (d *Database) IDs() map[Kind]int {
	m := map[Kind]int{}
	for _, id := range d.ids {
		m[id.Kind]++
	}
	return m
}

// A Place is where a row is in the file.
type Place struct {
	Page   uint32
	Tag    int
	Offset int64
}

func placeOf(r *ese.Row) Place { return Place{r.Page, r.Tag, r.Offset} }

// A Row is what all tables have in common.
type Row struct {
	Place
	Number int32     // AutoIncId
	Time   time.Time // end of the period, UTC
	AppID  int32
	UserID int32
	App    *ID // nil when the table of ids does not have it
	User   *ID
}

// IO counts the work of a program in the foreground or in the background.
type IO struct {
	Cycles          int64
	ContextSwitches int64
	BytesRead       int64
	BytesWritten    int64
	Reads           int64
	Writes          int64
	Flushes         int64
}

// An App is a row of [TableApps].
type App struct {
	Row
	FaceTime   int64 // 100 ns, as stored
	Foreground IO
	Background IO
}

// A Network is a row of [TableNetwork].
type Network struct {
	Row
	LUID          uint64 // of the interface
	InterfaceType uint16 // IANA: 6 Ethernet, 71 Wi-Fi, 23 PPP
	Profile       int32  // L2ProfileId, 0 none
	ProfileFlags  int32
	Sent          int64 // bytes
	Received      int64
}

// A Connection is a row of [TableConnections].
type Connection struct {
	Row
	LUID          uint64
	InterfaceType uint16
	Profile       int32
	ProfileFlags  int32
	Seconds       int64     // connected
	Start         time.Time // of the connection
}

// A Timeline is a row of [TableTimeline]. Values that are NULL are nil.
type Timeline struct {
	Row
	Flags         int64
	End           time.Time // EndTime
	Duration      *int64    // ms
	Span          *int64    // ms
	InFocus       *int64    // s
	UserInput     *int64    // s
	KeyboardInput *int64    // s
	MouseInput    *int64    // s
	AudioIn       *int64    // s
	AudioOut      *int64    // s
	Cycles        *int64
	Disk          *int64 // DiskRaw
	NetworkBytes  *int64 // NetworkBytesRaw
}

// A Generic is a row of any other table.
type Generic struct {
	Row
	Table  string
	Values []Value // the columns that are not NULL, without those of Row
}

// A Value is a column of a [Generic] row as text.
type Value struct{ Name, Text string }

// Apps returns the rows of [TableApps].
func (d *Database) Apps() iter.Seq2[App, error] {
	return rows(d, TableApps, func(t *ese.Table) func(*ese.Row, Row) App {
		face, fore, back := t.Column("FaceTime"), ioColumns(t, "Foreground"), ioColumns(t, "Background")
		return func(r *ese.Row, base Row) App {
			return App{Row: base, FaceTime: num(r, face), Foreground: fore(r), Background: back(r)}
		}
	})
}

// ioColumns looks the columns of one side up.
func ioColumns(t *ese.Table, side string) func(*ese.Row) IO {
	var c [7]*ese.Column
	names := [len(c)]string{"CycleTime", "ContextSwitches", "BytesRead", "BytesWritten", "NumReadOperations",
		"NumWriteOperations", "NumberOfFlushes"}
	for i, name := range names {
		c[i] = t.Column(side + name)
	}
	return func(r *ese.Row) IO {
		return IO{num(r, c[0]), num(r, c[1]), num(r, c[2]), num(r, c[3]), num(r, c[4]), num(r, c[5]), num(r, c[6])}
	}
}

// Networks returns the rows of [TableNetwork], which servers do not have.
func (d *Database) Networks() iter.Seq2[Network, error] {
	return rows(d, TableNetwork, func(t *ese.Table) func(*ese.Row, Row) Network {
		luid, profile, flags := t.Column("InterfaceLuid"), t.Column("L2ProfileId"), t.Column("L2ProfileFlags")
		sent, received := t.Column("BytesSent"), t.Column("BytesRecvd")
		return func(r *ese.Row, base Row) Network {
			n := uint64(num(r, luid))
			return Network{
				Row: base, LUID: n, InterfaceType: uint16(n >> 48), Profile: int32(num(r, profile)), ProfileFlags: int32(num(r, flags)),
				Sent: num(r, sent), Received: num(r, received),
			}
		}
	})
}

// Connections returns the rows of [TableConnections].
func (d *Database) Connections() iter.Seq2[Connection, error] {
	return rows(d, TableConnections, func(t *ese.Table) func(*ese.Row, Row) Connection {
		luid, profile, flags := t.Column("InterfaceLuid"), t.Column("L2ProfileId"), t.Column("L2ProfileFlags")
		seconds, begin := t.Column("ConnectedTime"), t.Column("ConnectStartTime")
		return func(r *ese.Row, base Row) Connection {
			n := uint64(num(r, luid))
			start, _ := r.Time(begin)
			return Connection{
				Row: base, LUID: n, InterfaceType: uint16(n >> 48), Profile: int32(num(r, profile)), ProfileFlags: int32(num(r, flags)),
				Seconds: num(r, seconds), Start: start,
			}
		}
	})
}

// Timelines returns the rows of [TableTimeline].
func (d *Database) Timelines() iter.Seq2[Timeline, error] {
	return rows(d, TableTimeline, func(t *ese.Table) func(*ese.Row, Row) Timeline {
		return func(r *ese.Row, base Row) Timeline {
			maybe := func(name string) *int64 {
				if n, ok := r.Int(t.Column(name)); ok {
					return &n
				}
				return nil
			}
			end, _ := r.Time(t.Column("EndTime"))
			return Timeline{
				Row: base, Flags: num(r, t.Column("Flags")), End: end,
				Duration: maybe("DurationMS"), Span: maybe("SpanMS"),
				InFocus: maybe("InFocusS"), UserInput: maybe("UserInputS"),
				KeyboardInput: maybe("KeyboardInputS"), MouseInput: maybe("MouseInputS"),
				AudioIn: maybe("AudioInS"), AudioOut: maybe("AudioOutS"),
				Cycles: maybe("Cycles"), Disk: maybe("DiskRaw"), NetworkBytes: maybe("NetworkBytesRaw"),
			}
		}
	})
}

// Others returns the rows of the tables that have no type of their own: those
// of energy, push notifications, virtual machines and servers.
func (d *Database) Others() iter.Seq2[Generic, error] {
	return func(yield func(Generic, error) bool) {
		for _, t := range d.Tables() {
			switch t.Name {
			case TableApps, TableNetwork, TableConnections, TableTimeline:
				continue
			}
			if len(t.Name) < 38 || t.Name[0] != '{' {
				continue
			}
			for row, err := range d.Rows(t.Name) {
				if !yield(row, err) {
					return
				}
			}
		}
	}
}

// Rows returns the rows of any table of usage.
func (d *Database) Rows(table string) iter.Seq2[Generic, error] {
	return rows(d, table, func(*ese.Table) func(*ese.Row, Row) Generic {
		return func(r *ese.Row, base Row) Generic {
			g := Generic{Row: base, Table: table}
			r.Each(func(col *ese.Column, v ese.Value, _ error) bool {
				switch col.Name {
				case "AutoIncId", "TimeStamp", "AppId", "UserId":
				default:
					g.Values = append(g.Values, Value{col.Name, v.Text()})
				}
				return true
			})
			return g
		}
	})
}

func num(r *ese.Row, c *ese.Column) int64 {
	n, _ := r.Int(c)
	return n
}

// rows decodes the rows of a table. A table that is absent has none.
func rows[T any](d *Database, table string, decoder func(*ese.Table) func(*ese.Row, Row) T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		t := d.Table(table)
		if t == nil {
			return
		}
		decode := decoder(t)
		number, at, app, user := t.Column("AutoIncId"), t.Column("TimeStamp"), t.Column("AppId"), t.Column("UserId")
		for row, err := range t.Rows() {
			if err != nil {
				var none T
				if !yield(none, err) {
					return
				}
				continue
			}
			base := Row{Place: placeOf(&row), Number: int32(num(&row, number)), AppID: int32(num(&row, app)),
				UserID: int32(num(&row, user))}
			base.Time, _ = row.Time(at)
			base.App, base.User = d.ids[base.AppID], d.ids[base.UserID]
			if !yield(decode(&row, base), nil) {
				return
			}
		}
	}
}
