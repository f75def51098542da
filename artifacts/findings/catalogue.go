package findings

// A group is one heading of the rules' table of contents.
type group struct {
	title string
	rules []Rule
}

// catalogue is the table of contents: every rule stands here, under its
// heading, in the order of the coverage.
func catalogue() []group {
	return []group{
		{"Masquerading", []Rule{
			systemNameElsewhere, sameNameElsewhere, severalHashes, lookalikeName, deceptiveName,
			renamedProgram, imitatesWindows, oddLibraryBeside, systemLibraryElsewhere,
		}},
		{"Execution", []Rule{
			executedThenDeleted, infectedPlace, attackTool, psexecTarget, psexecSource, discoveryBurst,
			rareProgram, hostLoads, runDialog, officeTrust, nearFinding, sensors, seededUse,
		}},
	}
}
