package execution

import (
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/hive"
)

// fileDecoders are the decoders of whole files of this heading.
var fileDecoders = []struct {
	artifact *artifacts.Artifact
	path     string // in the corpus
}{
	{recentFileCache, "Windows/appcompat/Programs/RecentFileCache.bcf"},
	{pca, "Windows/appcompat/pca/PcaGeneralDb0.txt"},
	{pca, "Windows/appcompat/pca/PcaAppLaunchDic.txt"},
	{wer, "ProgramData/Microsoft/Windows/WER/ReportArchive/AppCrash_svchost.exe_51f0a2b3c4d5e6f7a8b9_00000000_7b0f9e1a/Report.wer"},
	{prefetchLayout, "Windows/Prefetch/Layout.ini"},
	{recycleBin, "$Recycle.Bin/" + corpus.DanielSID + "/$IQ4T7LA.exe"},
	{recycleBin, "RECYCLER/" + corpus.MiraSID + "/INFO2"},
}

// FuzzExecutionFiles feeds any bytes to the decoders of files: the same twice,
// places inside the file, no more records than the file has room for.
func FuzzExecutionFiles(f *testing.F) {
	files := corpus.Incident().Files()
	for i, d := range fileDecoders {
		if len(files[d.path]) == 0 {
			f.Fatalf("the corpus has no %s", d.path)
		}
		f.Add(uint8(i), files[d.path])
	}
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		d := fileDecoders[int(which)%len(fileDecoders)]
		in := artifacts.Input{Artifact: d.artifact, Source: d.artifact.Sources[0], Data: b, From: artifacts.Locator{Path: `C:\` + strings.ReplaceAll(d.path, "/", `\`)}}
		testtree.CheckDecoded(t, in, int64(len(b)))
	})
}

// valueDecoders are the decoders of values with a format of their own.
var valueDecoders = []struct {
	artifact *artifacts.Artifact
	kind     evidence.Kind
	key      string
	match    []string
	name     string
}{
	{userAssist, evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\UserAssist\{CEBFF5CD-ACE2-4F4F-9178-9926F41749EA}\Count`, []string{userAssistPrograms}, "k.rkr"},
	{userAssist, evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\UserAssist\{75048700-EF1F-11D0-9888-006097DEACF9}\Count`, []string{"{75048700-EF1F-11D0-9888-006097DEACF9}"}, "HRZR_EHACNGU:P:\\k.rkr"},
	{compatAssistant, evidence.NTUSER, `Software\Microsoft\Windows NT\CurrentVersion\AppCompatFlags\Compatibility Assistant\Store`, nil, `C:\x.exe`},
	{bam, evidence.SYSTEM, `ControlSet001\Services\bam\State\UserSettings\S-1-5-18`, []string{"S-1-5-18"}, `\Device\HarddiskVolume3\x.exe`},
	{shimcache, evidence.SYSTEM, `ControlSet001\Control\Session Manager\AppCompatCache`, nil, "AppCompatCache"},
	{jumplistData, evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Search\JumplistData`, nil, "x"},
	{featureUsage, evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\FeatureUsage\AppLaunch`, []string{"AppLaunch"}, "x"},
	{amcacheFiles, evidence.AMCACHE, `Root\File\v\100000169dd`, []string{"v", "100000169dd"}, "15"},
	{amcacheFiles, evidence.AMCACHE, `Root\InventoryApplicationFile\x.exe|1`, []string{"x.exe|1"}, "Size"},
	{radar, evidence.SOFTWARE, `Microsoft\RADAR\HeapLeakDetection\DiagnosedApplications\x.exe`, []string{"x.exe"}, "LastDetectionTime"},
	{syscache, evidence.SYSCACHE, `DefaultObjectStore\ObjectTable\1`, []string{"1"}, "AeFileID"},
	{muiCache, evidence.USRCLASS, `Local Settings\Software\Microsoft\Windows\Shell\MuiCache`, nil, `C:\x.exe.FriendlyAppName`},
}

// FuzzExecutionValues feeds any bytes as any type to the decoders of values.
func FuzzExecutionValues(f *testing.F) {
	for i := range valueDecoders {
		f.Add(uint8(i), uint32(3), make([]byte, 72))
		f.Add(uint8(i), uint32(1), []byte("a\x00b\x00\x00\x00"))
		f.Add(uint8(i), uint32(11), make([]byte, 8))
	}
	f.Add(uint8(2), uint32(3), []byte("SACP\x01\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x28\x00\x00\x0012345678901234567890123456789012345678"))
	f.Fuzz(func(t *testing.T, which uint8, typ uint32, b []byte) {
		d := valueDecoders[int(which)%len(valueDecoders)]
		h := regf.New("ROOT", time.Unix(1600000000, 0))
		h.Root.Sub(d.key).Set(d.name, regf.Raw(typ, b))
		hv, err := hive.Open(h.Build(), nil)
		if err != nil {
			t.Skip(err)
		}
		k, err := hv.Key(d.key)
		if err != nil {
			t.Fatal(err)
		}
		var src artifacts.Source
		for _, s := range d.artifact.Sources {
			if s.Hive == d.kind && src.Key == "" && len(splitPath(s.Key)) == len(splitPath(d.key)) {
				src = s
			}
		}
		in := artifacts.Input{Artifact: d.artifact, Source: src, Hive: hv, Key: k, Match: d.match, From: artifacts.Locator{Path: "x", Key: k.Path(), State: artifacts.Live}}
		testtree.CheckDecoded(t, in, int64(len(hv.Bytes())))
	})
}

// TestReference reads file references of generation A as they are named.
func TestReference(t *testing.T) {
	for _, tt := range []struct {
		name            string
		entry, sequence uint64
		ok              bool
	}{
		{"20000dc", 0xdc, 2, true},
		{"100000169dd", 0x169dd, 0x10, true},
		{"10000162c1", 0x162c1, 1, true},
		{"a0000f", 0xf, 0xa, true},
		{"01ae", 0, 0, false},
		{"", 0, 0, false},
		{"xyz0000a", 0, 0, false},
	} {
		entry, sequence, ok := amcacheReference(tt.name)
		if entry != tt.entry || sequence != tt.sequence || ok != tt.ok {
			t.Errorf("%s: %#x-%#x %v, want %#x-%#x %v", tt.name, entry, sequence, ok, tt.entry, tt.sequence, tt.ok)
		}
	}
}

func TestWithoutMedia(t *testing.T) {
	for path, want := range map[string]string{
		`SIGN.MEDIA=1FEB354 setup64.exe`: `setup64.exe`, `SIGN.MEDIA=`: `SIGN.MEDIA=`, `C:\a b.exe`: `C:\a b.exe`, ``: ``,
	} {
		if got := withoutMedia(path); got != want {
			t.Errorf("%q gives %q, want %q", path, got, want)
		}
	}
}
