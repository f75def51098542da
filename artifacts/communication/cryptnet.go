package communication

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A Cryptnet is one file that the certificate library fetched from the
// network.
type Cryptnet struct {
	artifacts.Origin
	URL        string    `json:"url"`
	ETag       string    `json:"etag,omitempty"`
	Size       uint32    `json:"size"`                                                           // of the content
	Downloaded time.Time `json:"downloaded,omitzero" event:"Last Download Time"`                 // or asked for again
	Modified   time.Time `json:"server_modified,omitzero" event:"Server Last Modification Time"` // by the server's own word
	Content    string    `json:"content,omitempty"`                                              // file beside it: what was fetched
	Present    bool      `json:"content_present,omitempty"`                                      // it is in the evidence
}

var cryptnet = artifacts.Define(artifacts.Artifact{
	Name:     "cryptnet",
	Title:    "Cryptnet cache",
	DataType: "windows:file:cryptnet_url_cache",
	About: `Addresses from which the certificate library of Windows fetched something for this user or service:
revocation lists and certificates, and downloads of "certutil -urlcache". Proves that the address
was requested and answered, with the size of the answer. Does not prove which program requested it,
nor that the content was saved elsewhere or run. Windows fetches revocation lists automatically when
it checks signatures; an address that is not a certificate service, or that names a program or
script, deserves review. The first time is the last download, the second the file time given by the
server. The layout is known from published analyses, not from Microsoft documentation.`,
	Proves: artifacts.Present,
	Attack: []string{"T1105"},
	Refs: []string{
		"https://u0041.co/posts/articals/certutil-artifacts-analysis/",
		"https://learn.microsoft.com/windows-server/administration/windows-commands/certutil",
	},
	Sources: []artifacts.Source{
		artifacts.Files(`%UserProfile%\AppData\LocalLow\Microsoft\CryptnetUrlCache\MetaData\*`),
		artifacts.Files(`%UserProfile%\Application Data\Microsoft\CryptnetUrlCache\MetaData\*`),
		artifacts.Files(`%SystemRoot%\System32\config\systemprofile\AppData\LocalLow\Microsoft\CryptnetUrlCache\MetaData\*`),
		artifacts.Files(`%SystemRoot%\SysWOW64\config\systemprofile\AppData\LocalLow\Microsoft\CryptnetUrlCache\MetaData\*`),
	},
}, decodeCryptnet)

// Of a metadata file, by the published analyses; what is not named there is
// unknown.
const (
	cryptnetURLLen     = 12  // u32, bytes
	cryptnetDownloaded = 16  // FILETIME
	cryptnetModified   = 88  // FILETIME
	cryptnetETagLen    = 100 // u32, bytes
	cryptnetContent    = 112 // u32, size of the content
	cryptnetURL        = 116 // UTF-16, then the ETag, UTF-16
)

func decodeCryptnet(in artifacts.Input, yield func(Cryptnet) bool) error {
	r, err := parseCryptnet(in.Data)
	if err != nil {
		err = in.Errorf(in.AtOffset(0), "%w", err)
	}
	if r.URL == "" {
		return err
	}
	r.Origin = in.AtOffset(0)
	dir := winpath.Dir(winpath.Dir(in.From.Path))
	r.Content = winpath.Join(dir, "Content", winpath.Base(in.From.Path))
	_, r.Present = in.Tree.Lookup(r.Content)
	yield(r)
	return err
}

// parseCryptnet reads a metadata file. With an error comes what was read.
func parseCryptnet(b []byte) (Cryptnet, error) {
	var r Cryptnet
	if len(b) < cryptnetURL {
		return r, fmt.Errorf("metadata of %d bytes, want %d", len(b), cryptnetURL)
	}
	r.Downloaded = wire.TimeAt(b, cryptnetDownloaded)
	r.Modified = wire.TimeAt(b, cryptnetModified)
	r.Size = le.Uint32(b[cryptnetContent:])
	c := wire.NewReader(b, cryptnetURL)
	nURL, nTag := le.Uint32(b[cryptnetURLLen:]), le.Uint32(b[cryptnetETagLen:])
	if int64(nURL) > int64(c.Left()) {
		r.URL = wire.UTF16Z(c.Take(c.Left()))
		return r, fmt.Errorf("address of %d bytes runs past the end", nURL)
	}
	r.URL = wire.UTF16Z(c.Take(int(nURL)))
	if r.URL == "" {
		return r, errors.New("no address")
	}
	if int64(nTag) > int64(c.Left()) {
		r.ETag = wire.UTF16Z(c.Take(c.Left()))
		return r, fmt.Errorf("ETag of %d bytes runs past the end", nTag)
	}
	r.ETag = strings.Trim(wire.UTF16Z(c.Take(int(nTag))), `"`)
	return r, nil
}

// Summary shows the address and the size.
func (r Cryptnet) Summary() string { return fmt.Sprintf("[%s] %d bytes fetched", r.URL, r.Size) }
