package evtx

// A Pair is a name and a value as text.
type Pair struct{ Name, Value string }

// Pairs appends the pairs of the record as text, which needs one allocation
// for all of them. The result may be kept.
func (r Record) Pairs(dst []Pair) []Pair {
	if r.Len() == 0 {
		return dst
	}
	d := r.d
	d.out, d.ends = d.out[:0], d.ends[:0]
	for i := range d.pairs {
		d.out = d.value(d.pairs[i].v).Append(d.out)
		d.ends = append(d.ends, len(d.out))
	}
	text, start := string(d.out), 0
	for i := range d.pairs {
		dst = append(dst, Pair{d.texts[d.pairs[i].name], text[start:d.ends[i]]})
		start = d.ends[i]
	}
	return dst
}

// An Event is a record that may be kept.
type Event struct {
	ID          uint64
	Written     uint64 // FILETIME
	Created     uint64 // FILETIME
	Offset      int64
	Size        int
	Chunk       int
	ChunkOffset int
	State       State
	Borrowed    bool

	Provider          string
	ProviderGUID      string
	EventSource       string
	EventID           uint16
	Qualifiers        uint16
	Version           uint8
	Level             uint8
	Task              uint16
	Opcode            uint8
	Keywords          uint64
	RecordID          uint64
	ProcessID         uint32
	ThreadID          uint32
	Channel           string
	Computer          string
	UserSID           string
	ActivityID        string
	RelatedActivityID string

	Data []Pair
}

// Event returns the record as a value of its own.
func (r Record) Event() Event {
	return Event{
		ID: r.ID, Written: r.Written, Created: r.Created(), Offset: r.Offset, Size: r.Size,
		Chunk: r.Chunk, ChunkOffset: r.ChunkOffset, State: r.State, Borrowed: r.Borrowed,
		Provider: r.Provider(), ProviderGUID: r.ProviderGUID(), EventSource: r.EventSource(),
		EventID: r.EventID(), Qualifiers: r.Qualifiers(), Version: r.Version(), Level: r.Level(),
		Task: r.Task(), Opcode: r.Opcode(), Keywords: r.Keywords(), RecordID: r.RecordID(),
		ProcessID: r.ProcessID(), ThreadID: r.ThreadID(), Channel: r.Channel(), Computer: r.Computer(), UserSID: r.UserSID(),
		ActivityID: r.ActivityID(), RelatedActivityID: r.RelatedActivityID(),
		Data: r.Pairs(make([]Pair, 0, r.Len())),
	}
}

// Get returns the value of the first pair of a name.
func (e *Event) Get(name string) string {
	for i := range e.Data {
		if e.Data[i].Name == name {
			return e.Data[i].Value
		}
	}
	return ""
}

// Get returns the value of the first pair of a name.
func (r Record) Get(name string) (Value, bool) {
	if r.d == nil {
		return Value{}, false
	}
	d := r.d
	for i := range d.pairs {
		if d.texts[d.pairs[i].name] == name {
			return d.value(d.pairs[i].v), true
		}
	}
	return Value{}, false
}
