// Package execution decodes what Windows records of the programs that ran.
//
// Each artifact is one file with its record type, its declaration and its decoder;
// [Artifacts] lists them.
package execution

import (
	"encoding/binary"

	"github.com/artifactdump/artifactdump/artifacts"
)

var le = binary.LittleEndian

var chapter = artifacts.Chapter("Execution",
	prefetchFiles,
	shimcache,
	bam,
	userAssist,
	amcacheFiles,
	amcachePrograms,
	amcacheDrivers,
	amcacheShortcuts,
	amcacheDevices,
	recentFileCache,
	muiCache,
	shellExtCache,
	appCompatFlags,
	compatAssistant,
	recentApps,
	featureUsage,
	pca,
	radar,
	graphicsApps,
	tracing,
	jumplistData,
	consentStore,
	capabilityAccess,
	wer,
	syscache,
	sysinternals,
	prefetchLayout,
	recycleBin,
	usageTracking,
	srumApps,
	srumOther,
	startupProcesses,
	clrUsage,
	citPrograms,
	psHistory,
	psTranscripts,
	schedLgU,
)

// Artifacts returns the artifacts of the chapter in the order of the catalogue. The
// result is shared: do not change it.
func Artifacts() []*artifacts.Artifact { return chapter }
