package system

import (
	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

const (
	memoryKey   = `{CS}\Control\Session Manager\Memory Management`
	prefetchKey = memoryKey + `\PrefetchParameters`
	crashKey    = `{CS}\Control\CrashControl`
	powerKey    = `{CS}\Control\Power`
)

// memoryRows: which pictures of memory and which traces of programs the machine
// keeps.
var memoryRows = []settingRow{
	{artifacts.Key(evidence.SYSTEM, memoryKey), "PagingFiles", nil},
	{artifacts.Key(evidence.SYSTEM, memoryKey), "ExistingPageFiles", nil},
	{artifacts.Key(evidence.SYSTEM, memoryKey), "ClearPageFileAtShutdown",
		[]settingMeaning{weakens("1", "the page file is overwritten at each shutdown"), normal("0", "the page file stays after a shutdown")}},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Control\FileSystem`), "NtfsEncryptPagingFile",
		[]settingMeaning{normal("1", "the page file is encrypted with a key that a shutdown destroys"), normal("0", "the page file is not encrypted")}},
	{artifacts.Key(evidence.SYSTEM, prefetchKey), "EnablePrefetcher", prefetchMeanings},
	{artifacts.Key(evidence.SYSTEM, prefetchKey), "EnableSuperfetch", prefetchMeanings},
	{artifacts.Key(evidence.SYSTEM, crashKey), "CrashDumpEnabled",
		[]settingMeaning{weakens("0", "a crash of Windows writes no dump"), normal("1", "a crash of Windows writes the whole memory"),
			normal("2", "a crash of Windows writes the kernel's memory"), normal("3", "a crash of Windows writes a small dump"),
			normal("7", "a crash of Windows writes a dump of automatic size")}},
	{artifacts.Key(evidence.SYSTEM, crashKey), "DumpFile", nil},
	{artifacts.Key(evidence.SYSTEM, crashKey), "MinidumpDir", nil},
	{artifacts.Key(evidence.SYSTEM, crashKey), "DedicatedDumpFile", nil},
	{artifacts.Key(evidence.SYSTEM, crashKey), "DumpFilters", nil},
	{artifacts.Key(evidence.SYSTEM, crashKey), "Overwrite",
		[]settingMeaning{normal("1", "a new dump replaces the last"), normal("0", "the last dump stays")}},
	{artifacts.Key(evidence.SYSTEM, powerKey), "HibernateEnabled",
		[]settingMeaning{normal("0", "hibernation is off: no hiberfil.sys"), normal("1", "hibernation is on")}},
	{artifacts.Key(evidence.SYSTEM, `{CS}\Control\Session Manager\Power`), "HiberbootEnabled",
		[]settingMeaning{normal("0", "fast startup is off"), normal("1", "fast startup is on: a shutdown keeps the kernel's memory")}},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\Windows Error Reporting\LocalDumps`), "DumpFolder", nil},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\Windows Error Reporting\LocalDumps`), "DumpType", localDumps},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\Windows Error Reporting\LocalDumps\*`), "DumpFolder", nil},
	{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\Windows Error Reporting\LocalDumps\*`), "DumpType", localDumps},
}

var (
	prefetchMeanings = []settingMeaning{weakens("0", "nothing is kept"), normal("1", "for programs only"), normal("2", "for the boot only"),
		normal("3", "for programs and the boot")}
	localDumps = []settingMeaning{normal("0", "a custom dump of a program that crashes"), normal("1", "a small dump of a program that crashes"),
		normal("2", "the whole memory of a program that crashes")}
)

var memorySettings = artifacts.Define(artifacts.Artifact{
	Name:     "memorysettings",
	Title:    "Memory and dump settings",
	DataType: "windows:registry:memory_settings",
	About: `Settings that decide which copies of memory lie on the disk and whether Windows keeps Prefetch: page
files, the hibernation file, crash dumps of Windows and of programs, EnablePrefetcher. Proves the
settings when the hive was written, and so which files to look for and where; "weakens" marks those
that keep less than by default. Does not prove that a file exists, nor who changed a setting: servers
come with Prefetch off in part, and policies clear the page file. A full dump of one program that
crashes, lsass.exe for example, can hold passwords. The time is that of the whole key, of which
Windows writes some values at each boot.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1003.001", "T1070", "T1112"},
	Refs: []string{
		"https://learn.microsoft.com/windows/client-management/introduction-page-file",
		"https://learn.microsoft.com/troubleshoot/windows-server/performance/memory-dump-file-options",
		"https://learn.microsoft.com/windows/win32/wer/collecting-user-mode-dumps",
	},
	Sources: settingSources(memoryRows),
}, func(in artifacts.Input, yield func(Setting) bool) error {
	return decodeSettings(in, memoryRows, yield)
})
