package execution

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/formats/textfile"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A PSTranscript is one session of PowerShell that was written down.
type PSTranscript struct {
	artifacts.Origin
	File    string    `json:"file"`
	Start   time.Time `json:"start_time,omitzero" event:"Start Time,local"` // local
	End     time.Time `json:"end_time,omitzero" event:"End Time,local"`     // local
	Account string    `json:"username,omitempty"`
	RunAs   string    `json:"run_as,omitempty"`
	Machine string    `json:"machine,omitempty"`
	Windows string    `json:"windows,omitempty"`
	Host    string    `json:"host_application,omitempty"` // its command line
	PID     string    `json:"pid,omitempty"`
	Version string    `json:"ps_version,omitempty"`
	Inputs  []string  `json:"commands,omitempty"`       // lines behind a prompt
	Text    string    `json:"text,omitempty" extra:"-"` // the dialogue, up to 64 KiB
}

var psTranscripts = artifacts.Define(artifacts.Artifact{
	Name:     "pstranscripts",
	Title:    "PowerShell transcript",
	DataType: "powershell:transcript_log:entry",
	About: `Sessions of PowerShell with all that was typed and shown, which Start-Transcript or a policy wrote down. Proves that this account ran
PowerShell with this command line, and what the session printed. It does not prove who sat there, and a text file can be changed by its
owner. Start Time and End Time are local times of the machine; they are turned into UTC where its zone is known, and marked local elsewhere. Transcripts are looked
for in the documents of users, two folders deep below the root of the drive and in the folder that the policy of the machine or of the user names; a collection
takes those of the user's policy only where they lie in one of the other places.`,
	Proves: artifacts.Executed,
	Attack: []string{"T1059.001"},
	Refs: []string{
		"https://learn.microsoft.com/powershell/module/microsoft.powershell.host/start-transcript",
		"https://attack.mitre.org/techniques/T1059/001/",
	},
	Sources: []artifacts.Source{
		artifacts.SignedFiles(`%UserProfile%\Documents\PowerShell_transcript.*.txt`, collect.TranscriptFile),
		artifacts.Files(`%UserProfile%\Documents\*\PowerShell_transcript.*.txt`),
		artifacts.Files(`%UserProfile%\My Documents\PowerShell_transcript.*.txt`),
		artifacts.Files(`%SystemDrive%\*\PowerShell_transcript.*.txt`),
		artifacts.Files(`%SystemDrive%\*\*\PowerShell_transcript.*.txt`),
		artifacts.Files(`%ProgramData%\*\PowerShell_transcript.*.txt`),
		artifacts.Key(evidence.NTUSER, `Software\Policies\Microsoft\Windows\PowerShell\Transcription`),
	},
	Named: transcriptFolder,
}, decodePSTranscript)

// transcriptFolder is where the policy of the machine has transcripts written, in
// folders of a day each.
func transcriptFolder(tree *evidence.Tree) []artifacts.Source {
	m := tree.Known()
	var out []artifacts.Source
	for _, glob := range transcriptGlobs(m.Expand(m.Transcripts, evidence.User{})) {
		out = append(out, artifacts.Files(glob))
	}
	return out
}

