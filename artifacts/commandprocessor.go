package artifacts

import (
	"fmt"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A CommandProcessor is the command that cmd.exe runs before any other.
type CommandProcessor struct {
	Origin
	autostart
	Unusual string `json:"unusual,omitempty"`
}

const commandProcessorKey = `Microsoft\Command Processor`

var commandProcessor = Define(Artifact{
	Name:     "commandprocessor",
	Title:    "Command processor AutoRun",
	DataType: "windows:registry:command_processor",
	About: `AutoRun is a command that every cmd.exe runs when it starts, unless it was started with /D. Absent on an ordinary machine; some
developers' tools set it. Proves that the command was configured for everybody (SOFTWARE) or for one user; does not prove that a cmd.exe
started since. The time is that of the whole key.`,
	Proves: Configured,
	Attack: []string{"T1546"},
	Refs:   []string{"https://learn.microsoft.com/windows-server/administration/windows-commands/cmd"},
	Sources: []Source{
		Key(evidence.SOFTWARE, commandProcessorKey),
		Key(evidence.NTUSER, `Software\`+commandProcessorKey),
	},
}, decodeCommandProcessor)

func decodeCommandProcessor(in Input, yield func(CommandProcessor) bool) error {
	v, ok := in.Own().Find("AutoRun")
	if !ok {
		return nil
	}
	text, note, err := autostartText(v)
	if err != nil {
		err = in.Wrap(in.At(v), err)
	}
	if text == "" {
		return err
	}
	yield(CommandProcessor{Origin: in.At(v), autostart: in.autostart("cmd AutoRun", text), Unusual: note})
	return err
}

// Summary shows the command.
func (r CommandProcessor) Summary() string {
	return fmt.Sprintf("AutoRun: %s", r.Command) + r.state()
}
