//go:generate go run ../cmd/artifactdump list --format markdown --force -o ../docs/artifacts.md

package artifacts

import (
	"fmt"
	"strings"
	"sync"
)

// A group is one heading of the catalogue.
type group struct {
	title     string
	artifacts []*Artifact
}

// catalogue is the table of contents: every artifact stands here, under its
// heading, in the order in which runs and lists show it.
func catalogue() []group {
	return []group{
		{"Execution", []*Artifact{
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
			appCompatFlags,
			compatAssistant,
			recentApps,
			featureUsage,
			pca,
			radar,
			tracing,
			jumplistData,
			consentStore,
			wer,
			syscache,
			sysinternals,
			prefetchLayout,
			recycleBin,
			usageTracking,
		}},
		{"Persistence", []*Artifact{
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
			wmi,
		}},
		{"Communication", []*Artifact{
			hosts,
			firewall,
			firewallLog,
			portProxy,
			proxies,
			zoneMap,
			nrpt,
			bits,
			cryptnet,
		}},
		{"User activity", []*Artifact{
			runMRU, typedURLs, typedPaths, wordWheel,
			recentDocs, openSave, lastVisited, shellBags,
			mountPoints, mappedDrives, tsClient, officeMRU, trustRecords,
			putty, winSCP, archivers, applets, internetSettings,
		}},
		{"System", []*Artifact{
			computerName, osInfo, timeZone, shutdown,
			accounts, groups, profiles,
			networks, interfaces, shares, remoteAccess,
			usb, mountedDevices, volumeLabels,
			defender, eventLogging, evtxFiles, protection, software,
		}},
	}
}

var all = sync.OnceValue(func() []*Artifact {
	var out []*Artifact
	for _, g := range catalogue() {
		for _, a := range g.artifacts {
			a.Group = g.title
			out = append(out, a)
		}
	}
	return out
})

// All returns the catalogue in its order. The result is shared: do not change
// it.
func All() []*Artifact { return all() }

// Select returns the artifacts with these names, in catalogue order; all when
// there are none.
func Select(names []string) ([]*Artifact, error) {
	all := All()
	if len(names) == 0 {
		return all, nil
	}
	want := map[string]bool{}
	for _, n := range names {
		want[strings.ToLower(n)] = true
	}
	var out []*Artifact
	for _, a := range all {
		if want[a.Name] || want[strings.ToLower(a.Group)] {
			out = append(out, a)
			delete(want, a.Name)
		}
	}
	for _, a := range all {
		delete(want, strings.ToLower(a.Group))
	}
	for n := range want {
		return nil, fmt.Errorf("no artifact is called %q: `artifactdump list` names them", n)
	}
	return out, nil
}
