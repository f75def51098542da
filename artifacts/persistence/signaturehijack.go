package persistence

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A SignatureHook is a DLL that checks signatures.
type SignatureHook struct {
	Hook
	GUID     string `json:"guid"`
	Function string `json:"function,omitempty"`
}

var signatureHooks = artifacts.Define(artifacts.Artifact{
	Name:     "signaturehijack",
	Title:    "Signature check",
	DataType: "windows:registry:signature_provider",
	About: `The DLLs that Windows loads to read and to check signatures of files: subject interface packages (CryptSIPDll…) and trust providers
(FinalPolicy). Proves which DLL was registered at the last write of its key. Does not prove that it was loaded. A DLL that is not a part of
Windows can report any file as signed, and runs in every program that checks a signature. Office, .NET and installers bring packages of their own.
The time is the last write of the key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1553.003"},
	Refs: []string{
		"https://attack.mitre.org/techniques/T1553/003/",
		"https://specterops.io/assets/resources/SpecterOps_Subverting_Trust_in_Windows.pdf",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Cryptography\OID\EncodingType 0\CryptSIPDll*\*`),
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Cryptography\Providers\Trust\FinalPolicy\*`),
	},
}, decodeSignatureHooks)

// signatureDLLs are parts of Windows that are registered by default.
var signatureDLLs = []string{"wintrust.dll", "msisip.dll", "mso.dll", "wshext.dll", "pwrshsip.dll", "appxsip.dll", "mscorsec.dll",
	"cryptdlg.dll", "softpub.dll",
	"msosip.dll", "msosipx.dll", "initpki.dll", "esdsip.dll", "dssec.dll", "lsasrv.dll", "ntdll.dll"}

func decodeSignatureHooks(in artifacts.Input, yield func(SignatureHook) bool) error {
	value, function := "Dll", in.Text("FuncName")
	if strings.Contains(in.Source.Key, "FinalPolicy") {
		value, function = "$DLL", in.Text("$Function")
	}
	v, ok := in.Own().Find(value)
	if !ok {
		return nil
	}
	text := in.Own().TextOf(v)
	if text == "" {
		return nil
	}
	r := SignatureHook{Hook: Hook{Origin: in.At(v), Entry: autostartImage(in, "signature check", text), Key: "FinalPolicy",
		Name: in.Matched(0)}, GUID: in.Matched(0), Function: function}
	if value == "Dll" {
		r.Key = in.Matched(1)
	}
	for _, known := range signatureDLLs {
		if strings.EqualFold(winpath.Base(text), known) && (!strings.Contains(text, `\`) || in.Machine.IsSystem32(winpath.Dir(r.Payload))) {
			r.Default = true
		}
	}
	yield(r)
	return nil
}
