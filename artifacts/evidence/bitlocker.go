package evidence

import "github.com/artifactdump/artifactdump/artifacts/evidence/image"

// The states of a volume of a running machine. One that is locked cannot be read at all.
const (
	bitLockerNone     = "none"     // its sectors on the disk are those that the volume shows
	bitLockerUnlocked = "unlocked" // encrypted on the disk, and decrypted as it is read
	bitLockerUnknown  = "unknown"
)

// bitLocker looks at the first sector of a volume as it is on its disk: BitLocker puts its own signature in place of that of NTFS.
func bitLocker(disk image.VolumeHandle, at int64) string {
	r, err := image.Aligned(disk)
	if err != nil || at < 0 {
		return bitLockerUnknown
	}
	var boot [512]byte
	if n, err := r.ReadAt(boot[:], at); n < len(boot) && err != nil {
		return bitLockerUnknown
	}
	switch string(boot[3:11]) {
	case "-FVE-FS-":
		return bitLockerUnlocked
	case "NTFS    ":
		return bitLockerNone
	}
	return bitLockerUnknown
}

// BitLocker returns the state of a volume of a running machine, by its name: none, unlocked or unknown; "" for other evidence.
func (e *Evidence) BitLocker(volume string) string { return e.protection[volume] }
