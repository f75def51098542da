package corpus

// Cases is what the incident consists of: one line for each artifact, in the order of writing. The first ones lay
// the ground that the others build on.
var Cases = []Case{
	// The machine.
	{"system", "Name, clock, switches and volumes of a Windows 10 computer in Tokyo.", systemCase},
	{"services", "Ordinary services, and PsExec's, which stayed when the intruder's connection was cut.", servicesCase},
	{"software", "Windows 10 22H2 with its defaults, and two user profiles.", softwareCase},
	{"defender", "The implant's folder is excluded from scans; only the logs of SOFTWARE know it.", defenderCase},
	{"accounts", "Two users, both administrators; the last wrong password for one of them, minutes before the intrusion.", samCase},
	{"users", "A Run value of daniel starts the implant, and a proxy that only the logs of his hive know.", usersCase},
	{"amcache", "The tables of the program inventory, empty.", amcacheCase},

	// What ran, and what it met.
	{"hosts", "One line sends the signature updates of the virus scanner to the machine itself.", hostsCase},
	{"prefetch", "A week of ordinary programs, and the intruder's, each with the times of its launches.", prefetchCase},

	// What users did.
	{"runmru", "Commands given to the Run dialog; on daniel's desktop a shell, moments before the discovery.", runMRUCase},
	{"typedurls", "Addresses typed into Internet Explorer: the implant's download, and the one that every profile has.", typedURLsCase},
	{"typedpaths", "Folders typed into Explorer's address bar.", typedPathsCase},
	{"wordwheelquery", "Searches in Explorer: the intruder looks for passwords.", searchesCase},
}
