package inspect

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/lnk"
	"github.com/artifactdump/artifactdump/artifacts/formats/shellitem"
)

// linkStart is a shortcut's header size and class.
const linkStart = "L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46"

var lnkFormat = format{kind: "lnk", known: begins(linkStart), read: readLink}

// maxLink is more than a shortcut can use: its parts have sizes of 16 bits, or
// are extra blocks of a few kilobytes.
const maxLink = 16 << 20

func readLink(f File, _ Options, yield func(Row) bool) error {
	b := make([]byte, min(f.Size, maxLink))
	if n, err := f.ReadAt(b, 0); n < len(b) {
		return err
	}
	l, err := lnk.Parse(b)
	if l == nil {
		return err
	}
	row := Row{Kind: "lnk"}
	var errs []error
	for _, d := range l.Damage {
		errs = append(errs, d)
	}
	if err != nil {
		row.Damage = err.Error()
	}
	linkFields(&row, l, "app_id")
	yield(row)
	return errors.Join(errs...)
}

// noGUID is in a field that was never set.
const noGUID = "00000000-0000-0000-0000-000000000000"

// linkFields adds what a shortcut says. appID is the key of its
// AppUserModelID. Keys that the row already has are left out.
func linkFields(row *Row, l *lnk.Link, appID string) {
	add := func(name string, v any) {
		switch x := v.(type) {
		case string:
			if x == "" || x == noGUID {
				return
			}
		case time.Time:
			if x.IsZero() {
				return
			}
		}
		if !slices.ContainsFunc(row.Fields, func(f Field) bool { return f.Name == name }) {
			row.Add(name, v)
		}
	}
	add("target", l.Target())
	add("arguments", l.Arguments)
	add("working_dir", l.WorkingDir)
	add("relative_path", l.RelativePath)
	add("name", l.Name)
	add("icon", l.IconLocation)
	add("environment", l.Environment)
	add("target_created", l.Created)
	add("target_accessed", l.Accessed)
	add("target_written", l.Written)
	add("target_size", l.Size)
	add("target_attributes", l.Attributes)
	add("show_command", l.ShowCommand)
	if t := l.Tracker; t != nil {
		add("machine", t.Machine)
		add("mac", t.MAC)
		add("droid_volume", t.Droid)
		add("droid_file", t.File)
		add("droid_created", t.FileCreated)
	}
	if v := l.Volume; v != nil {
		add("volume_serial", fmt.Sprintf("%08X", v.Serial))
		add("volume_type", driveType(v.DriveType))
		add("volume_label", v.Label)
	}
	add("share", l.NetworkShare)
	add("device", l.NetworkDevice)
	items, _, _ := shellitem.List(l.IDList)
	add("item_list", shellitem.Path(items))
	add("known_folder", l.KnownFolder)
	add("installer", l.Darwin)
	add(appID, l.AppID)
	if l.Trailing > 0 {
		add("trailing", l.Trailing)
	}
}

// driveType names what GetDriveType returns.
func driveType(n uint32) string {
	if names := []string{"unknown", "no root", "removable", "fixed", "network", "optical", "ramdisk"}; int64(n) < int64(len(names)) {
		return names[n]
	}
	return fmt.Sprint(n)
}
