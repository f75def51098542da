//go:build !windows

package evidence

import (
	"errors"
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence/image"
)

// deviceName returns the volume that a path names, where the system has raw volumes of Windows. It has none.
func deviceName(string) (device, letter string, ok bool) { return "", "", false }

func openDevice(string) (image.VolumeHandle, func() error, error) {
	return nil, nil, errors.ErrUnsupported
}

func fixedVolumes(bool) ([]string, error) {
	return nil, fmt.Errorf("the volumes of a running machine are read on Windows only: %w", errors.ErrUnsupported)
}

func enableBackup() {}

func systemTimes(any) (created, accessed time.Time, ok bool) { return created, accessed, false }

func bitLockerOf(image.VolumeHandle) string { return "" }

func systemVolumeSerial(string) (uint32, error) { return 0, errors.ErrUnsupported }
