package evidence

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"github.com/artifactdump/artifactdump/artifacts/evidence/image"
)

// The requests that a volume is asked with (winioctl.h).
const (
	ioctlDiskGetLengthInfo   = 0x0007405C
	ioctlStorageQuery        = 0x002D1400
	fsctlAllowExtendedDASDIO = 0x00090083
	ioctlStorageDeviceNumber = 0x002D1080
	ioctlDiskPartitionInfoEx = 0x00070048
	accessAlignmentProperty  = 6
)

// deviceName returns the volume that a path names: C:, C:\, \\.\C: or \\?\C:.
func deviceName(path string) (device, letter string, ok bool) {
	name := path
	for _, p := range []string{`\\.\`, `\\?\`} {
		name = strings.TrimPrefix(name, p)
	}
	if name == path {
		name = strings.TrimSuffix(name, `\`)
	}
	if len(name) != 2 || name[1] != ':' {
		return "", "", false
	}
	letter = strings.ToUpper(name)
	return `\\.\` + letter, letter, letter[0] >= 'A' && letter[0] <= 'Z'
}

// A device is an open volume. Nothing is ever written to it.
type device struct {
	h      syscall.Handle
	size   int64
	sector int
}

// openDevice opens a volume for reading.
func openDevice(name string) (image.VolumeHandle, func() error, error) {
	p, err := syscall.UTF16PtrFromString(name)
	if err != nil {
		return nil, nil, err
	}
	h, err := syscall.CreateFile(p, syscall.GENERIC_READ,
		syscall.FILE_SHARE_READ|syscall.FILE_SHARE_WRITE|syscall.FILE_SHARE_DELETE, nil, syscall.OPEN_EXISTING, 0, 0)
	if err == syscall.ERROR_ACCESS_DENIED {
		err = fmt.Errorf("%w: reading a volume needs an elevated prompt (run as administrator)", err)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	d := &device{h: h, sector: 512}
	close := func() error { return syscall.CloseHandle(h) }
	var length [8]byte
	if _, err := d.ask(ioctlDiskGetLengthInfo, nil, length[:]); err == nil {
		d.size = int64(binary.LittleEndian.Uint64(length[:]))
	} else if d.size, _ = syscall.Seek(h, 0, io.SeekEnd); d.size <= 0 { // a driver that knows files only, as that of Wine
		close()
		return nil, nil, fmt.Errorf("%s: its size is not known: %w", name, err)
	}
	// STORAGE_PROPERTY_QUERY; of STORAGE_ACCESS_ALIGNMENT_DESCRIPTOR the fifth and sixth numbers are the logical and physical sector.
	var query [12]byte
	binary.LittleEndian.PutUint32(query[:], accessAlignmentProperty)
	var answer [28]byte
	if n, err := d.ask(ioctlStorageQuery, query[:], answer[:]); err == nil && n >= 24 {
		for _, at := range []int{16, 20} {
			if v := int(binary.LittleEndian.Uint32(answer[at:])); v >= 512 && v <= 1<<20 && v&(v-1) == 0 {
				d.sector = max(d.sector, v)
			}
		}
	}
	_, _ = d.ask(fsctlAllowExtendedDASDIO, nil, nil) // without it the backup boot sector cannot be read, and nothing else
	return d, close, nil
}

func (d *device) ask(code uint32, in, out []byte) (n uint32, err error) {
	err = syscall.DeviceIoControl(d.h, code, unsafe.SliceData(in), uint32(len(in)), unsafe.SliceData(out), uint32(len(out)), &n, nil)
	return n, err
}

func (d *device) Size() int64     { return d.size }
func (d *device) SectorSize() int { return d.sector }

// ReadAt reads whole sectors.
func (d *device) ReadAt(p []byte, off int64) (int, error) {
	at := syscall.Overlapped{Offset: uint32(off), OffsetHigh: uint32(off >> 32)}
	var n uint32
	err := syscall.ReadFile(d.h, p, &n, &at)
	return int(n), err
}

var (
	kernel32             = syscall.NewLazyDLL("kernel32.dll")
	getLogicalDrives     = kernel32.NewProc("GetLogicalDrives")
	getDriveType         = kernel32.NewProc("GetDriveTypeW")
	getVolumeInformation = kernel32.NewProc("GetVolumeInformationW")
)

// fixedVolumes returns the letters of the NTFS volumes on fixed disks, or of all volumes on them.
func fixedVolumes(all bool) ([]string, error) {
	const fixed = 3 // DRIVE_FIXED
	mask, _, err := getLogicalDrives.Call()
	if mask == 0 {
		return nil, err
	}
	var out []string
	for i := range 26 {
		letter := string(rune('A'+i)) + ":"
		root, err := syscall.UTF16PtrFromString(letter + `\`)
		if mask>>i&1 == 0 || err != nil {
			continue
		}
		if kind, _, _ := getDriveType.Call(uintptr(unsafe.Pointer(root))); kind != fixed {
			continue
		}
		var system [32]uint16
		ok, _, _ := getVolumeInformation.Call(uintptr(unsafe.Pointer(root)), 0, 0, 0, 0, 0,
			uintptr(unsafe.Pointer(&system[0])), uintptr(len(system)))
		if ok != 0 && (all || syscall.UTF16ToString(system[:]) == "NTFS") {
			out = append(out, letter)
		}
	}
	return out, nil
}

// enableBackup lets the program open files whatever their permissions are, where the user has the privilege (SeBackupPrivilege). Without
// it those files fail one by one.
func enableBackup() {
	advapi := syscall.NewLazyDLL("advapi32.dll")
	process, err := syscall.GetCurrentProcess()
	if err != nil {
		return
	}
	var token syscall.Token
	if syscall.OpenProcessToken(process, syscall.TOKEN_ADJUST_PRIVILEGES|syscall.TOKEN_QUERY, &token) != nil {
		return
	}
	defer token.Close()
	name, err := syscall.UTF16PtrFromString("SeBackupPrivilege")
	if err != nil {
		return
	}
	// TOKEN_PRIVILEGES of one privilege: count, LUID, attributes.
	var p struct {
		count, low, high, attributes uint32
	}
	p.count, p.attributes = 1, 2 // SE_PRIVILEGE_ENABLED
	if ok, _, _ := advapi.NewProc("LookupPrivilegeValueW").Call(0, uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&p.low))); ok != 0 {
		_, _, _ = advapi.NewProc("AdjustTokenPrivileges").Call(uintptr(token), 0, uintptr(unsafe.Pointer(&p)), 0, 0, 0)
	}
}

// systemTimes returns the times that Windows gives with a file beside that of its last change.
func systemTimes(sys any) (created, accessed time.Time, ok bool) {
	a, ok := sys.(*syscall.Win32FileAttributeData)
	if !ok {
		return created, accessed, false
	}
	return time.Unix(0, a.CreationTime.Nanoseconds()).UTC(), time.Unix(0, a.LastAccessTime.Nanoseconds()).UTC(), true
}

// bitLockerOf looks below the filter that decrypts a volume: at its first sector on the disk.
func bitLockerOf(h image.VolumeHandle) string {
	d, ok := h.(*device)
	if !ok {
		return ""
	}
	var number [12]byte // STORAGE_DEVICE_NUMBER: type, number, partition
	var part [144]byte  // PARTITION_INFORMATION_EX: style, offset, length, …
	if n, err := d.ask(ioctlStorageDeviceNumber, nil, number[:]); err != nil || n < 12 {
		return bitLockerUnknown
	}
	if n, err := d.ask(ioctlDiskPartitionInfoEx, nil, part[:]); err != nil || n < 24 {
		return bitLockerUnknown
	}
	disk, closeDisk, err := openDevice(fmt.Sprintf(`\\.\PhysicalDrive%d`, binary.LittleEndian.Uint32(number[4:])))
	if err != nil {
		return bitLockerUnknown
	}
	defer closeDisk()
	return bitLocker(disk, int64(binary.LittleEndian.Uint64(part[8:])))
}

// systemVolumeSerial asks for the volume of a folder. A mount point and a junction lead to the volume behind them.
func systemVolumeSerial(dir string) (uint32, error) {
	p, err := syscall.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	h, err := syscall.CreateFile(p, 0, syscall.FILE_SHARE_READ|syscall.FILE_SHARE_WRITE|syscall.FILE_SHARE_DELETE, nil,
		syscall.OPEN_EXISTING, syscall.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err != nil {
		return 0, err
	}
	defer syscall.CloseHandle(h)
	var info syscall.ByHandleFileInformation
	if err := syscall.GetFileInformationByHandle(h, &info); err != nil {
		return 0, err
	}
	return info.VolumeSerialNumber, nil
}