// transcriptGlobs are the files of transcripts in the folder of a policy.
func transcriptGlobs(dir string) []string {
	dir = strings.TrimRight(dir, `\`)
	if len(winpath.Volume(dir)) != 2 || !strings.Contains(dir, `\`) || strings.ContainsAny(dir, `*?%`) {
		return nil // no folder on a volume of the machine
	}
	return []string{dir + `\PowerShell_transcript.*.txt`, dir + `\*\PowerShell_transcript.*.txt`}
}

// userTranscripts reads the files in the folder that the policy of a user names,
// but for those that the other sources lead to.
func userTranscripts(in artifacts.Input, yield func(PSTranscript) bool) error {
	if in.Tree == nil || in.Machine == nil || in.From.State != artifacts.Live || in.From.Snapshot != "" || in.Partial() {
		return nil
	}
	var files []*evidence.File
	for _, glob := range transcriptGlobs(in.Machine.Expand(in.Text("OutputDirectory"), in.User)) {
		list, _ := in.Tree.Glob(glob) // what cannot be listed is among the problems of the tree
		files = append(files, list...)
	}
	if len(files) == 0 {
		return nil
	}
	known := map[string]bool{}
	for _, s := range in.Artifact.SourcesIn(in.Tree) {
		if s.Glob != "" {
			list, _ := in.Tree.Glob(s.Glob)
			for _, f := range list {
				known[f.Path+"\x00"+f.Snapshot] = true
			}
		}
	}
	var errs []error
	for _, f := range files[:min(len(files), maxUserTranscripts)] {
		if known[f.Path+"\x00"+f.Snapshot] || f.Snapshot != "" {
			continue
		}
		b, err := f.BytesUpTo(artifacts.DefaultMaxWhole)
		if err != nil {
			errs = append(errs, in.Wrap(in.AtOffset(0).In(f.Path, ""), err))
			continue
		}
		sum := sha256.Sum256(b)
		one := in
		one.Data = b
		t := transcript{in: one, yield: yield, file: f.Path, sum: hex.EncodeToString(sum[:])}
		if more, err := t.read(); !more {
			return nil
		} else if err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Limits of a transcript.
const (
	transcriptText   = 64 << 10
	transcriptInputs = 4096

	maxUserTranscripts = 10_000 // files of one user's policy
)

// decodePSTranscript takes the fields of a head by their position, as their
// names are translated: start, account, run-as account, configuration, machine,
// command line, process id.
func decodePSTranscript(in artifacts.Input, yield func(PSTranscript) bool) error {
	if in.Source.Key != "" {
		return userTranscripts(in, yield)
	}
	t := transcript{in: in, yield: yield, file: in.From.Path}
	_, err := t.read()
	return err
}

// read reads the sessions of a file; false means that no more are wanted.
func (t *transcript) read() (more bool, err error) {
	lines, _, err := textfile.Split(bytes.NewReader(t.in.Data), int64(len(t.in.Data)))
	if err != nil {
		return true, err
	}
	for l := range lines {
		s := strings.TrimSuffix(strings.TrimPrefix(l.Text, "\ufeff"), "\r")
		if stars := strings.TrimSpace(s); len(stars) >= 20 && strings.Trim(stars, "*") == "" {
			if !t.stars(l.Offset) {
				return false, nil
			}
			continue
		}
		t.line(s)
	}
	t.dialogue()
	var cut error
	if t.r != nil && t.r.Start.IsZero() {
		cut = t.in.Errorf(t.r.Origin, "the head of the session is cut off")
	}
	return t.done(), cut
}

// A transcript is read line by line; r is the session at hand. Rows of asterisks
// stand before and after the head of a session, its end, and the time of each
// command where the policy asks for it (IncludeInvocationHeader). Programs print
// such rows, too.
type transcript struct {
	in    artifacts.Input
	yield func(PSTranscript) bool
	file  string // its path
	sum   string // its SHA-256, when it is not the source
	r     *PSTranscript
	part  transcriptPart
	at    int64    // of the last row of asterisks
	lines []string // after it, in a head or a block
	text  strings.Builder
}

// A transcriptPart is where a line stands.
type transcriptPart int

const (
	outside    transcriptPart = iota
	inHead                    // after the first row
	inDialogue                // after the second
	inBlock                   // after a row in the dialogue: an end, the time of a command, the next head, or text
)

// done yields the session at hand and reports whether more is wanted.
func (t *transcript) done() bool {
	if t.r == nil {
		return true
	}
	t.r.Text = t.text.String()
	t.text.Reset()
	ok := t.yield(*t.r)
	t.r, t.part = nil, outside
	return ok
}

// stars handles a row of asterisks. It reports whether more is wanted.
func (t *transcript) stars(off int64) bool {
	more := true
	switch t.part {
	case outside:
		t.begin(off)
	case inHead:
		t.r.head(t.lines)
		t.part = inDialogue
	case inDialogue:
		t.part = inBlock
	case inBlock:
		more = t.block()
	}
	t.at, t.lines = off, t.lines[:0]
	return more
}

func (t *transcript) begin(off int64) {
	at := t.in.AtOffset(off)
	if t.sum != "" {
		at = at.In(t.file, t.sum)
	}
	t.r, t.part = &PSTranscript{Origin: at, File: winpath.Base(t.file)}, inHead
}

// block takes what stands between two rows of asterisks in the dialogue. It
// reports whether more is wanted.
func (t *transcript) block() bool {
	more, n := true, len(t.lines)
	switch {
	case n == 1 && !transcriptTime(t.lines[0]).IsZero(): // Command start time: 20260301102030
		t.part = inDialogue
	case n == 2 && !transcriptTime(t.lines[1]).IsZero(): // transcript end, End time: 20260301102030
		t.r.End = transcriptTime(t.lines[1])
		more = t.done()
	case n > 4 && !transcriptTime(t.lines[1]).IsZero(): // the session had no end, and another begins
		head := t.lines
		more = t.done()
		t.begin(t.at)
		t.r.head(head)
		t.part = inDialogue
	default:
		t.dialogue()
		t.part = inBlock // the row can begin a block, too
	}
	return more
}

// dialogue takes the lines of a block that was none.
func (t *transcript) dialogue() {
	if t.part != inBlock {
		return
	}
	t.r.line(strings.Repeat("*", 22), &t.text)
	for _, s := range t.lines {
		t.r.line(s, &t.text)
	}
	t.part, t.lines = inDialogue, t.lines[:0]
}

// transcriptHead is how many lines the longest head or block has.
const transcriptHead = 64

// line handles any other line.
func (t *transcript) line(s string) {
	switch t.part {
	case inHead:
		if len(t.lines) < transcriptHead {
			t.lines = append(t.lines, s)
		}
	case inBlock:
		if t.lines = append(t.lines, s); len(t.lines) == transcriptHead {
			t.dialogue()
		}
	case inDialogue:
		t.r.line(s, &t.text)
	}
}

// head takes the fields of the head.
func (r *PSTranscript) head(lines []string) {
	value := func(i int) string {
		if i >= len(lines) {
			return ""
		}
		_, v, _ := strings.Cut(lines[i], ":")
		return strings.TrimSpace(v)
	}
	if len(lines) > 1 {
		r.Start = transcriptTime(lines[1])
	}
	r.Account, r.RunAs = value(2), value(3)
	i := 4
	if !strings.Contains(value(4), "(") { // the name of the configuration, since PowerShell 5
		i = 5
	}
	r.Machine, r.Windows, _ = strings.Cut(strings.TrimSuffix(value(i), ")"), " (")
	r.Host, r.PID, r.Version = value(i+1), value(i+2), value(i+3)
}

// line takes a line of the dialogue.
func (r *PSTranscript) line(s string, text *strings.Builder) {
	if text.Len()+len(s) < transcriptText {
		text.WriteString(s + "\n")
	}
	if cmd := typed(s); cmd != "" && len(r.Inputs) < transcriptInputs {
		r.Inputs = append(r.Inputs, cmd)
	}
}

// typed returns what stands after a prompt: PS C:\>, PS> where nobody sits at the
// console, and [server]: PS C:\> of a session on another machine.
func typed(s string) string {
	if strings.HasPrefix(s, "[") {
		if _, after, ok := strings.Cut(s, "]: "); ok {
			s = after
		}
	}
	rest, ok := strings.CutPrefix(s, "PS")
	if !ok || !strings.HasPrefix(rest, " ") && !strings.HasPrefix(rest, ">") {
		return ""
	}
	_, cmd, _ := strings.Cut(rest, ">")
	return strings.TrimSpace(strings.TrimLeft(cmd, ">")) // >> is a prompt of the debugger
}

// transcriptTime reads the 14 digits of a local time.
func transcriptTime(line string) time.Time {
	f := strings.Fields(line)
	if len(f) == 0 {
		return time.Time{}
	}
	t, err := time.Parse("20060102150405", f[len(f)-1])
	if err != nil {
		return time.Time{}
	}
	return t
}

// CommandLine returns what was typed.
func (r PSTranscript) CommandLine() string {
	return strings.Join(append([]string{r.Host}, r.Inputs...), "\n")
}

// Summary shows who ran what.
func (r PSTranscript) Summary() string {
	return fmt.Sprintf("[%s] %s by %s: %s", r.File, r.Host, cmp.Or(r.RunAs, r.Account),
		strings.Join(r.Inputs[:min(len(r.Inputs), 5)], "; "))
}
