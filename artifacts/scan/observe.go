package scan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
)

// observe writes what this machine is compared with others by.
func (x *machineScan) observe() error {
	identity := observations.IdentityOf(x.tree)
	identity.Evidence = x.digest()
	x.m.HostID = identity.ID()
	x.m.Shows = x.sources().Shows()
	x.seen.AddFindings(x.report)
	x.seen.AddLogons(x.analysis)
	if n := x.seen.Dropped(); n > 0 {
		x.note("%s: %d observations beyond the limit are left out", observations.FileName, n)
		x.m.Notes = append(x.m.Notes, fmt.Sprintf("%s: %d observations beyond the limit are left out", observations.FileName, n))
	}
	set := x.Set()
	defer set.Abort()
	w, err := set.Create(observations.FileName)
	if err != nil {
		return err
	}
	rows, err := x.seen.Write(w, x.m.HostID)
	if err != nil {
		return err
	}
	x.seen = nil
	return x.commit(set, "observations", rows, nil)
}

// sources are what could be read of the machine.
func (x *machineScan) sources() observations.Sources {
	s := observations.Sources{Hives: observations.HivesOf(x.tree), Artifacts: map[string]bool{}, Prefetch: x.prefetcher != 0}
	for _, a := range x.m.Artifacts {
		s.Artifacts[a.Name] = a.Sources > 0 && (a.Records > 0 || a.Errors == 0)
	}
	return s
}

// digest is the SHA-256 over what was read.
func (x *machineScan) digest() string {
	h := sha256.New()
	for _, in := range x.m.Inputs {
		io.WriteString(h, in.Snapshot+"\x00"+in.Path+"\x00"+in.SHA256+"\x00")
	}
	return hex.EncodeToString(h.Sum(nil))
}
