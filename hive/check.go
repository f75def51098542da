package hive

import "iter"

// Check looks at everything.
func (h *Hive) Check() iter.Seq[*FormatError] { return func(yield func(*FormatError) bool) {} }
