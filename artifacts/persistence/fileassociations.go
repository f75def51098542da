package persistence

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/hive"
)

// A FileAssociation is the command by which a kind of file or address is
// opened.
type FileAssociation struct {
	Hook
	Class string `json:"class"`          // exefile, ms-settings, .exe
	Verb  string `json:"verb,omitempty"` // open, runas
}

var fileAssociations = artifacts.Define(artifacts.Artifact{
	Name:     "fileassociations",
	Title:    "File association",
	DataType: "windows:registry:file_association",
	About: `The commands with which the shell opens file types and protocols: all per-user ones, and the
machine's for programs and scripts. The default command of exefile, comfile, batfile and cmdfile is
"%1" %*; a program before it runs with every opened program. Programs that elevate without a prompt
run a user's command for ms-settings, mscfile, Folder or exefile (runas) with administrator rights;
for that DelegateExecute must exist, usually empty. Proves that the association was configured. Does
not prove that anything was opened with it. Per-user installations register their own classes. The
time is that of the key of the command.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1546.001", "T1548.002"},
	Refs: []string{
		"https://attack.mitre.org/techniques/T1546/001/",
		"https://attack.mitre.org/techniques/T1548/002/",
		"https://learn.microsoft.com/windows/win32/shell/fa-verbs",
	},
	Sources: fileAssociationSources(),
}, decodeFileAssociations)

// fileAssociationClasses are the classes of the machine that are looked at:
// programs, scripts, and what elevated programs open.
var fileAssociationClasses = []string{"exefile", "comfile", "batfile", "cmdfile", "piffile", "scrfile", "regfile", "htafile", "jsfile",
	"jsefile",
	"vbsfile", "vbefile", "wsffile", "wshfile", "mscfile", "cplfile", "lnkfile", "txtfile", "inffile", "Microsoft.PowerShellScript.1",
	"ms-settings",
	"Folder", "Directory", "Drive", "Launcher.SystemSettings"}

// fileAssociationExtensions lead to a class; a user's own for these is odd.
var fileAssociationExtensions = []string{".exe", ".com", ".bat", ".cmd", ".pif", ".scr", ".reg", ".hta", ".js", ".jse", ".vbs", ".vbe",
	".wsf", ".wsh", ".ps1", ".msc", ".cpl", ".lnk", ".msi"}

func fileAssociationSources() []artifacts.Source {
	out := []artifacts.Source{
		artifacts.Key(evidence.USRCLASS, `*\shell\*\command`),
		artifacts.Key(evidence.NTUSER, `Software\Classes\*\shell\*\command`),
	}
	// The verbs of the recycle bin's own class: what a click on it starts.
	const bin = `CLSID\{645FF040-5081-101B-9F08-00AA002F954E}\shell\*\command`
	out = append(out, artifacts.Key(evidence.SOFTWARE, `Classes\`+bin), artifacts.Key(evidence.USRCLASS, bin),
		artifacts.Key(evidence.NTUSER, `Software\Classes\`+bin))
	for _, c := range fileAssociationClasses {
		out = append(out, artifacts.Key(evidence.SOFTWARE, `Classes\`+c+`\shell\*\command`))
	}
	for _, e := range fileAssociationExtensions {
		out = append(out, artifacts.Key(evidence.USRCLASS, e), artifacts.Key(evidence.SOFTWARE, `Classes\`+e))
	}
	return out
}

func decodeFileAssociations(in artifacts.Input, yield func(FileAssociation) bool) error {
	parts := strings.Split(in.From.Key, `\`)
	if !strings.HasSuffix(in.Source.Key, `\command`) {
		class := parts[len(parts)-1]
		h := hooksOf(in, class)
		h.value("", func(v hive.Value) {
			if r := h.fact(v, "File association"); r != nil {
				r.Default = fileAssociationUsualClass(class, r.Value)
			}
		})
		return hookRecords(h, func(r Hook) FileAssociation { return FileAssociation{Hook: r, Class: class} }, yield)
	}
	// …\class\shell\verb\command; the head may be lost of a deleted key.
	class, verb := "", ""
	if n := len(parts); n >= 4 {
		class, verb = parts[n-4], parts[n-2]
	}
	h := hooksOf(in, class+`\shell\`+verb+`\command`)
	h.each(func(v hive.Value) {
		switch strings.ToLower(v.Name()) {
		case "":
			if r := h.command(v, "File association"); r != nil {
				r.Default = fileAssociationUsual(in, class, verb, *r)
			}
		case "delegateexecute":
			text, note := h.text(v)
			a := autostartOf(in, "File association")
			if comIsCLSID(text) {
				a, _ = autostartCOM(in, "File association", text)
			}
			r := h.add(v, a)
			r.Value, r.Unusual = text, note
			if text == "" {
				r.Value = "(empty)"
			}
			// By this class packaged apps are started; each registers it.
			r.Default = strings.EqualFold(text, "{4ED3A719-CEA8-4BD9-910D-E252F997AFC2}") &&
				strings.HasPrefix(strings.ToLower(class), "appx") ||
				in.Source.Hive == evidence.SOFTWARE && text != "" && in.Machine.IsSystem32(winpath.Dir(a.Image))
		}
	})
	return hookRecords(h, func(r Hook) FileAssociation { return FileAssociation{Hook: r, Class: class, Verb: verb} }, yield)
}

// fileAssociationUsual are the commands of an untouched Windows: the file
// itself, or a program of Windows that opens it.
func fileAssociationUsual(in artifacts.Input, class, verb string, r Hook) bool {
	if in.Source.Hive != evidence.SOFTWARE {
		return false
	}
	c := strings.Join(strings.Fields(strings.ToLower(r.Command)), " ")
	switch strings.ToLower(class) {
	case "exefile", "comfile", "batfile", "cmdfile", "piffile", "scrfile", "cplfile":
		if c == `"%1" %*` || c == `"%1" /s` || c == `"%1"` {
			return true
		}
		if strings.EqualFold(verb, "open") && !strings.EqualFold(class, "cplfile") {
			return false
		}
	}
	return hookSystem(in, r.Image, "cmd", "notepad", "wscript", "cscript", "mshta", "mmc", "rundll32", "powershell", "desk", "control",
		"infdefaultinstall", "print", "write") ||
		hookWindows(in, r.Image, "regedit", "explorer", "notepad") || hookSystem(in, r.Image, "regedit", "explorer")
}

// hookWindows is hookSystem for the folder of Windows itself.
func hookWindows(in artifacts.Input, image string, names ...string) bool {
	k := strings.TrimPrefix(strings.ToLower(image), strings.ToLower(in.Machine.Expand("%SystemRoot%", in.User))+`\`)
	for _, n := range names {
		if k == n+".exe" {
			return true
		}
	}
	return false
}

// fileAssociationUsualClass reports whether the extension leads to its own
// class.
func fileAssociationUsualClass(ext, class string) bool {
	ext, class = strings.ToLower(ext), strings.ToLower(class)
	switch ext {
	case ".ps1":
		return class == "microsoft.powershellscript.1"
	case ".msi":
		return class == "msi.package"
	}
	return class == strings.TrimPrefix(ext, ".")+"file"
}
