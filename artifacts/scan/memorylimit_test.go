package scan

import "testing"

// TestMemoryLimit wants a limit for the runtime that follows what the machines need: users
// whose hives are given up raise it little, large hives and many users do.
func TestMemoryLimit(t *testing.T) {
	const mib = 1 << 20
	small := machine{need: 240 * mib, open: 8 * mib}
	users := machine{need: (232 + 256 + 240) * mib, open: 256 * mib, waits: 240 * mib}
	many := machine{need: (232 + 256 + 1000) * mib, open: 256 * mib, waits: 1000 * mib}
	large := machine{need: (232 + 800) * mib, open: 800 * mib}
	for _, c := range []struct {
		name     string
		machines []machine
		memory   int64 // that was asked for
		want     int64
	}{
		{"small", []machine{small}, 0, 320 * mib},
		{"tiny", []machine{{need: 20 * mib}}, 0, 148 * mib},
		{"two hundred users", []machine{users}, 0, 320 * mib},
		{"a thousand users", []machine{many}, 0, 976 * mib},
		{"a large hive", []machine{large}, 0, 776 * mib},
		{"two of four at a time", []machine{users, small, users, large}, 0, 1032 * mib},
		{"asked for", []machine{users}, 700 * mib, 728 * mib},
		{"asked for more", []machine{users}, 900 * mib, 900 * mib},
	} {
		s := &run{frugal: c.memory == 0, o: Options{Memory: c.memory, Machines: 2}}
		if s.frugal {
			s.o.Memory = DefaultMemory
		}
		if got := s.memoryLimit(c.machines); got != c.want {
			t.Errorf("%s: %d MiB, want %d", c.name, got/mib, c.want/mib)
		}
	}
}
