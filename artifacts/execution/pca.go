package execution

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/textfile"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// Pca is one line that the Program Compatibility Assistant of Windows 11 wrote.
type Pca struct {
	artifacts.Origin
	Path      string    `json:"path"`
	Time      time.Time `json:"time,omitzero"`
	Launch    bool      `json:"launch"` // from the list of last launches; else a general record
	Code      string    `json:"type,omitempty"`
	Type      string    `json:"type_text,omitempty"`
	Product   string    `json:"product_name,omitempty"`
	Company   string    `json:"company_name,omitempty"`
	Version   string    `json:"file_version,omitempty"`
	ProgramID string    `json:"program_identifier,omitempty"`
	Text      string    `json:"text,omitempty"`
	Encoding  string    `json:"encoding"` // "UTF-16" as Windows writes general records, "8-bit", "UTF-8"
}

var pca = artifacts.Define(artifacts.Artifact{
	Name:     "pca",
	Title:    "PCA",
	DataType: "windows:file:pca",
	About: `Windows 11 22H2 and later record the programs that the Program Compatibility Assistant watched.
PcaAppLaunchDic.txt has one line per path. It proves that the program was started, and when last, in
UTC. PcaGeneralDb0/1.txt have a line for each observation: an abnormal exit proves that the program
ran and ended then; the other types do not prove a start. Only programs started in an interactive
session through Explorer are watched: other programs may also have run. Paths are in lower case and
begin with a variable.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1204.002"},
	Refs:   []string{"https://aboutdfir.com/new-windows-11-pro-22h2-evidence-of-execution-artifact/"},
	Sources: []artifacts.Source{
		artifacts.RandomFiles(`%SystemRoot%\appcompat\pca\PcaAppLaunchDic.txt`),
		artifacts.RandomFiles(`%SystemRoot%\appcompat\pca\PcaGeneralDb*.txt`),
	},
}, decodePca)

// pcaTypes are the types of general records. 2 and 3 are seen in real files, 0
// and 1 only documented.
var pcaTypes = map[string]string{
	"0": "installer failed",
	"1": "driver was blocked",
	"2": "abnormal process exit",
	"3": "PCA resolver was called",
}

const pcaLayout = "2006-01-02 15:04:05.000"

func decodePca(in artifacts.Input, yield func(Pca) bool) error {
	launch := !strings.HasPrefix(strings.ToLower(winpath.Base(in.From.Path)), "pcageneraldb")

	lines, encoding, err := textfile.Split(in.ReaderAt())
	if err != nil {
		return err
	}
	var errs []error
	bad := 0
	for l := range lines {
		if strings.TrimSpace(l.Text) == "" {
			continue
		}
		r := Pca{Origin: in.AtOffset(l.Offset), Launch: launch, Encoding: encoding}
		ok, err := r.parse(l.Text)
		if err != nil {
			if bad++; bad <= pcaErrors {
				errs = append(errs, in.Errorf(r.Origin, "%w", err))
			}
		}
		if ok && !yield(r) {
			return nil
		}
	}
	if bad > pcaErrors {
		errs = append(errs, in.Errorf(in.AtOffset(0), "%d more lines that are damaged", bad-pcaErrors))
	}
	return errors.Join(errs...)
}

// pcaErrors is how many damaged lines are named; a file of another kind would
// drown the rest.
const pcaErrors = 100

// parse takes the fields of a line. ok reports whether it is a record, be its
// time damaged.
func (p *Pca) parse(line string) (ok bool, err error) {
	stamp := ""
	if p.Launch {
		// A path cannot hold the separator: the time follows the last.
		i := strings.LastIndexByte(line, '|')
		if i < 0 {
			return false, errors.New("line without a separator")
		}
		p.Path, stamp = line[:i], line[i+1:]
	} else {
		f := strings.Split(line, "|")
		if len(f) < 3 {
			return false, fmt.Errorf("line of %d fields, a record has 8", len(f))
		}
		stamp, p.Code, p.Path = f[0], f[1], f[2]
		p.Type = pcaTypes[p.Code]
		for i, s := range []*string{&p.Product, &p.Company, &p.Version, &p.ProgramID} {
			if 3+i < len(f) {
				*s = f[3+i]
			}
		}
		if len(f) > 7 {
			p.Text = strings.Join(f[7:], "|")
		}
	}
	t, err := time.Parse(pcaLayout, strings.TrimSpace(stamp))
	if err != nil || t.Year() < 1601 {
		return true, fmt.Errorf("time %q is no time of the form %s", stamp, pcaLayout)
	}
	p.Time = t
	return true, nil
}

// Program returns the path.
func (p Pca) Program() string { return p.Path }

// Proof is a start for the list of launches and for an exit.
func (p Pca) Proof() artifacts.Proof {
	if p.Launch || p.Code == "2" {
		return artifacts.Executed
	}
	return artifacts.Present
}

// Summary says what was noticed.
func (p Pca) Summary() string {
	if p.Launch {
		return fmt.Sprintf("[%s] was executed", p.Path)
	}
	s := fmt.Sprintf("[%s] type %s", p.Path, p.Code)
	if p.Type != "" {
		s += " (" + p.Type + ")"
	}
	if p.Text != "" {
		s += ": " + p.Text
	}
	return s
}

// Events names the time by what the line is.
func (p Pca) Events() []artifacts.Event {
	if p.Time.IsZero() {
		return nil
	}
	kind := "Recorded Time"
	switch {
	case p.Launch:
		kind = "Last Time Executed"
	case p.Code == "2":
		kind = "Exit Time"
	}
	return []artifacts.Event{{Time: p.Time, Kind: kind}}
}
