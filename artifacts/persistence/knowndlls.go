package persistence

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// A KnownDLL is a DLL that every program takes from one folder, wherever it
// would search.
type KnownDLL struct{ Hook }

var knownDLLs = artifacts.Define(artifacts.Artifact{
	Name:     "knowndlls",
	Title:    "Known DLL",
	DataType: "windows:registry:known_dlls",
	About: `The DLLs that Windows maps at boot for all programs that load them by name, and their folder
(DllDirectory, DllDirectory32 for 32-bit programs). Proves the list as it was at the last write.
Does not prove that a DLL was loaded. An unknown name, a path in place of a name, or another folder
makes every program load other code. ExcludeFromKnownDlls removes names from the list, so a program
finds a copy in its own folder first. The names differ between versions of Windows. The time is that
of the whole key, by default that of the installation.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1574.001"},
	Refs:   []string{"https://learn.microsoft.com/windows/win32/dlls/dynamic-link-library-search-order"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\Session Manager\KnownDLLs`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\Session Manager`),
	},
}, decodeKnownDLLs)

// knownDLLNames are those of Windows XP to 11, without extension: seen in
// real hives, and documented for the versions not seen.
var knownDLLNames = strings.Fields(`_wow64cpu _wowarmhw _wowarm32 _xtajit _xtajit64 advapi32 bcrypt bcryptprimitives cfgmgr32 clbcatq combase comctl32
	comdlg32 coml2 crypt32 difxapi devobj gdi32 gdi32full gdiplus iertutil imagehlp imm32 kernel32 kernelbase lpk lz32 msasn1 msctf msvcrt msvcp_win
	normaliz nsi ntdll ole32 oleaut32 olecli32 olecnv32 olesvr32 olethk32 psapi rpcrt4 sechost setupapi shcore shell32 shlwapi ucrtbase url urlmon
	user32 usp10 version win32u wininet wintrust wldap32 wow64 wow64base wow64con wow64win wow64cpu wowarmhw wowarm32 xtajit xtajit64 ws2_32 ws2help
	rpcss windows.storage profapi powrprof fltlib`)

func decodeKnownDLLs(in artifacts.Input, yield func(KnownDLL) bool) error {
	h := hooksOf(in, "KnownDLLs")
	if !strings.HasSuffix(in.Source.Key, "KnownDLLs") {
		h.key = "Session Manager"
		h.value("ExcludeFromKnownDlls", func(v hive.Value) {
			list, _ := h.list(v)
			for _, name := range list {
				h.add(v, autostartOf(in, "Excluded known DLL")).Value = name
			}
		})
		return hookRecords(h, func(r Hook) KnownDLL { return KnownDLL{r} }, yield)
	}
	h.each(func(v hive.Value) {
		if strings.HasPrefix(strings.ToLower(v.Name()), "dlldirectory") {
			if r := h.fact(v, "Known DLL folder"); r != nil {
				r.Default = in.Machine.IsSystem32(in.Machine.Expand(r.Value, in.User))
			}
			return
		}
		if r := h.dll(v, "Known DLL"); r != nil {
			r.Default = hookSystem(in, r.Image, knownDLLNames...)
		}
	})
	return hookRecords(h, func(r Hook) KnownDLL { return KnownDLL{r} }, yield)
}
