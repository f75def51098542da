// Package openssh reads the files of the OpenSSH client and server that say
// who may log on and which hosts were contacted: authorized_keys, known_hosts,
// and the settings of ssh_config and sshd_config. (Manual pages sshd(8) and
// ssh_config(5).) Public keys are given by their fingerprint; private keys are
// recognised and never read.
package openssh

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"iter"
	"strings"
)

// maxLine bounds a line; OpenSSH reads no longer ones.
const maxLine = 8192

// A Line is a place in a file.
type Line struct {
	Offset int64
	Number int // from 1
}

// A Key is a line of authorized_keys.
type Key struct {
	Line
	Options     string // command="…", from="…" and others, as they are
	Type        string // ssh-ed25519, ssh-rsa …
	Fingerprint string // SHA256:…, as ssh-keygen -l prints it
	Comment     string
	Damage      string // why the line is not a key, or ""
}

// A Host is a line of known_hosts.
type Host struct {
	Line
	Marker      string   // @cert-authority, @revoked
	Names       []string // with patterns and ports as they are
	Hashed      bool     // the name is a hash, and cannot be read
	Type        string
	Fingerprint string
	Comment     string
	Damage      string
}

// A Setting is a line of a configuration file.
type Setting struct {
	Line
	Block string // "Match …" or "Host …" that it belongs to
	Name  string
	Value string
}

// lines yields the lines that are neither empty nor comments.
func lines(b []byte) iter.Seq2[Line, string] {
	return func(yield func(Line, string) bool) {
		text := bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF"))
		off, n := int64(len(b)-len(text)), 0
		for raw := range bytes.Lines(text) {
			n++
			at := off
			off += int64(len(raw))
			s := strings.TrimSpace(string(raw[:min(len(raw), maxLine)]))
			if s != "" && s[0] != '#' && !yield(Line{at, n}, s) {
				return
			}
		}
	}
}

// AuthorizedKeys reads authorized_keys or administrators_authorized_keys.
func AuthorizedKeys(b []byte) []Key {
	var out []Key
	for at, s := range lines(b) {
		k := Key{Line: at}
		first, rest := field(s)
		if !isKeyType(first) {
			k.Options = first
			first, rest = field(rest)
		}
		k.Type = first
		blob, comment := field(rest)
		k.Comment = comment
		k.Fingerprint, k.Damage = fingerprint(k.Type, blob)
		out = append(out, k)
	}
	return out
}

// KnownHosts reads known_hosts.
func KnownHosts(b []byte) []Host {
	var out []Host
	for at, s := range lines(b) {
		h := Host{Line: at}
		first, rest := field(s)
		if strings.HasPrefix(first, "@") {
			h.Marker = first
			first, rest = field(rest)
		}
		h.Hashed = strings.HasPrefix(first, "|1|")
		h.Names = strings.Split(first, ",")
		h.Type, rest = field(rest)
		blob, comment := field(rest)
		h.Comment = comment
		h.Fingerprint, h.Damage = fingerprint(h.Type, blob)
		out = append(out, h)
	}
	return out
}

// Settings reads ssh_config or sshd_config.
func Settings(b []byte) []Setting {
	var out []Setting
	block := ""
	for at, s := range lines(b) {
		name, value := s, ""
		if i := strings.IndexAny(s, " \t="); i >= 0 {
			name, value = s[:i], strings.TrimLeft(s[i:], " \t=")
		}
		if strings.EqualFold(name, "Match") || strings.EqualFold(name, "Host") {
			block = name + " " + value
			continue
		}
		out = append(out, Setting{at, block, name, value})
	}
	return out
}

// field cuts the first field off. Options may have quoted blanks.
func field(s string) (first, rest string) {
	quoted := false
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' && (i == 0 || s[i-1] != '\\'):
			quoted = !quoted
		case (c == ' ' || c == '\t') && !quoted:
			return s[:i], strings.TrimLeft(s[i:], " \t")
		}
	}
	return s, ""
}

func isKeyType(s string) bool {
	for _, prefix := range []string{"ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}

// fingerprint hashes a key, which names its own type: u32 length, type. (RFC
// 4253, 6.6)
func fingerprint(kind, blob string) (sum, damage string) {
	b, err := base64.StdEncoding.DecodeString(blob)
	switch {
	case !isKeyType(kind):
		return "", "no type of a key"
	case err != nil || len(b) < 4:
		return "", "the key is not base64"
	}
	if n := int64(binary.BigEndian.Uint32(b)); n > int64(len(b)-4) || string(b[4:4+n]) != kind {
		return "", "the key is of another type"
	}
	h := sha256.Sum256(b)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(h[:]), ""
}

// IsPrivateKey reports whether a file begins like a private key.
func IsPrivateKey(head []byte) bool {
	s := string(bytes.TrimSpace(head[:min(len(head), 200)]))
	first, _, _ := strings.Cut(s, "\n")
	return strings.HasPrefix(first, "-----BEGIN ") && strings.Contains(first, "PRIVATE KEY-----") ||
		strings.HasPrefix(first, "PuTTY-User-Key-File-")
}
