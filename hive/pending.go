package hive

import (
	"iter"
	"time"
)

type Remnant struct {
	IsKey    bool
	Key      Key
	Value    Value
	Path     string
	Offset   int64
	NotAfter time.Time
}

func (r Remnant) Note() string             { return "" }
func (h *Hive) Deleted() iter.Seq[Remnant] { return func(func(Remnant) bool) {} }
