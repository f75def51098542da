package persistence

import (
	"fmt"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A CommandProcessor is the command that cmd.exe runs before any other.
type CommandProcessor struct {
	artifacts.Origin
	Entry
	Unusual string `json:"unusual,omitempty"`
}

const commandProcessorKey = `Microsoft\Command Processor`

var commandProcessor = artifacts.Define(artifacts.Artifact{
	Name:     "commandprocessor",
	Title:    "Command processor AutoRun",
	DataType: "windows:registry:command_processor",
	About: `AutoRun is a command that every cmd.exe runs at its start, except with /D. It is absent by default;
some development tools set it. Proves that the command was configured for all users (SOFTWARE) or
for one user; does not prove that a cmd.exe started since. The time is that of the whole key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1546"},
	Refs:   []string{"https://learn.microsoft.com/windows-server/administration/windows-commands/cmd"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SOFTWARE, commandProcessorKey),
		artifacts.Key(evidence.NTUSER, `Software\`+commandProcessorKey),
	},
}, decodeCommandProcessor)

func decodeCommandProcessor(in artifacts.Input, yield func(CommandProcessor) bool) error {
	v, ok := in.Own().Find("AutoRun")
	if !ok {
		return nil
	}
	text, note, err := artifacts.AnyText(v)
	if err != nil {
		err = in.Wrap(in.At(v), err)
	}
	if text == "" {
		return err
	}
	yield(CommandProcessor{Origin: in.At(v), Entry: autostartCommand(in, "cmd AutoRun", text), Unusual: note})
	return err
}

// Summary shows the command.
func (r CommandProcessor) Summary() string {
	return fmt.Sprintf("AutoRun: %s", r.Command) + r.state()
}
