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
			renamedProgram, imitatesWindows, oddLibraryBeside, systemLibraryElsewhere, otherBuild,
		}},
		{"Persistence", []Rule{
			autorunPlace, autorunCommand, winlogonDeviation, imageHijack, startupMoved, startupContent, legacyAutorun,
			autorunMissing, autorunRan, autorunNeverRan, serviceAnomaly, taskAnomaly, taskTampered, comHijacked, logonScript,
			shimDatabase, wmiConsumer, autorunDisabled, profileAutorun, environmentHijack, scriptRunsRequests, oddExtension,
		}},
		{"Execution", []Rule{
			executedThenDeleted, infectedPlace, attackTool, psexecTarget, psexecSource, discoveryBurst,
			rareProgram, hostLoads, runDialog, officeTrust, nearFinding, sensors, seededUse,
		}},
		{"Time and clean-up", []Rule{
			timeStomp, cachedTime, linkTime, prefetchGap, mruCleared, logsCleared, recycledPrograms, clockMoved,
			traceMissing,
		}},
		{"Files on the volume", []Rule{
			arrivedAndRan, ranThenDeleted, becameProgram, deceptiveFile, forgedTimes, doubtfulTimes, fromInternet, markRemoved,
			prefetchDeleted, logsDeleted, journalRecreated, wiped, newAutostartFile, hiddenStream, staged, massChange, toolShadow,
		}},
		{"Defences and logging", []Rule{
			defenderOff, defenderExclusion, firewallOpened, portForwarded, hostsTampered, loggingReduced, scriptPolicy,
			protectionOff, remoteDesktop, proxyChanged, recoveryInhibited, zoneWeakened, siteTrusted, backupExcluded,
		}},
		{"Scanner, consoles and remote tools", []Rule{
			detectionLeft, detectionExcluded, scannerRenamed, remoteToolThere, typedCommand, shortcutCommand, policyPushed, keyAuthorised,
			webAttack, openedElsewhere, managedInside, driverByProgram,
		}},
		{"Accounts and movement", []Rule{
			guestEnabled, newAccount, ridMismatch, badPasswords, movedOut, otherVolume, orphanProfile, powerfulRights,
		}},
		{"External communication", []Rule{
			downloadRan, sentUnasked, bitsCommand, oddDownload,
		}},
		{"Events: logs and clock", []Rule{
			eventLogCleared, auditingReduced, logCommand, loggingStopped, clockSet, sysmonChanged, logHole,
		}},
		{"Events: log-ons", []Rule{
			noSessionKey, newCredentials, machineRelay, adminFromLoopback, clearTextLogon, explicitCredentials,
			passwordGuessing, passwordSpraying, successAfterGuessing, manyCredentials,
		}},
		{"Events: tickets and directory", []Rule{
			kerberoast, asrepRoast, rc4Ticket, dcSync, dcShadow, directoryChange, sidHistory, restorePassword, zerologon,
			sessionWithoutTicket,
		}},
		{"Events: remote access", []Rule{
			remoteSession, tunnelledSession, adminShare, controlPipe, remoteShell, remoteWMI, outgoingSession, dcomStart,
			pipeEnumeration, groupEnumeration,
		}},
		{"Events: accounts", []Rule{
			accountCreated, machineLikeAccount, shortAccount, groupMember, lostDollar, passwordReset, weakFlagsSet, lockouts,
		}},
		{"Events: programs, services and tasks", []Rule{
			serviceCommand, remoteToolService, taskCommand, shortTask, driverInstalled, serverShell, scriptContent, wmiSubscription,
			officeShell,
			oldPowerShell, lsassRead, credentialStore, debugPrivilege, remoteThread, storyChange,
		}},
		{"Events: defences and servers", []Rule{
			recoveryRemoved, malwareSeen, antivirusOff, antivirusSetting, backgroundTransfer, firewallRule, firewallOff,
			newDevice, exposedCrash, exploitSeen, printerDriver, dnsPlugin, sqlShell, lateralChain,
		}},
		{"Correlation", []Rule{
			ranOnArrival, ranInRemoteSession, tracesRemoved, autostartOfNewcomer, dormant, fired, serviceAgain, coupledClient,
			shellOfService, startedAndDetected, sentInADay, archivedAndSent, identityContradicts,
			changeInSession, forgedRecord, blockedAttempt, kitFolder,
		}},
		{"Lists", []Rule{
			onList,
		}},
	}
}
