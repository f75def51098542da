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

	// What users did.
	{"runmru", "Commands given to the Run dialog; on daniel's desktop a shell, moments before the discovery.", runMRUCase},
	{"typedurls", "Addresses typed into Internet Explorer: the implant's download, and the one that every profile has.", typedURLsCase},
	{"typedpaths", "Folders typed into Explorer's address bar.", typedPathsCase},
	{"wordwheelquery", "Searches in Explorer: the intruder looks for passwords.", searchesCase},
	// What the registry and small files remember of programs.
	{"shimcache", "The cache as the last shutdown wrote it: what ran and, among it, the intruder's programs.", shimcacheCase},
	{"userassist", "What both users started from the desktop, beside the entries that a profile is born with.", userAssistCase},
	{"bam", "The last activity of programs by account; the intruder's are daniel's.", bamCase},
	{"amcachefiles", "Programs with their hashes; two of the intruder's bear other names than they were built with.", amcacheFilesCase},
	{"amcacheprograms", "One installed program.", amcacheProgramsCase},
	{"amcachedrivers", "Two drivers, one of them no part of Windows.", amcacheDriversCase},
	{"amcacheshortcuts", "One shortcut of the Start menu.", amcacheShortcutsCase},
	{"amcachedevices", "A USB stick.", amcacheDevicesCase},
	{"recentfilecache", "Two programs that Windows 7 had noted before the upgrade.", recentFileCacheCase},
	{"muicache", "The implant calls itself a part of Windows.", muiCacheCase},
	{"appcompatflags", "A scanner program that always runs as administrator.", appCompatFlagsCase},
	{"compatassistant", "Two programs that were watched; the time inside is no time of a start.", compatAssistantCase},
	{"recentapps", "What an older Windows 10 kept of one program and one document.", recentAppsCase},
	{"featureusage", "Counters of the taskbar.", featureUsageCase},
	{"pca", "The launches and one crash that a Windows 11 would have noted.", pcaCase},
	{"radar", "Two programs that used much memory.", radarCase},
	{"tracing", "Programs that loaded the remote access library, the intruder's scanner among them.", tracingCase},
	{"jumplistdata", "The last use of two programs.", jumplistDataCase},
	{"consentstore", "The implant listened to the microphone for half a minute.", consentStoreCase},
	{"wer", "The implant crashed.", werCase},
	{"syscache", "One file that Windows 7 had identified.", syscacheCase},
	{"sysinternals", "PsExec, accepted by hand; and a suite, accepted by an installer.", sysinternalsCase},
	{"prefetchlayout", "A program that has no prefetch file any more.", prefetchLayoutCase},
	{"recyclebin", "The scanner, thrown away by the intruder; a text of mira's; two files of an old stick.", recycleBinCase},
	{"usagetracking", "Program starts are tracked for mira; daniel's recent documents are not, since the intrusion.", usageTrackingCase},
	{"shims", "A shim database of the intruder's for a program of the log-on screen.", shimsCase},
}
