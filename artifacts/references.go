package artifacts

import (
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A Referrer is a record that names files by their references in the file table of an
// NTFS volume, or by their object identifiers: a shortcut, a shell bag. The file system
// joins them with the table.
type Referrer interface{ FileReferences() []FileReference }

// Refers reports whether the records of the artifact are of a [Referrer].
func (a *Artifact) Refers() bool {
	return a.record != nil && a.record.Implements(reflect.TypeFor[Referrer]())
}

// A FileReference is how a record names a file.
type FileReference struct {
	Path     string // as the record has it; empty when it has none
	Entry    uint64 // in the file table; 0 when the record has none
	Sequence uint16
	ObjectID string    // GUID of link tracking; empty when the record has none
	VolumeID string    // GUID of the volume, with an ObjectID
	Serial   uint32    // of the volume; 0 when the record has none
	Created  time.Time // of the file, by the record; zero when it has none
}

// A NamedReference is a reference with the record that has it.
type NamedReference struct {
	FileReference
	Artifact *Artifact
	From     Locator
	User     evidence.User
}

// Limits of the references that are kept: of one source, and of all.
const (
	maxSourceReferences = 1 << 13
	maxReferences       = 1 << 16
	maxReferencePath    = 1 << 10 // bytes
)

// refer notes the references of a record of a job.
func (n *namedFiles) refer(job int, rec *Record, list []FileReference) {
	if len(list) == 0 {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, r := range list {
		if len(r.Path) > maxReferencePath {
			continue
		}
		if n.referred >= maxReferences || len(n.refs[job]) >= maxSourceReferences {
			return
		}
		n.refs[job] = append(n.refs[job], NamedReference{r, rec.Artifact, rec.From, rec.User})
		n.referred++
	}
}

// references returns the references of jobs before one, once these are done.
func (n *namedFiles) references(job int) []NamedReference {
	n.mu.Lock()
	defer n.mu.Unlock()
	for !n.stopped && waits(n.referrers, job) {
		n.changed.Wait()
	}
	var out []NamedReference
	for _, j := range slices.Sorted(maps.Keys(n.refs)) {
		if j < job {
			out = append(out, n.refs[j]...)
		}
	}
	return out
}

// FileReferences returns how records of the run name files (see [Referrer]): those of
// the artifacts before this one in the list of the run, for which it waits.
func (in Input) FileReferences() []NamedReference {
	if in.runner == nil || in.runner.named == nil {
		return nil
	}
	in.place.leave()
	defer in.place.enter(nil)
	return in.runner.named.references(in.job)
}
