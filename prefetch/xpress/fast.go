package xpress

// tables are the lookup tables of one block's code.
type tables struct{}

func (t *tables) build(count *[maxCode + 1]int, sorted *[numSymbols]uint16) {}

// burst decodes what it can decode fast, and reports whether it did anything.
func (d *decoder) burst() bool { return false }
