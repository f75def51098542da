package system

import (
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// A RegistryKey is one key of a hive with its last write.
type RegistryKey struct {
	artifacts.Origin
	Key     string    `json:"key"`
	Values  uint32    `json:"values"`
	Subkeys uint32    `json:"subkeys"`
	Written time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

// RegistryKeys is every key of every live hive. It is no part of the chapter: a
// machine has a million keys. The records come one by one and are not compared
// with each other.
var RegistryKeys = artifacts.Define(artifacts.Artifact{
	Name:     "registrykeys",
	Title:    "Registry key",
	Group:    "System",
	DataType: "windows:registry:key_value",
	About: `The last write of every key of the live hives, those of transaction logs included. Proves that the key was
created, or that a value of it or a key below it was added, changed or removed, at that time. Does not
record which, nor by whom. Deleted keys and those of older copies are skipped.`,
	Proves:  artifacts.Present,
	Attack:  []string{"T1112"},
	Refs:    []string{"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/winreg_plugins/default.py"},
	Sources: registryKeySources(),
}, decodeRegistryKeys)

func registryKeySources() []artifacts.Source {
	var out []artifacts.Source
	for _, k := range []evidence.Kind{evidence.SYSTEM, evidence.SOFTWARE, evidence.SAM, evidence.SECURITY, evidence.NTUSER, evidence.USRCLASS,
		evidence.AMCACHE, evidence.SYSCACHE, evidence.OTHER} {
		out = append(out, artifacts.Key(k, ""))
	}
	return out
}

// registryDepth bounds the walk. The registry allows 512 levels.
const registryDepth = 512

func decodeRegistryKeys(in artifacts.Input, yield func(RegistryKey) bool) error {
	if in.View32 || in.From.State == artifacts.Backup {
		return nil
	}
	var walk func(k hive.Key, path string, depth int) bool
	walk = func(k hive.Key, path string, depth int) bool {
		if !yield(RegistryKey{Origin: in.Below(k), Key: path, Values: k.NumValues(), Subkeys: k.NumSubkeys(), Written: k.Written()}) {
			return false
		}
		if depth == registryDepth {
			in.Note(in.Below(k), fmt.Errorf("keys more than %d levels deep are left out", registryDepth))
			return true
		}
		for sub := range in.Of(k).Subkeys() {
			if !walk(sub, path+`\`+sub.Name(), depth+1) {
				return false
			}
		}
		return true
	}
	walk(in.Key, "", 0)
	return nil
}

// Distinct implements [artifacts.Distinct]: no key repeats another.
func (RegistryKey) Distinct() {}

// Summary names the key.
func (k RegistryKey) Summary() string {
	path := k.Key
	if path == "" {
		path = `\`
	}
	return fmt.Sprintf("[%s] %d values, %d keys below", path, k.Values, k.Subkeys)
}
