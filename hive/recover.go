package hive

// Recovery reports which logs were used.
type Recovery struct{}

type remnantLogs struct{}

func (h *Hive) recover(opts *Options) {}

func isOldLog(b []byte) bool { return len(b) >= 516 && string(b[512:516]) == "DIRT" }

// Recovery reports.
func (h *Hive) Recovery() Recovery { return h.recovery }
