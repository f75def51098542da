package evidence

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/artifactdump/artifactdump/artifacts/evidence/image"
)

// A windowsVolume is a volume of a disk image with Windows on it.
type windowsVolume struct {
	label   string // for notes
	mounted string // its value in MountedDevices
	trees   []*Tree
}

// mountedLetters are the drive letters that a Windows gave to partitions, by their
// values in its MountedDevices.
type mountedLetters map[string][]string

// letters finds out the drive letters of the volumes with Windows on them, each by
// the SYSTEM hive on it, and returns those of the first machine. A volume holds no
// letter of its own; that Windows knows the partition by signature and offset, or
// by GUID, proves the one that it gave it. What nothing proves stays C:.
func (o *imageOpener) letters() (first mountedLetters) {
	for _, w := range o.windows {
		if w.mounted == "" {
			continue
		}
		for _, t := range w.trees {
			letters := t.mountedLetters()
			if t == o.e.Trees[0] {
				first = letters
			}
			letter, why := letters.of(w.mounted, nil)
			if why != "" {
				o.note("%s: %s", w.label, why)
			}
			if letter != "" {
				t.setLetter(letter)
			}
		}
	}
	return first
}

// of returns the drive letter of a partition and the reason for it. It returns ""
// and, where there is something to say, the reason, if no letter is certain.
func (m mountedLetters) of(mounted string, taken map[string]bool) (letter, why string) {
	list := m[mounted]
	switch {
	case mounted == "" || len(list) == 0:
		return "", ""
	case len(list) > 1:
		return "", "MountedDevices gives it the letters " + strings.Join(list, " and ")
	case taken[list[0]]:
		return "", "MountedDevices gives it " + list[0] + ", as another volume has"
	}
	return list[0], fmt.Sprintf("%s by MountedDevices (%s)", list[0], mountedText(mounted))
}

// mountedText spells a value of MountedDevices.
func mountedText(mounted string) string {
	b := []byte(mounted)
	le := binary.LittleEndian
	switch id, gpt := strings.CutPrefix(mounted, image.MountedGPT); {
	case gpt && len(id) == 16:
		b = b[len(b)-16:]
		return fmt.Sprintf("partition {%08x-%04x-%04x-%x-%x}", le.Uint32(b), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:])
	case len(b) == 12:
		return fmt.Sprintf("disk %08X, partition at %d", le.Uint32(b), le.Uint64(b[4:]))
	}
	return hex.EncodeToString(b)
}

// maxLetters bounds the values of MountedDevices that are looked at.
const maxLetters = 1 << 12

// mountedLetters reads MountedDevices of the live SYSTEM hive.
func (t *Tree) mountedLetters() mountedLetters {
	letters := mountedLetters{}
	hives, _ := t.Hives()
	for _, h := range hives {
		if h.Kind == SYSTEM && h.Snapshot == "" && !h.Backup {
			h.mountedLetters(letters)
			h.Release()
		}
	}
	for _, list := range letters {
		slices.Sort(list)
	}
	return letters
}

func (h *Hive) mountedLetters(letters mountedLetters) {
	hv, _ := h.Open()
	if hv == nil {
		return
	}
	k, err := hv.Key("MountedDevices")
	if err != nil {
		return
	}
	n := 0
	for v, err := range k.Values() {
		if n++; n > maxLetters {
			return
		}
		letter, ok := strings.CutPrefix(strings.ToUpper(v.Name()), `\DOSDEVICES\`)
		if err != nil || !ok || len(letter) != 2 || letter[1] != ':' || letter[0] < 'A' || letter[0] > 'Z' {
			continue
		}
		if b, err := v.Bytes(); err == nil && len(b) > 0 && !slices.Contains(letters[string(b)], letter) {
			letters[string(b)] = append(letters[string(b)], letter)
		}
	}
}

// setLetter gives the volume of the machine a letter instead of C:, and its copies,
// too. What was found under the old one is looked for again.
func (t *Tree) setLetter(letter string) {
	changed := false
	for _, v := range t.volumes {
		if v.name == "C:" || v.name == "" {
			changed = changed || v.name != letter
			v.name = letter
		}
	}
	if changed {
		t.hivesOnce, t.hives, t.hiveNotes = sync.Once{}, nil, nil
	}
}
