// Package verify compares this program's reading of Prefetch files, hives, event
// logs and file tables with that of independent parsers, the witnesses, field by field. No other package of
// the program links them.
package verify

import (
	"context"
	"fmt"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
	"github.com/artifactdump/artifactdump/prefetch"
)

// A Log is told what our own parsers could not read.
type Log interface {
	Damage(err error)
	HiveDamage(path string, d *hive.FormatError)
}

// Evidence compares every Prefetch file, hive and event log of the evidence with what
// the witness reads, and yields a verdict for each.
func Evidence(ctx context.Context, ev *evidence.Evidence, w *Witness, log Log, yield func(*Verdict) error) error {
	for i, t := range ev.Trees {
		ev.Trees[i] = nil // so that its hives go when it is done
		files, errs := t.Glob(`%SystemRoot%\Prefetch\*.pf`)
		for _, err := range errs {
			log.Damage(err)
		}
		for _, f := range files {
			b, err := f.Bytes()
			if err != nil {
				log.Damage(fmt.Errorf("%s: %w", f.Path, err))
				continue
			}
			prefetchDamage(log, f.Path, b)
			if err := yield(comparePrefetch(w, f.Path, b)); err != nil {
				return err
			}
		}
		hives, errs := t.Hives()
		for _, err := range errs {
			log.Damage(err)
		}
		for _, h := range hives {
			hv, err := h.Open()
			if err != nil {
				log.Damage(fmt.Errorf("%s: %w", h.Path, err))
			}
			if hv == nil {
				continue
			}
			for _, d := range hv.Damage() {
				log.HiveDamage(h.Path, d)
			}
			if err := yield(compareHive(w, h.Path, hv)); err != nil {
				return err
			}
			if h.Snapshot != "" {
				h.Release()
			}
		}
		if err := eventLogs(ctx, t, w, log, yield); err != nil {
			return err
		}
		if err := volumes(ctx, t, w, log, yield); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// eventLogs compares the event logs of a machine.
func eventLogs(ctx context.Context, t *evidence.Tree, w *Witness, log Log, yield func(*Verdict) error) error {
	files, errs := t.Glob(`%SystemRoot%\System32\winevt\Logs\*.evtx`)
	for _, err := range errs {
		log.Damage(err)
	}
	for _, f := range files {
		d, err := f.OpenAt()
		if err != nil {
			log.Damage(fmt.Errorf("%s: %w", f.Path, err))
		}
		if d == nil {
			continue
		}
		v, err := compareLog(w, f.Path, d.ReaderAt, d.Size())
		if err != nil {
			log.Damage(fmt.Errorf("%s: %w", f.Path, err))
		}
		d.Close()
		if err := yield(v); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// volumes compares the file tables of the evidence.
func volumes(ctx context.Context, t *evidence.Tree, w *Witness, log Log, yield func(*Verdict) error) error {
	tables, errs := mftFiles(t)
	for _, err := range errs {
		log.Damage(err)
	}
	for _, f := range tables {
		v, err := compareMFT(w, f)
		if err != nil {
			log.Damage(fmt.Errorf("%s: %w", f.Path, err))
		}
		if v != nil {
			if err := yield(v); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// prefetchDamage names what our own parser could not read of a file.
func prefetchDamage(log Log, path string, b []byte) {
	f, err := prefetch.Parse(b, nil)
	if err != nil {
		log.Damage(fmt.Errorf("%s: %w", path, err))
	}
	if f == nil {
		return
	}
	for _, d := range f.Damage {
		if error(d) != err {
			log.Damage(fmt.Errorf("%s: %w", path, d))
		}
	}
}
