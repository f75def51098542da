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
	profiles,
	networks,
	interfaces,
	shares,
	remoteAccess,
	usb,
	mountedDevices,
	volumeLabels,
	bluetooth,
	lastLogon,
	wsl,
	defender,
	eventLogging,
	auditPolicy,
	protection,
	software,
)

// Artifacts returns the artifacts of the chapter in the order of the catalogue. The
// result is shared: do not change it.
func Artifacts() []*artifacts.Artifact { return chapter }
