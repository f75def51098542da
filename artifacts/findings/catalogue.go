package findings

// A group is one heading of the rules' table of contents.
type group struct {
	title string
	rules []Rule
}

// catalogue is the table of contents: every rule stands here, under its
// heading, in the order of the coverage.
func ruleGroups() []group {
	return []group{
		{"Masquerading", []Rule{
			systemNameElsewhere, sameNameElsewhere, severalHashes, lookalikeName, deceptiveName,
			renamedProgram, imitatesWindows, oddLibraryBeside, systemLibraryElsewhere,
		}},
		{"Persistence", []Rule{
			autorunPlace, autorunCommand, winlogonDeviation, imageHijack, startupMoved, startupContent, legacyAutorun,
			autorunMissing, autorunRan, autorunNeverRan, serviceAnomaly, taskAnomaly, taskTampered, comHijacked, logonScript,
			shimDatabase, wmiConsumer, autorunDisabled, profileAutorun, environmentHijack,
		}},
		{"Execution", []Rule{
			executedThenDeleted, infectedPlace, attackTool, psexecTarget, psexecSource, discoveryBurst,
			rareProgram, hostLoads, runDialog, officeTrust, nearFinding, sensors, seededUse,
		}},
		{"Time and clean-up", []Rule{
			timeStomp, cachedTime, linkTime, prefetchGap, mruCleared, logsCleared, recycledPrograms, clockMoved,
		}},
		{"Defences and logging", []Rule{
			defenderOff, defenderExclusion, firewallOpened, portForwarded, hostsTampered, loggingReduced, scriptPolicy,
			protectionOff, remoteDesktop, proxyChanged, recoveryInhibited,
		}},
		{"Accounts and movement", []Rule{
			guestEnabled, newAccount, ridMismatch, badPasswords, movedOut, otherVolume, orphanProfile,
		}},
	}
}
