package communication

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/formats/rdpcache"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// An RDPCache is one file of pieces of remote screens.
type RDPCache struct {
	artifacts.Origin
	Name     string    `json:"name"`
	Size     int64     `json:"size"`
	Tiles    int       `json:"tiles"`
	Largest  string    `json:"largest_tile,omitempty"` // width x height
	Format   string    `json:"format"`
	Created  time.Time `json:"file_created,omitzero" event:"Creation Time"`
	Modified time.Time `json:"file_modified,omitzero" event:"Content Modification Time"`
}

var rdpCache = artifacts.Define(artifacts.Artifact{
	Name:     "rdpcache",
	Title:    "Remote Desktop bitmap cache",
	DataType: "windows:rdp:bitmap_cache",
	About: `Pieces of the screens that the Remote Desktop client of this user showed, of 64 by 64 points and less. Proves that this user looked at a
remote desktop, and what parts of it looked like. It does not prove which machine it was, and nothing in the file says when or where on the
screen a piece was seen. Content Modification Time is the last change of the file, near the end of the last session, and Creation Time the
first session; both in UTC, where the evidence keeps the times of the original files. The
command inspect with --format png writes the pieces as one picture.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1021.001"},
	Refs: []string{
		"https://attack.mitre.org/techniques/T1021/001/",
		"https://github.com/ANSSI-FR/bmc-tools",
	},
	Sources: []artifacts.Source{
		artifacts.SignedRandom(`%UserProfile%\AppData\Local\Microsoft\Terminal Server Client\Cache\Cache*.bin`, collect.BitmapFile),
		artifacts.RandomFiles(`%UserProfile%\AppData\Local\Microsoft\Terminal Server Client\Cache\bcache*.bmc`),
		artifacts.RandomFiles(`%UserProfile%\Local Settings\Application Data\Microsoft\Terminal Server Client\Cache\bcache*.bmc`),
	},
}, decodeRDPCache)

func decodeRDPCache(in artifacts.Input, yield func(RDPCache) bool) error {
	src, size := in.Random, in.Size
	if src == nil {
		src, size = io.ReaderAt(bytes.NewReader(in.Data)), int64(len(in.Data))
	}
	r := RDPCache{Origin: in.AtOffset(0), Name: winpath.Base(in.From.Path), Size: size, Format: "RDP8bmp"}
	if in.File != nil {
		if t, err := in.File.Times(); err == nil && t.Original {
			r.Created, r.Modified = t.Created, t.Modified
		}
	}
	head := make([]byte, len(rdpcache.Magic))
	if n, _ := src.ReadAt(head, 0); string(head[:n]) != rdpcache.Magic {
		if winpath.Ext(r.Name) != ".bmc" {
			return rdpcache.ErrNotCache
		}
		r.Format = "not decoded" // of the clients before Windows 7
		if size > 0 {
			yield(r)
		}
		return nil
	}
	var failed error
	width, height := 0, 0
	for t, err := range rdpcache.Tiles(src, size) {
		if err != nil {
			failed = err
			break
		}
		r.Tiles++
		if t.Width*t.Height > width*height {
			width, height = t.Width, t.Height
		}
	}
	if r.Tiles > 0 {
		r.Largest = fmt.Sprintf("%dx%d", width, height)
	}
	yield(r)
	return failed
}

// Summary shows how much there is.
func (r RDPCache) Summary() string {
	if r.Tiles == 0 {
		return fmt.Sprintf("[%s] %d bytes, no pieces (%s)", r.Name, r.Size, r.Format)
	}
	return fmt.Sprintf("[%s] %d pieces of screens, up to %s", r.Name, r.Tiles, r.Largest)
}
