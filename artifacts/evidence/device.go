package evidence

import (
	"errors"
	"fmt"

	"github.com/artifactdump/artifactdump/artifacts/evidence/image"
)

// OpenVolume opens a volume of a running machine through its handle, whose reads are of whole sectors. name is for messages; letter,
// "C:", is the volume's. Closing the evidence leaves the handle open.
func OpenVolume(h image.VolumeHandle, name, letter string, opts *Options) (*Evidence, error) {
	r, err := image.Aligned(h)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	d, err := image.OpenReader(r, h.Size(), name, opts.image())
	if errors.Is(err, image.ErrNotImage) {
		return nil, fmt.Errorf("%s: %w: no NTFS volume; collect from the mounted folder instead", name, ErrNothing)
	}
	if err != nil {
		return nil, err
	}
	e, err := fromDisk(d, name, opts)
	if err != nil {
		return nil, err
	}
	e.Path, e.Kind, e.live, e.forget = name, "volume", true, d.Forget
	for _, t := range e.Trees {
		for _, v := range t.volumes {
			v.name = letter
		}
	}
	return e, nil
}

// openLive opens a volume of the machine that the program runs on.
func openLive(device, letter string, opts *Options) (*Evidence, error) {
	h, closeDevice, err := openDevice(device)
	if err != nil {
		return nil, err
	}
	e, err := OpenVolume(h, device, letter, opts)
	if err != nil {
		return nil, errors.Join(err, closeDevice())
	}
	e.closers = append(e.closers, closeDevice)
	return e, nil
}
