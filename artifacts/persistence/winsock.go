package persistence

import (
	"fmt"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/hive"
)

// A Winsock is one DLL that every program with a socket loads.
type Winsock struct {
	Hook
	Kind  string `json:"kind"`            // protocol, name space, autodial
	Title string `json:"title,omitempty"` // of the protocol or name space
	GUID  string `json:"guid,omitempty"`
	Chain int    `json:"chain,omitempty"` // 0 a layer, 1 a base protocol, more: a chain of that many
}

const winsockKey = `{CS}\Services\WinSock2\Parameters`

var winsock = artifacts.Define(artifacts.Artifact{
	Name:     "winsock",
	Title:    "Winsock provider",
	DataType: "windows:registry:winsock",
	About: `DLLs that programs load to use the network: the protocols of the catalogue and the layers over them,
the name resolvers, and the dialling DLL (AutodialDLL). Proves the catalogue as it was at the last
write. Does not prove that a program loaded a DLL. Layers of antivirus, VPN and parental control
products used to be common and are now rare. The time is that of the entry's own key, which a reset
or an installation rewrites.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1547", "T1574"},
	Refs: []string{
		"https://learn.microsoft.com/windows/win32/api/winsock2/ns-winsock2-wsaprotocol_infow",
		"https://learn.microsoft.com/windows/win32/winsock/categorizing-layered-service-providers-and-applications",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, winsockKey),
		artifacts.Key(evidence.SYSTEM, winsockKey+`\Protocol_Catalog9\Catalog_Entries\*`),
		artifacts.Key(evidence.SYSTEM, winsockKey+`\Protocol_Catalog9\Catalog_Entries64\*`),
		artifacts.Key(evidence.SYSTEM, winsockKey+`\NameSpace_Catalog5\Catalog_Entries\*`),
		artifacts.Key(evidence.SYSTEM, winsockKey+`\NameSpace_Catalog5\Catalog_Entries64\*`),
	},
}, decodeWinsock)

// winsockUsual are the files of Windows itself.
var winsockUsual = []string{"mswsock", "rsvpsp", "rsvp", "napinsp", "pnrpnsp", "nlaapi", "winrnr", "wshbth", "wshqos", "nwprovau",
	"rasadhlp", "fwpuclnt"}

// Of a packed catalogue item: the path of the DLL in 8-bit characters, then
// a WSAPROTOCOL_INFOW as winsock2.h has it.
const (
	winsockPathLen  = 260
	winsockGUID     = winsockPathLen + 20
	winsockChain    = winsockPathLen + 40
	winsockProtocol = winsockPathLen + 116 // UTF-16, 256 units
	winsockSize     = winsockPathLen + 628
)

// winsockItem takes a packed catalogue item apart. What is there of a short
// one is returned beside the error.
func winsockItem(b []byte) (r Winsock, path string, err error) {
	path = wire.Latin1Z(b[:min(len(b), winsockPathLen)])
	if len(b) < winsockSize {
		return r, path, fmt.Errorf("catalogue item of %d bytes, want %d", len(b), winsockSize)
	}
	var g hive.GUID
	copy(g[:], b[winsockGUID:])
	r.GUID = g.String()
	r.Chain = int(int32(le.Uint32(b[winsockChain:])))
	r.Title = wire.UTF16Z(b[winsockProtocol:winsockSize])
	return r, path, nil
}

func decodeWinsock(in artifacts.Input, yield func(Winsock) bool) error {
	h := hooksOf(in, strings.TrimPrefix(in.Source.Key, `{CS}\Services\`))
	switch {
	case strings.Contains(in.Source.Key, "Protocol_Catalog9"):
		v, ok := in.Own().Find("PackedCatalogItem")
		if !ok {
			return nil
		}
		b, err := v.Bytes()
		if err != nil {
			return in.Wrap(in.At(v), err)
		}
		r, path, err := winsockItem(b)
		if path == "" {
			return in.Wrap(in.At(v), err)
		}
		r.Kind = "protocol"
		r.Hook = *h.add(v, autostartDLL(in, "Winsock provider", path))
		r.Default = hookSystem(in, r.Image, winsockUsual...)
		yield(r)
		return in.Wrap(in.At(v), err)
	case strings.Contains(in.Source.Key, "NameSpace_Catalog5"):
		h.value("LibraryPath", func(v hive.Value) { h.dll(v, "Winsock name space") })
		guid := ""
		if b := in.Bytes("ProviderId"); len(b) == 16 {
			guid = hive.GUID(b).String()
		}
		n, ok := in.Uint("Enabled")
		return hookRecords(h, func(r Hook) Winsock {
			r.Disabled = ok && n == 0
			r.Default = hookSystem(in, r.Image, winsockUsual...)
			return Winsock{Hook: r, Kind: "name space", Title: in.Text("DisplayString"), GUID: guid}
		}, yield)
	}
	h.value("AutodialDLL", func(v hive.Value) {
		if r := h.dll(v, "Winsock AutodialDLL"); r != nil {
			r.Default = hookSystem(in, r.Image, "rasadhlp")
		}
	})
	return hookRecords(h, func(r Hook) Winsock { return Winsock{Hook: r, Kind: "autodial"} }, yield)
}
