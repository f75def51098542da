package evidence

import (
	"errors"
	"fmt"
	"maps"
	"slices"

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
		return nil, fmt.Errorf("%s: %w: no NTFS volume: collect it through the file system (--api), or from a folder", name, ErrNothing)
	}
	if err != nil {
		return nil, err
	}
	e, err := fromDisk(d, name, opts)
	if err != nil {
		return nil, err
	}
	e.Path, e.Kind, e.live, e.forget = name, "volume", true, d.Forget
	e.protection = map[string]string{letter: bitLockerOf(h)}
	for _, t := range e.Trees {
		for _, v := range t.volumes {
			v.name = letter
		}
	}
	return e, nil
}

// merge makes one machine of the volumes of one: those without Windows are read with the first that has it. The evidence of each is
// taken over.
func merge(list []*Evidence, path string) *Evidence {
	all := &Evidence{Path: path, Kind: "volumes", live: true, forget: func() {
		for _, e := range list {
			e.Forget()
		}
	}}
	var data []*Tree
	all.protection = map[string]string{}
	for _, e := range list {
		all.closers = append(all.closers, e.Close)
		maps.Copy(all.protection, e.protection)
		all.mounted = append(all.mounted, e.mounted...)
		all.Notes = append(all.Notes, e.Notes...)
		for _, t := range e.Trees {
			if slices.ContainsFunc(t.volumes, func(v *volume) bool { return len(v.windowsRoots()) > 0 }) {
				all.Trees = append(all.Trees, t)
			} else {
				data = append(data, t)
			}
		}
	}
	if len(all.Trees) == 0 && len(data) > 0 {
		all.Trees, data = data[:1], data[1:]
	}
	for _, t := range data {
		all.Trees[0].volumes = append(all.Trees[0].volumes, t.volumes...)
		all.Trees[0].notes = append(all.Trees[0].notes, t.notes...)
	}
	return all
}

// OpenFixed opens all NTFS volumes on the fixed disks of the machine that the program runs on, as one machine. A volume that cannot be
// opened is among the problems of its tree. It fails on other systems than Windows.
func OpenFixed(opts *Options) (*Evidence, error) {
	api := opts != nil && opts.API
	letters, err := fixedVolumes(api)
	if err != nil {
		return nil, err
	}
	if api {
		return openLetters(letters, func(_, letter string, opts *Options) (*Evidence, error) { return openLetter(letter, opts) }, opts)
	}
	return openLetters(letters, openLive, opts)
}

// openLetter opens a volume of the running machine through its file system.
func openLetter(letter string, opts *Options) (*Evidence, error) {
	enableBackup()
	return openMounted(letter+`\`, letter, opts)
}

// openLetters opens volumes by their letters.
func openLetters(letters []string, open func(device, letter string, opts *Options) (*Evidence, error), opts *Options) (*Evidence, error) {
	var list []*Evidence
	var errs []error
	for _, l := range letters {
		e, err := open(`\\.\`+l, l, opts)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		list = append(list, e)
	}
	if len(list) == 0 {
		return nil, errors.Join(append([]error{fmt.Errorf("%w: no NTFS volume on a fixed disk", ErrNothing)}, errs...)...)
	}
	e := merge(list, "all")
	e.Trees[0].notes = append(e.Trees[0].notes, errs...)
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
