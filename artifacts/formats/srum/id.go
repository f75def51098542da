package srum

import (
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A Kind is the type of an id.
type Kind uint8

const (
	Program Kind = 0 // a path, or name, link time and checksum of a program of the system
	Service Kind = 1
	Package Kind = 2
	User    Kind = 3 // SID
	Object  Kind = 4 // servers: a volume, disk, processor or adapter, as text
)

func (k Kind) String() string {
	names := [...]string{"program", "service", "package", "user", "object"}
	if int(k) < len(names) {
		return names[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// An ID is an entry of the table of ids.
type ID struct {
	Place
	Index int32
	Kind  Kind
	Text  string // as stored; of a user the SID as S-1-…; "" means the system itself

	// Path is the device path of a program, or only its file name when the
	// table does not have the path.
	Path string
	// Groups are what follows in brackets: of svchost.exe the group of
	// services and the service.
	Groups []string
	// Package is the full name of a package, App its application.
	Package string
	App     string
	// LinkTime and Checksum are those in the header of the program file.
	// The time of a reproducible build is a hash and no time: any year
	// between 1970 and 2106 is seen.
	LinkTime time.Time
	Checksum uint32
}

func parseID(kind Kind, b []byte) *ID {
	id := &ID{Kind: kind}
	if kind == User {
		id.Text, _ = wire.SID(b)
		return id
	}
	id.Text = wire.UTF16Z(b)
	switch kind {
	case Program:
		id.parseProgram(id.Text)
	case Package:
		id.parsePackage(id.Text)
	}
	return id
}

// parseProgram reads \Device\HarddiskVolume3\…\name.exe [group], or
// !!name.exe!yyyy/mm/dd:hh:mm:ss!checksum![group] [service].
func (id *ID) parseProgram(s string) {
	if rest, ok := strings.CutPrefix(s, "!!"); ok {
		if f := strings.SplitN(rest, "!", 4); len(f) == 4 {
			id.Path = f[0]
			id.image(f[1], f[2])
			_, id.Groups = groups(" " + f[3])
			return
		}
	}
	id.Path, id.Groups = groups(s)
}

// parsePackage reads package!app!name.exe!yyyy/mm/dd:hh:mm:ss!checksum!, or the
// package alone.
func (id *ID) parsePackage(s string) {
	f := strings.Split(s, "!")
	id.Package = f[0]
	if len(f) > 1 {
		id.App = f[1]
	}
	if len(f) > 4 {
		id.Path = f[2]
		id.image(f[3], f[4])
	}
}

func (id *ID) image(link, sum string) {
	id.LinkTime, _ = time.Parse("2006/01/02:15:04:05", link)
	if id.LinkTime.Unix() == 0 {
		id.LinkTime = time.Time{} // not known
	}
	n, _ := strconv.ParseUint(sum, 16, 32)
	id.Checksum = uint32(n)
}

// groups cuts the groups in brackets off the end of a text.
func groups(s string) (rest string, list []string) {
	for strings.HasSuffix(s, "]") {
		i := strings.LastIndex(s, " [")
		if i < 0 {
			break
		}
		list = append([]string{s[i+2 : len(s)-1]}, list...)
		s = s[:i]
	}
	return s, list
}
