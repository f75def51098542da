// Package communication decodes what leads out of the machine and into it: names,
// proxies, the firewall, transfers.
//
// Each artifact is one file with its record type, its declaration and its decoder;
// [Artifacts] lists them.
package communication

import (
	"encoding/binary"

	"github.com/artifactdump/artifactdump/artifacts"
)

var le = binary.LittleEndian

var chapter = artifacts.Chapter("Communication",
	hosts,
	firewall,
	firewallLog,
	netlogonLog,
	portProxy,
	proxies,
	zoneMap,
	nrpt,
	routes,
	bitsJobs,
	srumNetwork,
	srumConnections,
	ualClients,
	webLogs,
	cryptnet,
	remoteTools,
	cloudSync,
	openSSH,
	rdpCache,
)

// Artifacts returns the artifacts of the chapter in the order of the catalogue. The
// result is shared: do not change it.
func Artifacts() []*artifacts.Artifact { return chapter }
