package logons

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// parseAddress reads an address with or without a port; IPv4 in IPv6 is IPv4.
func parseAddress(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Unmap().WithZone(""), true
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	return netip.Addr{}, false
}

// cleanAddress returns the address in its short form, or "".
func cleanAddress(s string) string {
	a, ok := parseAddress(s)
	if !ok || a.IsUnspecified() { // 0.0.0.0: a client that gives none
		return ""
	}
	return a.String()
}

func isLocal(s string) bool {
	a, ok := parseAddress(s)
	return ok && a.IsLoopback()
}

// cleanName returns the key of a workstation name, or "" for what is none.
func cleanName(s string) string {
	s = strings.Trim(strings.TrimSpace(s), `\`)
	if s == "-" || s == "" || strings.EqualFold(s, "LOCAL") || strings.EqualFold(s, "UNKNOWN") || s == "0.0.0.0" {
		return ""
	}
	return HostKey(s)
}

// special are ranges that are neither private nor public, by IANA's registries of
// special-purpose addresses: "this network" (RFC 791), shared addresses of providers
// (RFC 6598), protocol assignments (RFC 6890), documentation (RFC 5737, RFC 3849),
// benchmarks (RFC 2544), reserved ones with the broadcast (RFC 1112), the discard
// prefix (RFC 6666) and the former site-local addresses (RFC 3879).
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("fec0::/10"),
}

// IsExternal reports whether an address is public.
func IsExternal(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsValid() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() {
		return false
	}
	return !slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(a) })
}

// A face is an address that a machine's own configuration gives it.
type face struct {
	host, address string
	from, to      time.Time
	ref           Ref
}

// maxFaces bounds the addresses of interfaces.
const maxFaces = 1 << 16

// whyFace is the proof of a join by the configuration of a machine.
const whyFace = "address of the machine's network interface"

// Address takes in an address of a machine's network interface, with the time of its
// lease. An address without an end, which was set by hand, holds until the logs end.
func (b *Builder) Address(host, address string, from, to time.Time, id string) {
	a := cleanAddress(address)
	if host = HostKey(host); host == "" || a == "" || isLocal(a) || from.IsZero() {
		return
	}
	if len(b.faces) >= maxFaces {
		b.dropped++
		return
	}
	b.faces = append(b.faces, face{b.intern(host), b.intern(a), from, to, Ref{ID: id}})
}

// joinFaces joins machines whose logs were read with their own addresses.
func (b *Builder) joinFaces() {
	for _, f := range b.faces {
		if !b.hosts[f.host] {
			continue
		}
		if f.to.IsZero() {
			f.to = b.last
		}
		b.join(f.address, f.host, f.from, f.ref, whyFace)
		if f.to.After(f.from) {
			b.join(f.address, f.host, f.to, f.ref, whyFace)
		}
	}
}
