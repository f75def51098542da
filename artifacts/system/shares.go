package system

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// Share is one folder or printer that the machine offers to others.
type Share struct {
	artifacts.Origin
	Name    string    `json:"name"`
	Path    string    `json:"path,omitempty"`
	Remark  string    `json:"remark,omitempty"`
	Type    string    `json:"type,omitempty"`
	Written time.Time `json:"written,omitzero"` // of the key: the last change of any share
}

var shares = artifacts.Define(artifacts.Artifact{
	Name:     "shares",
	Title:    "Shared folders",
	DataType: "windows:registry:share",
	About: `Folders and printers shared on the network. Proves that the share was created, and its path. The
shares C$, ADMIN$ and IPC$ are created at each start and are not included. It does not prove that
anybody connected. The key's time is the last change of any of the shares.`,
	Proves:  artifacts.Configured,
	Attack:  []string{"T1021.002", "T1135"},
	Refs:    []string{"https://learn.microsoft.com/windows/win32/api/lmshare/ns-lmshare-share_info_502"},
	Sources: []artifacts.Source{artifacts.Key(evidence.SYSTEM, `{CS}\Services\LanmanServer\Shares`)},
}, decodeShares)

func decodeShares(in artifacts.Input, yield func(Share) bool) error {

	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		if v.Name() == "" {
			continue
		}
		lines, err := v.Texts()
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
		}
		s := Share{Origin: in.At(v), Name: v.Name(), Written: in.Written()}
		for _, l := range lines {
			name, value, _ := strings.Cut(l, "=")
			switch strings.ToLower(name) {
			case "path":
				s.Path = value
			case "remark":
				s.Remark = value
			case "type":
				switch value {
				case "0":
					s.Type = "folder"
				case "1":
					s.Type = "printer"
				default:
					s.Type = value
				}
			}
		}
		if !yield(s) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// Summary names share and path.
func (s Share) Summary() string { return fmt.Sprintf("[%s] %s", s.Name, s.Path) }
