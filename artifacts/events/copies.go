package events

import (
	"strings"
	"time"
)

// Copies remembers which records it has met. A log, its archive, the log in a
// shadow copy and an exported file hold the same records: counted more than once
// they would double the failures of an account and the starts of a program. One
// record is what has the same channel, computer, number, time and event.
//
// It needs four bytes for each record of a log whose numbers follow each other.
// The zero value is ready for use; it serves one goroutine at a time.
type Copies struct {
	logs   map[[2]string]*copiedLog
	last   *copiedLog // of the record before
	key    [2]string  // its channel and computer as written
	blocks int
	more   map[copiedRecord]struct{}
}

// A copiedLog holds what identifies the records of one log, by number.
type copiedLog struct{ blocks map[uint64]*copiedBlock }

// A copiedBlock holds the records of numbers that differ in the last digits only;
// 0 is a number that was not met.
type copiedBlock [copiedNumbers]uint32

// copiedNumbers is how many numbers one block holds.
const copiedNumbers = 256

// A copiedRecord is one of several records that have one number.
type copiedRecord struct {
	log    *copiedLog
	number uint64
	mark   uint32
}

// Limits of what Copies remembers: 64 MiB in blocks, which is 16 million records.
// What is beyond counts as new each time.
const (
	maxCopiedBlocks = 1 << 16
	maxCopiedMore   = 1 << 18
	maxCopiedLogs   = 1 << 14
)

// Again reports whether a record was met before.
func (c *Copies) Again(r *Record) bool {
	l := c.log(r)
	if l == nil || r.Time.IsZero() {
		return false
	}
	n, mark := r.Number/copiedNumbers, copyMark(r.Time, r.ID)
	b := l.blocks[n]
	if b == nil {
		if c.blocks >= maxCopiedBlocks {
			return false
		}
		c.blocks++
		b = new(copiedBlock)
		l.blocks[n] = b
	}
	switch at := &b[r.Number%copiedNumbers]; *at {
	case 0:
		*at = mark
		return false
	case mark:
		return true
	}
	// Another record of the same number: the log was replaced, or edited.
	k := copiedRecord{l, r.Number, mark}
	if _, ok := c.more[k]; ok {
		return true
	}
	if c.more == nil {
		c.more = map[copiedRecord]struct{}{}
	}
	if len(c.more) < maxCopiedMore {
		c.more[k] = struct{}{}
	}
	return false
}

// log returns the log of a record, nil beyond the limit.
func (c *Copies) log(r *Record) *copiedLog {
	if c.last != nil && c.key[0] == r.Channel && c.key[1] == r.Computer {
		return c.last
	}
	k := [2]string{strings.ToLower(r.Channel), strings.ToLower(r.Computer)}
	l := c.logs[k]
	if l == nil {
		if len(c.logs) >= maxCopiedLogs {
			return nil
		}
		if c.logs == nil {
			c.logs = map[[2]string]*copiedLog{}
		}
		l = &copiedLog{map[uint64]*copiedBlock{}}
		c.logs[k] = l
	}
	c.last, c.key = l, [2]string{r.Channel, r.Computer}
	return l
}

// copyMark mixes time and event into a number that is not 0.
func copyMark(at time.Time, id uint32) uint32 {
	h := (uint64(at.UnixNano()) ^ uint64(id)<<48) * 0x9e3779b97f4a7c15
	return uint32(h>>32) | 1
}
