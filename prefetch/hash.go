package prefetch

import (
	"fmt"
	"path"
	"strings"
	"unicode/utf16"
)

// The hash of a file is a polynomial in 37 over the bytes of the UTF-16LE text: one function for version 17, one for all later
// versions. The one published for "Windows 2008" is the same, unrolled. docs/formats/prefetch.md, "The hash".
const (
	hashBase = 37
	hashSeed = 314159

	hash17Factor  = 314159269
	hash17Modulus = 1000000007
)

// Hash returns the value that Windows computes for a program: the four bytes at the end of a prefetch file's name. devicePath is the
// executable's path as the kernel has it, in upper case: \DEVICE\HARDDISKVOLUME2\WINDOWS\SYSTEM32\CMD.EXE. commandLine counts for
// hosting applications only (DLLHOST, MMC, RUNDLL32, SVCHOST, TASKHOST), exactly as it was passed; for others give "".
//
// The number k of /prefetch:k on a command line is added to the hash.
func Hash(v Version, devicePath, commandLine string) uint32 {
	h := finish(v, termOf(devicePath).apply(seed(v)))
	if commandLine != "" {
		h += finish(v, termOf(commandLine).apply(seed(v)))
	}
	return h
}

// HashPackage returns what is added to [Hash] for a process with package identity, from version 26
// on: fullName is the full name of its package,
// appID the part of its application user model id after the exclamation mark, both in their own case.
func HashPackage(fullName, appID string) uint32 {
	return termOf(fullName).apply(hashSeed) + termOf(appID).apply(hashSeed)
}

func seed(v Version) uint32 {
	if v == V17 {
		return 0
	}
	return hashSeed
}

// finish makes the hash of a text out of its polynomial.
func finish(v Version, h uint32) uint32 {
	if v != V17 {
		return h
	}
	h *= hash17Factor
	if h > 0x8000_0000 {
		h = -h
	}
	return h % hash17Modulus
}

// A term is what a piece of text does to the polynomial of the text before it. It does not depend on that text, so that the rest of a
// path is worked out once and then applied to each volume it may be on.
type term struct{ mul, add uint32 }

func (t term) apply(h uint32) uint32 { return h*t.mul + t.add }

// then is the term of t's text followed by u's.
func (t term) then(u term) term { return term{t.mul * u.mul, t.add*u.mul + u.add} }

func (t term) unit(u uint16) term {
	return term{t.mul * hashBase * hashBase, (t.add*hashBase+uint32(u&0xFF))*hashBase + uint32(u>>8)}
}

func termOf(s string) term {
	t := term{mul: 1}
	for i, r := range s {
		if r >= 0x80 {
			for _, u := range utf16.Encode([]rune(s[i:])) {
				t = t.unit(u)
			}
			break
		}
		t = term{t.mul * hashBase * hashBase, (t.add*hashBase + uint32(r)) * hashBase}
	}
	return t
}

// termOfRaw is termOf for text as stored, UTF-16LE.
func termOfRaw(b []byte) term {
	t := term{mul: 1}
	for i := 0; i+2 <= len(b); i += 2 {
		t = t.unit(le.Uint16(b[i:]))
	}
	return t
}

// FileName returns the name that Windows gives to the file: the executable's name and the hash.
func (f *File) FileName() string { return fmt.Sprintf("%s-%08X.pf", f.Executable, f.Hash) }

// NameMatches reports whether name, with or without its folder, is the one that Windows gives to the file. A file that was renamed is
// not damaged, but its name is no evidence.
func (f *File) NameMatches(name string) bool {
	return strings.EqualFold(path.Base(strings.ReplaceAll(name, `\`, "/")), f.FileName())
}
