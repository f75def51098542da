package persistence

import (
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/hive"
)

// A ShellExtension is one class that Explorer or Internet Explorer loads.
type ShellExtension struct {
	Hook
	List  string `json:"list"` // ShellExecuteHooks, Browser Helper Objects, …
	CLSID string `json:"clsid"`
	Title string `json:"title,omitempty"`
}

var shellExtensions = artifacts.Define(artifacts.Artifact{
	Name:     "shellextensions",
	Title:    "Shell extension",
	DataType: "windows:registry:shell_extension",
	About: `Classes that Explorer loads at logon or when it shows a folder or a menu (hooks of execution,
service objects, delayed loads, icon overlays, context menus and property pages of files, folders
and drives), those that Internet Explorer loads (helper objects, tool bars, buttons, search hooks),
handlers of addresses, and the list of extensions that were approved. Proves that the class was
registered; its DLL is the one that the machine's registry names for it. Does not prove that it was
loaded. Windows and nearly every installed program register some. For a class with its own key the
time is near its registration; for values of one key it dates only the last change of that key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1546.015", "T1176"},
	Refs: []string{
		"https://learn.microsoft.com/windows/win32/shell/reg-shell-exts",
		"https://learn.microsoft.com/windows/win32/shell/handlers",
		"https://learn.microsoft.com/sysinternals/downloads/autoruns",
	},
	Sources: shellExtensionSources(),
}, decodeShellExtensions)

const shellExtensionKey = `Microsoft\Windows\CurrentVersion\`

// shellExtensionLists are the lists below CurrentVersion and elsewhere, and
// where in them the class stands.
var shellExtensionLists = []struct{ key, class string }{
	{shellExtensionKey + `Explorer\ShellExecuteHooks`, "name"},
	{shellExtensionKey + `Explorer\SharedTaskScheduler`, "name"},
	{shellExtensionKey + `Explorer\ShellServiceObjects\*`, "key"},
	{shellExtensionKey + `Explorer\ShellIconOverlayIdentifiers\*`, "default"},
	{shellExtensionKey + `Explorer\Browser Helper Objects\*`, "key"},
	{shellExtensionKey + `ShellServiceObjectDelayLoad`, "data"},
	{shellExtensionKey + `Shell Extensions\Approved`, "name"},
	{shellExtensionKey + `Explorer\CommonPlaces\NameSpace\*`, "key"},
	{shellExtensionKey + `Explorer\CommonPlaces\NameSpace\DelegateFolders\*`, "key"},
	{shellExtensionKey + `Explorer\ControlPanel\NameSpace\*`, "key"},
	{shellExtensionKey + `Explorer\ControlPanel\NameSpace\DelegateFolders\*`, "key"},
	{shellExtensionKey + `Explorer\ControlPanelWOW64\NameSpace\*`, "key"},
	{shellExtensionKey + `Explorer\ControlPanelWOW64\NameSpace\DelegateFolders\*`, "key"},
	{shellExtensionKey + `Explorer\Desktop\NameSpace\*`, "key"},
	{shellExtensionKey + `Explorer\Desktop\NameSpace\DelegateFolders\*`, "key"},
	{shellExtensionKey + `Explorer\MyComputer\NameSpace\*`, "key"},
	{shellExtensionKey + `Explorer\MyComputer\NameSpace\DelegateFolders\*`, "key"},
	{shellExtensionKey + `Explorer\NetworkNeighborhood\NameSpace\*`, "key"},
	{shellExtensionKey + `Explorer\NetworkNeighborhood\NameSpace\DelegateFolders\*`, "key"},
	{shellExtensionKey + `Explorer\PrintersAndFaxes\NameSpace\*`, "key"},
	{shellExtensionKey + `Explorer\PrintersAndFaxes\NameSpace\DelegateFolders\*`, "key"},
	{shellExtensionKey + `Explorer\CommandStore\shell\*`, "command"},
	{shellExtensionKey + `Explorer\CommandStore\shell\*\command`, "command"},
	{shellExtensionKey + `Explorer\AutoplayHandlers\Handlers\*`, "autoplay"},
	{shellExtensionKey + `Explorer\AppKey\*`, "appkey"},
	{`Microsoft\Internet Explorer\Toolbar`, "name"},
	{`Microsoft\Internet Explorer\Toolbar\WebBrowser`, "name"},
	{`Microsoft\Internet Explorer\URLSearchHooks`, "name"},
	{`Microsoft\Internet Explorer\Extensions\*`, "extension"},
	{`Microsoft\Internet Explorer\Explorer Bars\*`, "key"},
}

// shellExtensionObjects are the classes of files whose handlers are read.
var shellExtensionObjects = []string{"*", "AllFilesystemObjects", "Directory", `Directory\Background`, "Folder", "Drive", "exefile",
	"lnkfile"}

func shellExtensionSources() []artifacts.Source {
	var out []artifacts.Source
	for _, l := range shellExtensionLists {
		out = append(out, artifacts.Key(evidence.SOFTWARE, l.key), artifacts.Key(evidence.NTUSER, `Software\`+l.key))
	}
	// The class of all files is called `*`: the pattern matches every class,
	// and the decoder takes those it knows.
	for _, k := range []string{`*\shellex\*`, `Directory\Background\shellex\*`, `*\shellex\*\*`, `Directory\Background\shellex\*\*`} {
		out = append(out, artifacts.Key(evidence.SOFTWARE, `Classes\`+k), artifacts.Key(evidence.USRCLASS, k))
	}
	for _, p := range []string{`PROTOCOLS\Handler\*`, `PROTOCOLS\Filter\*`, `PROTOCOLS\Name-Space Handler\*`, `PROTOCOLS\Name-Space Handler\*\*`} {
		out = append(out, artifacts.Key(evidence.SOFTWARE, `Classes\`+p), artifacts.Key(evidence.USRCLASS, p))
	}
	return out
}

func decodeShellExtensions(in artifacts.Input, yield func(ShellExtension) bool) error {
	src := in.Source.Key
	switch {
	case strings.Contains(src, `\shellex\`):
		parts := strings.Split(in.From.Key, `\`)
		i := slices.IndexFunc(parts, func(p string) bool { return strings.EqualFold(p, "shellex") })
		if i < 1 {
			return nil
		}
		object := parts[i-1]
		if strings.EqualFold(object, "Background") && i > 1 {
			object = parts[i-2] + `\` + object
		}
		if in.Source.Hive == evidence.SOFTWARE &&
			!slices.ContainsFunc(shellExtensionObjects, func(o string) bool { return strings.EqualFold(o, object) }) {
			return nil // of the machine only what concerns many kinds of files
		}
		if len(parts) == i+2 { // the handler's kind is the key itself: IconHandler, DropHandler, an interface
			return shellExtensionClass(in, "single", object+`\`+parts[i+1], yield)
		}
		return shellExtensionClass(in, "default", object+`\`+strings.Join(parts[i+1:len(parts)-1], `\`), yield)
	case strings.Contains(src, `PROTOCOLS\`):
		_, list, _ := strings.Cut(src, `PROTOCOLS\`)
		return shellExtensionClass(in, "clsid", `PROTOCOLS\`+strings.TrimRight(list, `\*`), yield)
	}
	for _, l := range shellExtensionLists {
		if strings.HasSuffix(src, l.key) {
			list := strings.TrimSuffix(l.key, `\*`)
			name := list[strings.LastIndexByte(list, '\\')+1:]
			if _, place, ok := strings.Cut(list, `Explorer\`); ok && (strings.Contains(place, "NameSpace") || l.class == "command") {
				name = strings.ReplaceAll(place, `\*`, "")
			}
			return shellExtensionClass(in, l.class, name, yield)
		}
	}
	return nil
}

// shellExtensionClass finds the class ids of a key: its own name, its
// values' names or data, its default value, or a value of that name.
func shellExtensionClass(in artifacts.Input, where, list string, yield func(ShellExtension) bool) error {
	h := hooksOf(in, list)
	var ids, titles []string
	add := func(o artifacts.Origin, id, name, title string) {
		id = strings.TrimSpace(id)
		a, t := autostartCOM(in, "Shell extension "+list, id)
		h.out = append(h.out, Hook{Origin: o, Entry: a, Key: list, Name: name})
		if title == "" {
			title = t
		}
		ids, titles = append(ids, id), append(titles, title)
	}
	switch where {
	case "key":
		if strings.HasSuffix(list, "NameSpace") && !comIsCLSID(in.Matched(0)) {
			return nil // DelegateFolders, which has sources of its own
		}
		add(in.AtKey(), in.Matched(0), in.Matched(0), in.Text(""))
	case "appkey": // the buttons of a keyboard: a command, or a class of files that it opens
		h.value("ShellExecute", func(v hive.Value) {
			if r := h.command(v, "Keyboard button"); r != nil {
				ids, titles = append(ids, ""), append(titles, "")
			}
		})
	case "default", "single", "clsid", "extension", "autoplay", "command":
		names := map[string][]string{"default": {""}, "single": {""}, "clsid": {"CLSID"},
			"autoplay": {"CLSID", "CLSIDForCancel"},
			"command":  {"CommandStateHandler", "ExplorerCommandHandler", "DelegateExecute"}, "extension": {"CLSID", "ClsidExtension", "BandCLSID", "Exec", "Script"}}[where]
		for _, name := range names {
			h.value(name, func(v hive.Value) {
				text, _ := h.text(v)
				switch {
				case comIsCLSID(text):
					add(in.At(v), text, in.Matched(0), "")
				case text != "" && (name == "Exec" || name == "Script"):
					r := h.command(v, "Internet Explorer button")
					r.Name = in.Matched(0)
					ids, titles = append(ids, ""), append(titles, in.Text("ButtonText"))
				}
			})
		}
		if where == "default" && len(h.out) == 0 && comIsCLSID(in.Matched(0)) {
			add(in.AtKey(), in.Matched(0), in.Matched(0), "") // the key itself may be named by the class
		}
	default:
		h.each(func(v hive.Value) {
			text := v.Name()
			title := ""
			if where == "data" {
				text, _ = h.text(v)
			} else if v.Type().Base() == hive.String || v.Type().Base() == hive.ExpandString {
				title, _ = h.text(v)
			}
			if comIsCLSID(strings.TrimSpace(text)) {
				add(in.At(v), text, v.Name(), title)
			}
		})
	}
	i := -1
	return hookRecords(h, func(r Hook) ShellExtension {
		i++
		r.Default = r.Image != "" && shellExtensionSystem(in, r.Image) ||
			list == "URLSearchHooks" && strings.EqualFold(ids[i], "{CFBFAE00-17A6-11D0-99CB-00C04FD64497}") // Microsoft's own
		return ShellExtension{r, list, ids[i], titles[i]}
	}, yield)
}

// shellExtensionSystem reports whether the DLL is one of a folder that only
// Windows itself writes to.
func shellExtensionSystem(in artifacts.Input, image string) bool {
	dir := winpath.Dir(image)
	return dir == "" || in.Machine.IsSystem32(dir)
}

// Summary names the class and its DLL.
func (r ShellExtension) Summary() string {
	if r.CLSID == "" {
		return r.Hook.Summary()
	}
	return comSummary(r.Hook, r.CLSID, r.Title)
}
