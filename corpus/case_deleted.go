package corpus

import "github.com/artifactdump/artifactdump/corpus/regf"

// deletedCase writes what the intruder took back: the licence of a tool that wipes files. It is only left in free
// cells, and that it was deleted stands in the log.
func deletedCase(m *Machine) {
	m.Hive(ntuser(Daniel)).Sub(`Software\Sysinternals\SDelete`).At(utc(2026, 3, 6, 18, 33, 52, 4410000)).Set("EulaAccepted", regf.DWord(1))
	m.Late(ntuser(Daniel), func(root *regf.Key) {
		root.Sub(`Software\Sysinternals\SDelete`).Delete(utc(2026, 3, 6, 18, 34, 31, 9001000))
	})
}
