package persistence

import (
	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// An AppCertDLL is a DLL that every process loads which starts another.
type AppCertDLL struct{ Hook }

var appCertDLLs = artifacts.Define(artifacts.Artifact{
	Name:     "appcertdlls",
	Title:    "AppCert DLL",
	DataType: "windows:registry:appcertdlls",
	About: `DLLs that are loaded into every process that calls CreateProcess or a related function, to approve
the new program. The key does not exist by default, so any value deserves review. Proves that the
DLL was configured for the next boot. Does not prove that it was loaded. The time is that of the
whole key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1546.009"},
	Refs:   []string{"https://attack.mitre.org/techniques/T1546/009/"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\Session Manager\AppCertDlls`),
	},
}, func(in artifacts.Input, yield func(AppCertDLL) bool) error {
	h := hooksOf(in, "AppCertDlls")
	h.each(func(v hive.Value) { h.dlls(v, "AppCertDlls", "") })
	return hookRecords(h, func(r Hook) AppCertDLL { return AppCertDLL{r} }, yield)
})
