package hive

func (k Key) looseValueList(count uint32) ([]byte, error) { return nil, nil }
func (h *Hive) looseValue(off uint32) (Value, error)      { return Value{}, nil }
func (v Value) looseBytes() ([]byte, error)               { return nil, nil }
