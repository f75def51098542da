package events

import (
	"fmt"
	"strconv"
	"strings"
)

// logonTypes are the types of log-ons (Microsoft, "4624: An account was
// successfully logged on").
var logonTypes = map[string]string{
	"0": "system start", "2": "at the machine", "3": "network", "4": "batch", "5": "service", "7": "unlock",
	"8": "network, clear text password",
	"9": "new credentials", "10": "Remote Desktop", "11": "cached credentials", "12": "cached remote", "13": "cached unlock",
}

// LogonType returns the words for a type of log-on, or "".
func LogonType(s string) string { return logonTypes[s] }

// statuses are NTSTATUS values of failed log-ons ([MS-ERREF] 2.3).
var statuses = map[uint64]string{
	0xC0000064: "no such user", 0xC000006A: "wrong password", 0xC000006D: "wrong name or password", 0xC000006E: "account restriction",
	0xC000006F: "outside the allowed hours", 0xC0000070: "wrong workstation", 0xC0000071: "password expired",
	0xC0000072: "account disabled",
	0xC000015B: "log-on right not granted", 0xC0000193: "account expired", 0xC0000224: "password must be changed",
	0xC0000234: "account locked",
	0xC0000133: "clocks differ", 0xC00002EE: "authentication firewall", 0xC0000413: "authentication firewall",
	0xC0000192: "the Netlogon service is not running",
	0xC000005E: "no log-on server", 0xC00000DC: "wrong server state", 0xC000018C: "trust failed", 0xC000018D: "trust failed",
}

// kerberosCodes are result codes of tickets (RFC 4120, 7.5.9).
var kerberosCodes = map[uint64]string{
	0x0: "granted", 0x6: "no such client", 0x7: "no such service", 0x9: "no key", 0xC: "policy or hours", 0xE: "encryption not supported",
	0xF: "checksum type not supported", 0x12: "disabled, locked or expired", 0x17: "password expired", 0x18: "wrong password",
	0x19: "pre-authentication needed",
	0x1B: "user to user needed", 0x1D: "service unavailable", 0x1F: "ticket altered", 0x20: "ticket expired", 0x22: "replay",
	0x25: "clocks differ",
	0x26: "wrong address", 0x29: "message modified", 0x3C: "generic error",
}

// StatusText returns the words for a status or result code, or "".
func StatusText(s string) string {
	n, ok := Number(s)
	if !ok {
		return ""
	}
	if t := statuses[n]; t != "" {
		return t
	}
	return kerberosCodes[n]
}

// encryptions are encryption types of Kerberos tickets (RFC 3961, RFC 4757).
var encryptions = map[uint64]string{0x1: "DES", 0x3: "DES", 0x11: "AES-128", 0x12: "AES-256", 0x17: "RC4", 0x18: "RC4 export",
	0xFFFFFFFF: "none"}

// parameters are message numbers that Windows writes as %%nnnn (message table
// of msobjs.dll).
var parameters = map[string]string{
	"%%1537": "DELETE", "%%1538": "READ_CONTROL", "%%1539": "WRITE_DAC", "%%1540": "WRITE_OWNER", "%%1541": "SYNCHRONIZE",
	"%%1793": "unchanged", "%%1833": "impersonation", "%%1842": "yes", "%%1843": "no",
	"%%4416": "read", "%%4417": "write", "%%4418": "append", "%%4423": "read attributes",
	"%%4432": "query value", "%%4433": "set value", "%%4434": "create subkey", "%%4435": "enumerate subkeys",
	"%%1904": "value created", "%%1905": "value changed", "%%1906": "value deleted",
	"%%1936": "full token", "%%1937": "elevated token", "%%1938": "limited token",
	"%%2304": "wrong name or password", "%%2305": "account expired", "%%2306": "outside the allowed hours", "%%2307": "account locked",
	"%%2308": "log-on type not granted", "%%2309": "password expired", "%%2310": "account disabled", "%%2313": "wrong name or password",
	"%%8448": "success removed", "%%8449": "success added", "%%8450": "failure removed", "%%8451": "failure added",
	"%%14592": "inbound", "%%14593": "outbound", "%%14674": "value added", "%%14675": "value deleted",
}

// Parameter returns the words for a value such as "%%4416, %%4417". Unknown
// numbers stay as they are.
func Parameter(s string) string {
	if !strings.Contains(s, "%%") {
		return s
	}
	f := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' || r == '\r' || r == '\n' })
	for i, p := range f {
		if t := parameters[p]; t != "" {
			f[i] = t
		} else if t := accountControl(p); t != "" {
			f[i] = t
		}
	}
	return strings.Join(f, ", ")
}

// accountBits are the bits of OldUacValue and NewUacValue ([MS-SAMR] 2.2.1.12).
var accountBits = [...]string{
	0: "disabled", 2: "no password required", 4: "normal user", 7: "workstation", 8: "server", 9: "password never expires",
	11: "reversible password",
	12: "smart card required", 13: "trusted for delegation", 14: "not delegated", 15: "DES only", 16: "no pre-authentication",
	17: "password expired",
	18: "trusted to act for others",
}

// accountControl reads one entry of UserAccountControl: 2080 plus the number of
// a bit that was switched on, 2048 plus that of one that was switched off
// (measured on 169 of 169 events).
func accountControl(p string) string {
	n, err := strconv.Atoi(strings.TrimPrefix(p, "%%"))
	if err != nil || n < 2048 || n >= 2112 {
		return ""
	}
	bit, state := n-2048, "off"
	if bit >= 32 {
		bit, state = bit-32, "on"
	}
	if bit < len(accountBits) && accountBits[bit] != "" {
		return accountBits[bit] + " " + state
	}
	return fmt.Sprintf("bit %d %s", bit, state)
}

// explain adds words to values that are codes.
func explain(field, v string) string {
	if v == "" {
		return ""
	}
	words := ""
	switch field {
	case "LogonType":
		words = LogonType(v)
	case "Status", "SubStatus", "FailureCode", "ErrorCode":
		words = StatusText(v)
	case "TicketEncryptionType":
		if n, ok := Number(v); ok {
			words = encryptions[n]
		}
	default:
		return Parameter(v)
	}
	if words == "" {
		return v
	}
	return v + ", " + words
}
