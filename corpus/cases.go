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

	// What starts by itself.
	{"runkeys", "Entries in the lists beside Run: a 32-bit one, a section of RunOnceEx, one that deletes itself.", runKeysCase},
	{"startupapproved", "Mira switched OneDrive off, and the helper of a printer.", startupApprovedCase},
	{"winlogon", "The log-on process as Windows sets it up.", winlogonCase},
	{"windowsload", "The values that win.ini once held, empty.", windowsLoadCase},
	{"logonscripts", "A local policy runs a script that connects a network drive.", logonScriptsCase},
	{"screensaver", "Bubbles after ten minutes for mira.", screensaverCase},
	{"commandprocessor", "Every cmd.exe of mira's sets its code page.", commandProcessorCase},
	{"startupfolder", "A shortcut of mira's to a program for notes.", startupFolderCase},
	{"shellfolders", "The start menu of both users lies where it should.", shellFoldersCase},
	{"tasks", "The intruder's task runs a DLL on Mondays, beside three ordinary ones.", tasksCase},
	{"taskcache", "The same tasks in the registry; the intruder's has no security descriptor there.", taskCacheCase},
	{"jobs", "An updater of the old kind left a .job file.", jobsCase},

	// What ran, and what it met.
	{"hosts", "One line sends the signature updates of the virus scanner to the machine itself.", hostsCase},
	{"prefetch", "A week of ordinary programs, and the intruder's, each with the times of its launches.", prefetchCase},
}
