package persistence

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// An LSA is one DLL that the local security authority or a log-on loads, or
// one setting that decides what an intruder could read from its memory.
type LSA struct {
	Hook
	Provider string `json:"provider,omitempty"` // the service of a network provider
}

var lsa = artifacts.Define(artifacts.Artifact{
	Name:     "lsa",
	Title:    "Security authority",
	DataType: "windows:registry:lsa",
	About: `DLLs that the security authority (lsass.exe) loads at boot: security support providers (Security
Packages, SecurityProviders), authentication packages, password filters (Notification Packages),
extensions; DLLs of network providers, which receive the password at each logon; and switches:
RunAsPPL protects the process, WDigest UseLogonCredential keeps passwords readable in memory,
NoLMHash, LimitBlankPasswordUse and DisableRestrictedAdmin allow or block kinds of logon. Proves
that this was configured. Does not prove that a DLL was loaded: most count from the next boot. Empty
list items are omitted. The time is that of the whole key, of which many values change at each boot.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1547.002", "T1547.005", "T1547.008", "T1556.002", "T1556.008", "T1003.001"},
	Refs: []string{
		"https://learn.microsoft.com/windows/win32/secauthn/registering-authentication-packages",
		"https://learn.microsoft.com/windows-server/security/credentials-protection-and-management/configuring-additional-lsa-protection",
		"https://attack.mitre.org/techniques/T1547/005/",
		"https://learn.microsoft.com/windows/win32/secauthn/network-provider-api",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\Lsa`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\Lsa\OSConfig`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\LsaExtensionConfig\*`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\SecurityProviders`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\SecurityProviders\WDigest`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\NetworkProvider\Order`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\NetworkProvider\HwOrder`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Services\NTDS`),
	},
}, decodeLSA)

// lsaUsual are the files that Windows XP to 11 and the servers write into
// each value themselves; seen in real hives and in Microsoft's documents.
var lsaUsual = map[string][]string{
	"security packages":       {"kerberos", "msv1_0", "schannel", "wdigest", "tspkg", "pku2u", "livessp", "cloudap", "negoexts"},
	"authentication packages": {"msv1_0"},
	"notification packages":   {"scecli", "rassfm", "kdcsvc"},
	"securityproviders":       {"credssp", "msapsspc", "schannel", "digest", "msnsspc", "pwdssp"},
	"extensions":              {"lsasrv", "efslsaext", "kdcsvc", "kerberos", "samsrv", "lsaiso"},
}

// lsaSettings are the switches as Windows sets them up.
var lsaSettings = map[string]string{
	"limitblankpassworduse": "1", "nolmhash": "1", "disabledomaincreds": "0", "restrictanonymous": "0", "uselogoncredential": "0",
}

func decodeLSA(in artifacts.Input, yield func(LSA) bool) error {
	_, key, _ := strings.Cut(in.Source.Key, `\`)
	_, key, _ = strings.Cut(key, `\`)
	h := hooksOf(in, key)
	var providers []string
	h.each(func(v hive.Value) {
		name := strings.ToLower(v.Name())
		switch name {
		case "security packages", "authentication packages", "notification packages", "extensions", "securityproviders":
			seps := ""
			if name == "securityproviders" {
				seps = ","
			}
			recs := h.dlls(v, lsaMechanism(name), seps)
			for i := range recs {
				recs[i].Default = hookSystem(in, recs[i].Image, lsaUsual[name]...)
			}
		case "lsadbextpt", "directoryserviceextpt":
			h.dll(v, "LSA extension")
		case "providerorder":
			providers = append(providers, lsaProviders(in, h, v)...)
		case "runasppl", "runaspplboot", "disablerestrictedadmin", "limitblankpassworduse", "nolmhash", "disabledomaincreds",
			"restrictanonymous", "lmcompatibilitylevel", "uselogoncredential", "disablerestrictedadminoutboundcreds":
			if r := h.fact(v, "LSA setting"); r != nil {
				r.Default = r.Value == lsaSettings[name]
			}
		}
	})
	i := -1
	return hookRecords(h, func(r Hook) LSA {
		i++
		l := LSA{Hook: r}
		if i < len(providers) && strings.EqualFold(r.Name, "ProviderOrder") {
			l.Provider = providers[i]
		}
		return l
	}, yield)
}

func lsaMechanism(name string) string {
	switch name {
	case "authentication packages":
		return "Authentication package"
	case "notification packages":
		return "Password filter"
	case "extensions":
		return "LSA extension"
	}
	return "Security support provider"
}

// lsaProviders records the DLL of each network provider: a service names it.
func lsaProviders(in artifacts.Input, h *hooks, v hive.Value) []string {
	text, note := h.text(v)
	var list, names []string
	for p := range strings.SplitSeq(text, ",") {
		if p = strings.TrimSpace(p); p != "" && !strings.Contains(p, `\`) {
			list = append(list, p)
		}
	}
	list, whole := h.bound(v, list)
	for _, p := range list {
		a := autostartOf(in, "Network provider")
		if k, err := in.Hive.Key(in.ControlSet + `\Services\` + p + `\NetworkProvider`); err == nil {
			if path := in.Of(k).Text("ProviderPath"); path != "" {
				a = autostartDLL(in, "Network provider", path)
			}
		}
		names = append(names, p)
		r := h.add(v, a)
		r.Value, r.Item, r.Unusual = whole, len(names), note
		r.Default = hookSystem(in, r.Image, "ntlanman", "drprov", "davclnt", "p9np")
	}
	return names
}

// Summary names the provider where there is one.
func (r LSA) Summary() string {
	if r.Provider != "" {
		if r.Command == "" {
			return "[" + r.Key + "] " + r.Provider + ": no service of this name has a DLL"
		}
		return "[" + r.Key + "] " + r.Provider + ": " + r.Command + r.state()
	}
	return r.Hook.Summary()
}

// Program returns the DLL, or the name of a provider whose DLL is not known.
func (r LSA) Program() string {
	if r.Image == "" {
		return r.Provider
	}
	return r.Image
}
