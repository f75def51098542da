// Package hiveview does the work of the hive commands: it opens single hives, and
// lists, searches and recovers what they hold.
package hiveview

import (
	"bufio"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/output/hivefile"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/messages"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
	"github.com/artifactdump/artifactdump/hive"
)

// A File is a hive that is open, and what is said of it.
type File struct {
	*hive.Hive
	Name string
	Log  *messages.Log
}

// Options are how a hive is opened.
type Options struct {
	NoLogs bool     // read the hive as it is
	Logs   []string // files of transaction logs; none is those beside the hive
}

// Open opens a hive and says what was found: damage, and what its logs did.
func Open(path string, log *messages.Log, o Options) (*File, error) {
	b, err := hivefile.ReadFile(path)
	if err != nil {
		return nil, err
	}
	opts := &hive.Options{NoLogs: o.NoLogs, Strict: log.Strict}
	names := o.Logs
	if len(names) == 0 && !opts.NoLogs {
		names = hivefile.LogsBeside(path)
	}
	for _, n := range names {
		lb, err := hivefile.ReadFile(n)
		if err != nil {
			if len(o.Logs) > 0 {
				return nil, err
			}
			log.Damage(err)
			continue
		}
		opts.Logs = append(opts.Logs, hive.Log{Name: filepath.Base(n), Data: lb})
	}
	h, err := hive.Open(b, opts)
	if h == nil || err != nil && log.Strict {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err != nil {
		log.DamageIn(path, fmt.Errorf("%s: %w", path, err))
	}
	for _, d := range h.Damage() {
		log.HiveDamage(path, d)
	}
	if rec := h.Recovery(); rec.Applied {
		log.Notef("%s: dirty hive: replayed %s", path, terminal.Count(rec.Entries, "log entry", "log entries"))
	}
	return &File{h, path, log}, nil
}

// bad names what an iterator could not read.
func (f *File) bad(err error) { f.Log.ItemDamage(f.Name, err) }

// Check names everything in the hive that is damaged.
func (f *File) Check() {
	for d := range f.Hive.Check() {
		f.Log.HiveDamage(f.Name, d)
	}
}

// Find finds the key that an argument names.
func (f *File) Find(path string) (hive.Key, error) { return hivefile.FindKey(f.Hive, path) }

// below calls each for top and for every key below it, in stored order.
func (f *File) below(top hive.Key, each func(hive.Key) error) error {
	prefix := strings.TrimSuffix(top.Path(), `\`)
	for k, err := range f.Keys() {
		if err != nil {
			f.bad(err)
			continue
		}
		if p := k.Path(); k == top || strings.HasPrefix(p, prefix+`\`) {
			if err := each(k); err != nil {
				return err
			}
		}
	}
	return nil
}

// Export writes a key and its subkeys as .reg text, with root as the root of the hive.
func (f *File) Export(w *bufio.Writer, top hive.Key, root string) error {
	return f.below(top, hivefile.NewRegWriter(w, root, f.bad).Key)
}
