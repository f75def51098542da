package collect

import (
	"strings"
	"unicode/utf8"
)

// Velociraptor writes each component of an uploaded file's path so that any file system and any zip can hold it: / \ : * ? " < > | %,
// bytes that are not UTF-8, and a dot or a space at either end become %XX; all else stays.

// decodeComponent undoes that once; a percent sign without two hex digits behind it stays as it is.
func decodeComponent(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi >= 0 && lo >= 0 {
				b = append(b, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

// encodeComponent is the other direction, to find the stored name of a file whose components uploads.json lists.
func encodeComponent(s string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		edge := (i == 0 || i+size == len(s)) && (s[i] == '.' || s[i] == ' ')
		if r == utf8.RuneError && size == 1 || strings.ContainsRune(`/\:*?"<>|%`, r) || edge {
			b.WriteByte('%')
			b.WriteByte(digits[s[i]>>4])
			b.WriteByte(digits[s[i]&15])
		} else {
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// plainName reports whether a decoded component can stand as one component of an fs path: %2F inside is a slash of a name and never a
// separator, and %2E%2E leads nowhere. The others keep the form in which they are stored.
func plainName(s string) bool {
	return s != "" && s != "." && s != ".." && !strings.ContainsAny(s, "/\\\x00")
}

// EncodeComponent spells one component of a path as Velociraptor stores it, so that any file system and any zip can hold it.
func EncodeComponent(s string) string { return encodeComponent(s) }
