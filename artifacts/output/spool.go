package output

import (
	"bufio"
	"encoding/binary"
	"io"
	"slices"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
)

// Rows in local time wait in a spool, in no order, until the zones of the machines are
// known.

// settle takes the rows in local time in, as UTC where their zone is known.
func (s *Sorter) settle() error {
	if s.local == nil {
		return nil
	}
	local := s.local
	s.local = nil
	defer local.Close()
	zones := map[string]*artifacts.Zone{}
	for b, err := range local.spooled {
		if err != nil {
			return err
		}
		host, _ := cutText(b[12:])
		z, ok := zones[string(host)]
		if !ok {
			z = s.Zone(string(host))
			zones[string(host)] = z
		}
		if !z.Known() {
			if err := s.addCoded(b, local); err != nil {
				return err
			}
			continue
		}
		r, err := decodeRow(b)
		if err != nil {
			return err
		}
		r.Time, r.TimeKind = z.UTC(r.Time)
		r.Local = false
		r.Tags = slices.DeleteFunc(r.Tags, func(t string) bool { return t == "local-time" })
		if err := s.AddRow(r); err != nil {
			return err
		}
	}
	return nil
}

// addCoded takes in a row of another sorter as it is.
func (s *Sorter) addCoded(b []byte, from *Sorter) error {
	s.backups = s.backups || from.backups
	s.note(time.Unix(seconds(b), int64(binary.BigEndian.Uint32(b[8:]))).UTC())
	return s.add(b)
}

// spooled yields the coded rows as they came. A row is valid until the next one.
func (s *Sorter) spooled(yield func([]byte, error) bool) {
	for _, r := range s.runs {
		h := &head{r: bufio.NewReaderSize(io.NewSectionReader(r.f, 0, r.size), runBuffer)}
		for {
			ok, err := h.next()
			if err == nil && ok && len(h.row) < 13 {
				err = errSpill
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !ok {
				break
			}
			if !yield(h.row, nil) {
				return
			}
		}
	}
	for _, b := range s.rows {
		if !yield(b, nil) {
			return
		}
	}
}
