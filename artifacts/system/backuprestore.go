package system

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A BackupExclusion is what backups and shadow copies leave out.
type BackupExclusion struct {
	artifacts.Origin
	List     string    `json:"list"`
	Name     string    `json:"name"`
	Patterns []string  `json:"patterns"`
	Default  bool      `json:"default,omitempty"` // a name that Windows or Office writes
	Written  time.Time `json:"key_written,omitzero" event:"Content Modification Time"`
}

var backupRestore = artifacts.Define(artifacts.Artifact{
	Name:     "backuprestore",
	Title:    "Backup exclusion",
	DataType: "windows:registry:backuprestore",
	About: `Files that Windows leaves out of volume shadow copies (FilesNotToSnapshot), files and keys that backup
programs are asked to leave out. Proves that the exclusion was configured: a file that matches is not
in a shadow copy even if it existed then. Does not prove who added it. Windows, Office and backup
programs register names of their own; the names known to be theirs are marked "default", others
deserve a look, above all one that covers whole folders. The time is that of the whole list.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1490", "T1564"},
	Refs: []string{
		"https://learn.microsoft.com/windows/win32/backup/registry-keys-for-backup",
		"https://learn.microsoft.com/windows/win32/vss/excluding-files-from-shadow-copies",
		"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/winreg_plugins/default.py",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\BackupRestore\FilesNotToSnapshot`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\BackupRestore\FilesNotToSnapshotSave`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\BackupRestore\FilesNotToBackup`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\BackupRestore\KeysNotToRestore`),
	},
}, decodeBackupRestore)

// backupNames are the names in the SYSTEM hives of Windows 7 to 11 with Office.
var backupNames = []string{"bits_bak", "bits_log", "bits_metadata", "etw", "fve", "fve2_control", "fve2_log", "fve2_vbb", "fve2_wipe",
	"fve2_wipeinfo", "fve2_wipex", "fve_control", "fve_log", "fve_wipe", "internet explorer", "kernel dumps",
	"ms distributed transaction coordinator", "memory page file", "modernoutlookoab", "modernoutlookost", "mount manager", "netlogon",
	"officeodc", "offline files cache", "outlookoab", "outlookost", "pending rename operations", "pending rename operations2",
	"power management", "rac", "session manager", "storage tiers management", "tsbackup", "temporary files", "vss default provider",
	"vss service alternate db", "vss service db", "wer", "wua", "workfolders", "active directory restore", "asr error file", "asr log file",
	"catalog database", "digital rights management (drm) folder", "registry writer", "removable storage manager", "sis common store",
	"winlogon debug", "temp. files", "plug & play", "disk quota", "installed services", "windows setup", "asr hash table", "mount manager db"}

func decodeBackupRestore(in artifacts.Input, yield func(BackupExclusion) bool) error {
	list := in.Source.Key[strings.LastIndexByte(in.Source.Key, '\\')+1:]
	for v := range in.Own().All() {
		if v.Name() == "" {
			continue
		}
		b := BackupExclusion{Origin: in.At(v), List: list, Name: v.Name(), Default: slices.Contains(backupNames, strings.ToLower(v.Name()))}
		b.Patterns = slices.DeleteFunc(in.Own().TextsOf(v), func(s string) bool { return s == "" })
		if !in.Partial() {
			b.Written = in.Written()
		}
		if !yield(b) {
			return nil
		}
	}
	return nil
}

// Tags marks what Windows itself writes.
func (b BackupExclusion) Tags() []string {
	if b.Default {
		return []string{"default"}
	}
	return nil
}

// Summary shows the list and what is left out.
func (b BackupExclusion) Summary() string {
	return fmt.Sprintf("[%s] %s: %s", b.List, b.Name, strings.Join(b.Patterns, ", "))
}
