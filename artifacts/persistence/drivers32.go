package persistence

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// A MediaDriver is one codec or driver DLL of the multimedia system.
type MediaDriver struct{ Hook }

var mediaDrivers = artifacts.Define(artifacts.Artifact{
	Name:     "drivers32",
	Title:    "Multimedia driver",
	DataType: "windows:registry:drivers32",
	About: `DLLs that programs load when they play or record sound and video (Drivers32), and font drivers that the
graphics system loads. Proves that the DLL was registered. Does not prove that it was loaded; any
program that opens a sound device loads the wave drivers. Windows has about twenty, codec packages
add others. The time is that of the whole key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1547", "T1574"},
	Refs: []string{
		"https://learn.microsoft.com/sysinternals/downloads/autoruns",
		"https://learn.microsoft.com/windows/win32/multimedia/multimedia-drivers",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows NT\CurrentVersion\Drivers32`),
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows NT\CurrentVersion\Font Drivers`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows NT\CurrentVersion\Drivers32`),
	},
}, func(in artifacts.Input, yield func(MediaDriver) bool) error {
	h := hooksOf(in, in.Source.Key[strings.LastIndexByte(in.Source.Key, '\\')+1:])
	h.each(func(v hive.Value) {
		if r := h.dll(v, "Multimedia driver"); r != nil {
			r.Default = hookSystem(in, r.Image, mediaUsual...)
		}
	})
	return hookRecords(h, func(r Hook) MediaDriver { return MediaDriver{r} }, yield)
})

// mediaUsual are the drivers of Windows XP to 11.
var mediaUsual = []string{"midimap", "wdmaud", "msacm32", "imaadp32", "msadp32", "msg711", "msgsm32", "l3codeca", "l3codecp", "tssoft32",
	"iccvid", "iyuv_32", "msrle32", "msvidc32", "msyuv", "tsbyuv", "msg723", "msh263", "msh261", "ir32_32", "ir41_32", "ir50_32", "ir41_32original",
	"iac25_32", "sl_anet", "mciavi32", "mcicda", "mciseq", "mciwave", "mciqtz32", "atmfd", "mmdrv", "vids", "devenum", "rdpsnd"}
