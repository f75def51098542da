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

	{"ifeo", "A debugger of a program that went under another name, beside settings of Windows.", ifeoCase},
	{"aedebug", "No debugger of crashes, one helper of Windows.", aeDebugCase},
	{"appcertdlls", "The key is there, without values.", appCertDLLsCase},
	{"profiler", "A monitoring product measures one service.", profilerCase},
	{"sessionmanager", "The programs of boot as Windows sets them up.", sessionManagerCase},
	{"pendingrenames", "An updater replaces a DLL at the next boot and deletes its own leftover.", pendingRenamesCase},
	{"knowndlls", "The known DLLs and their two folders.", knownDLLsCase},
	{"environment", "A folder of tools behind mira's path.", environmentCase},
	{"safeboot", "Services and a driver of safe mode.", safeBootCase},
	{"lsa", "The DLLs of log-ons, with the network provider of a VPN client.", lsaCase},
	{"credentialproviders", "The password provider of Windows.", credentialProvidersCase},
	{"amsi", "The virus scanner of Windows scans scripts.", amsiCase},
	{"comhijack", "OneDrive registers a class for mira; it shadows nothing.", comHijackCase},
	{"fileassociations", "Programs, texts and consoles open as they should.", fileAssociationsCase},
	{"apppaths", "The name of a browser.", appPathsCase},
	{"activesetup", "The media player sets itself up once for each user, and did for mira.", activeSetupCase},
	{"print", "The monitors of the print spooler, one of a PDF printer.", printCase},
	{"netsh", "Helpers of Windows.", netshCase},
	{"timeproviders", "The client of the time service, and a provider for virtual machines that is switched off.", timeProvidersCase},
	{"winsock", "A protocol, a name space and the dialler of Windows.", winsockCase},
	{"dnsserver", "No plug-in.", dnsServerCase},
	{"rdpprograms", "The clipboard of remote sessions.", rdpProgramsCase},
	{"shellextensions", "The menu of a packer and an overlay of OneDrive.", shellExtensionsCase},
	{"officeaddins", "An add-in of mira's Outlook.", officeAddinsCase},
	{"browserpolicies", "A program put its extension into Chrome.", browserPoliciesCase},
	{"autostartfiles", "Mira's PowerShell profile, and INI files without entries.", autostartFilesCase},
	{"wmi", "The one subscription that every Windows has.", wmiCase},

	// What leads out.
	{"firewall", "Rules of Windows, and one that lets the implant listen.", firewallCase},
	{"firewalllog", "Two dropped packets; one of them is the intruder's, before the rule was there.", firewallLogCase},
	{"portproxy", "What comes to port 3390 goes to the remote desktop of the server beside.", portProxyCase},
	{"proxies", "The connections of both users, and of the services, without a proxy.", proxiesCase},
	{"nrpt", "The VPN client's server answers for the names of the office.", nrptCase},
	{"bits", "A job database, of which only the head is there.", bitsCase},
	{"cryptnet", "A revocation list that Windows fetched for mira.", cryptnetCase},

	// What ran, and what it met.
	{"hosts", "One line sends the signature updates of the virus scanner to the machine itself.", hostsCase},
	{"prefetch", "A week of ordinary programs, and the intruder's, each with the times of its launches.", prefetchCase},
}
