package activity

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/hive"
)

// TypedURL is one address that a user typed.
type TypedURL struct {
	artifacts.Origin
	URL      string    `json:"url"`
	Position int       `json:"position"`        // 1 is the newest
	Empty    bool      `json:"empty,omitempty"` // the key is there and holds no address
	Visits   uint64    `json:"visit_count,omitempty"`
	Visited  time.Time `json:"visited,omitzero" event:"Last Visited Time"`
	Written  time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var typedURLs = artifacts.Define(artifacts.Artifact{
	Name:     "typedurls",
	Title:    "Typed addresses",
	DataType: "windows:registry:typedurls",
	About: `Addresses that a user typed or pasted into Internet Explorer or the address bar of Explorer, url1
being the newest; web addresses, and also folders and files. Proves that the address was entered
under this account; since Internet Explorer 10 each has its own time, from the key TypedURLsTime.
Does not prove that the address answered. Otherwise only the key's time is known, which dates the
newest address. A zero time means that the address was migrated from an older version. Every new
profile has a link to go.microsoft.com that nobody typed: it is marked seeded. A key without
addresses is also reported: even that link was removed. Other browsers do not write here.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1204.001", "T1105"},
	Refs: []string{
		"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/winreg_plugins/typedurls.py",
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/internet-explorer-keys/Types-URLs.md",
	},
	Sources: []artifacts.Source{artifacts.Key(evidence.NTUSER, `Software\Microsoft\Internet Explorer\TypedURLs`)},
}, decodeTypedURLs)

func decodeTypedURLs(in artifacts.Input, yield func(TypedURL) bool) error {
	times, visits := typedURLsBeside(in, "TypedURLsTime"), typedURLsBeside(in, "TypedURLsVisitCount")
	return typed(in, yield, func(t typedValue) (r TypedURL, err error) {
		r = TypedURL{Origin: t.Origin, URL: t.text, Position: t.position, Empty: t.empty, Written: t.written}
		if t.empty || in.Partial() {
			return r, nil
		}
		if times != nil {
			b := in.Of(*times).Bytes(t.name)
			if b != nil && len(b) != 8 {
				err = in.Errorf(in.Below(*times), "time of %s has %d bytes, want 8", t.name, len(b))
			}
			r.Visited = wire.TimeAt(b, 0)
		}
		if visits != nil {
			r.Visits, _ = in.Of(*visits).Uint(t.name)
		}
		return r, err
	})
}

// typedURLsBeside is the key with this name beside the source's.
func typedURLsBeside(in artifacts.Input, name string) *hive.Key {
	parent, err := in.Key.Parent()
	if err != nil {
		return nil
	}
	k, err := parent.Subkey(name)
	if err != nil {
		return nil
	}
	return &k
}

// Tags marks the address that every profile is born with.
func (t TypedURL) Tags() []string {
	if t.Visited.IsZero() && strings.Contains(strings.ToLower(t.URL), "://go.microsoft.com/fwlink/") {
		return []string{"seeded"}
	}
	return nil
}

// Summary quotes the address.
func (t TypedURL) Summary() string {
	if t.Empty {
		return "the list is there and empty"
	}
	return fmt.Sprintf("[%s] url%d", t.URL, t.Position)
}
