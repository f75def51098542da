package corpus

import "strings"

// hostsCase writes the file that names resolve by first. The last line is the intruder's.
func hostsCase(m *Machine) {
	lines := []string{
		"# Names that resolve without asking a server: address, blank, name.",
		"#\t127.0.0.1       localhost",
		"#\t::1             localhost",
		"192.0.2.40      printer.kestrel.example   # third floor",
		"127.0.0.1       definitionupdates.microsoft.com",
	}
	m.File("Windows/System32/drivers/etc/hosts", []byte(strings.Join(lines, "\r\n")+"\r\n"))
}
