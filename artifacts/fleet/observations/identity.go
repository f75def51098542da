package observations

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// An Identity is what tells a machine from others of its name.
type Identity struct {
	Name        string // of the computer
	MachineGUID string
	MachineSID  string
	SystemRoot  string // name and time of the root key of SYSTEM
	Evidence    string // digest of the evidence, when nothing else is known
}

// ID returns the id of a machine: its name in lower case and eight digits of
// the SHA-256 of the first part of the identity that is known.
func (i Identity) ID() string {
	mark := cmp.Or(strings.ToLower(strings.Trim(i.MachineGUID, "{}")), i.MachineSID, i.SystemRoot, i.Evidence)
	sum := sha256.Sum256([]byte(mark))
	return strings.ToLower(strings.ToValidUTF8(i.Name, "\uFFFD")) + "-" + hex.EncodeToString(sum[:4])
}

// IdentityOf reads the identity of a machine from its evidence, as far as the
// hives hold it.
func IdentityOf(tree *evidence.Tree) Identity {
	m := tree.Machine()
	i := Identity{Name: m.Name, MachineGUID: m.GUID}
	if i.MachineGUID != "" {
		return i
	}
	hives, _ := tree.Hives()
	for _, h := range hives {
		if h.Backup || h.Snapshot != "" || h.Kind != evidence.SAM && h.Kind != evidence.SYSTEM {
			continue
		}
		hv, _ := h.Open()
		if hv == nil {
			continue
		}
		if h.Kind == evidence.SAM {
			i.MachineSID = cmp.Or(i.MachineSID, evidence.MachineSID(hv))
		} else if root, err := hv.Root(); err == nil && i.SystemRoot == "" {
			sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", root.Name(), root.WrittenRaw()))
			i.SystemRoot = hex.EncodeToString(sum[:])
		}
		h.Release()
	}
	return i
}
