package corpus

import "github.com/artifactdump/artifactdump/corpus/regf"

// defenderCase writes the settings of the antivirus. The implant excludes its own folder from the scans when it
// starts, which the primary file does not know yet.
func defenderCase(m *Machine) {
	const defender = `Microsoft\Windows Defender`
	root := m.Hive(softwareHive)
	root.Sub(defender).Set("ProductStatus", regf.DWord(0)).Set("InstallLocation",
		regf.String(`C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.24090.11-0\`))
	root.Sub(defender+`\Features`).Set("TamperProtection", regf.DWord(4)).At(Installed.AddDate(0, 1, 2))
	for _, kind := range []string{"Extensions", "Paths", "Processes"} {
		root.Sub(defender + `\Exclusions\` + kind)
	}
	m.Late(softwareHive, func(root *regf.Key) {
		root.Sub(defender+`\Exclusions\Paths`).At(ExclusionTime).Set(`C:\Users\Public`, regf.DWord(0))
	})
}
