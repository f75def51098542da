// Package persistence decodes what starts automatically: services, tasks, and
// every setting by which Windows loads a program or a DLL.
//
// Each artifact is one file with its record type, its declaration and its decoder;
// [Artifacts] lists them.
package persistence

import (
	"encoding/binary"

	"github.com/artifactdump/artifactdump/artifacts"
)

var le = binary.LittleEndian

var chapter = artifacts.Chapter("Persistence",
	shims,
	runKeys,
	startupApproved,
	winlogon,
	windowsLoad,
	logonScripts,
	screensaver,
	commandProcessor,
	startupFolder,
	shellFolders,
	services,
	tasks,
	taskCache,
	jobs,
	ifeo,
	aeDebug,
	appCertDLLs,
	profiler,
	sessionManager,
	pendingRenames,
	knownDLLs,
	environment,
	safeBoot,
	lsa,
	credentialProviders,
	amsi,
	comHijack,
	fileAssociations,
	appPaths,
	activeSetup,
	printers,
	netsh,
	timeProviders,
	winsock,
	dnsServer,
	rdpPrograms,
	shellExtensions,
	officeAddins,
	browserPolicies,
	autostartFiles,
	webScripts,
	wmiSubscription,
	appxDebug,
	signatureHooks,
	groupPolicy,
	mediaDrivers,
	msdtc,
	telemetryCommands,
	explorerTools,
	htmlHelp,
	searchFilters,
	controlPanel,
	typeLibs,
)

// Artifacts returns the artifacts of the chapter in the order of the catalogue. The
// result is shared: do not change it.
func Artifacts() []*artifacts.Artifact { return chapter }
