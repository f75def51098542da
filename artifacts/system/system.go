// Package system decodes what the machine records of itself: its version, accounts,
// networks, devices and protection.
//
// Each artifact is one file with its record type, its declaration and its decoder;
// [Artifacts] lists them.
package system

import (
	"encoding/binary"

	"github.com/artifactdump/artifactdump/artifacts"
)

var le = binary.LittleEndian

var chapter = artifacts.Chapter("System",
	computerName,
	osInfo,
	timeZone,
	shutdown,
	accounts,
	groups,
	userRights,
	machineSIDs,
	lsaSecrets,
	netlogon,
	profiles,
	networks,
	interfaces,
	networkAdapters,
	shares,
	remoteAccess,
	usb,
	deviceClasses,
	mountedDevices,
	volumeLabels,
	bluetooth,
	lastLogon,
	wsl,
	defender,
	eventLogging,
	auditPolicy,
	protection,
	systemSettings,
	memorySettings,
	backupRestore,
	software,
	defenderDetections,
	defenderLog,
	quarantine,
	setupAPI,
	pfro,
	netsetup,
)

// Artifacts returns the artifacts of the chapter in the order of the catalogue. The
// result is shared: do not change it.
func Artifacts() []*artifacts.Artifact { return chapter }
