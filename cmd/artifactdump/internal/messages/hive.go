package messages

import (
	"errors"
	"fmt"

	"github.com/artifactdump/artifactdump/hive"
)

// HiveDamage names damage of a hive, each piece once; a place where the format is
// broken but nothing is lost is only a note.
func (l *Log) HiveDamage(path string, d *hive.FormatError) {
	what := path + ": " + d.Error()
	if l.named[what] {
		return
	}
	if l.named == nil {
		l.named = map[string]bool{}
	}
	l.named[what] = true
	if d.Warning {
		l.Notef("%s: %v", path, d)
		return
	}
	l.DamageIn(path, fmt.Errorf("%s: %w", path, d))
}

// ItemDamage names what an iterator over a hive could not read.
func (l *Log) ItemDamage(path string, err error) {
	if fe, ok := errors.AsType[*hive.FormatError](err); ok {
		l.HiveDamage(path, fe)
		return
	}
	l.DamageIn(path, fmt.Errorf("%s: %w", path, err))
}
