package prefetch_test

import (
	"testing"

	"github.com/artifactdump/artifactdump/prefetch"
)

func TestSniff(t *testing.T) {
	scca := "\x1e\x00\x00\x00SCCA"
	for _, tt := range []struct {
		name, head string
		want       prefetch.FileKind
	}{
		{"CMD.EXE-0BD30981.pf", "MAM\x04\x00\x10\x00\x00", prefetch.KindPrefetch},
		{"CMD.EXE-0BD30981.pf", "", prefetch.KindPrefetch},
		{"recovered.bin", scca, prefetch.KindPrefetch},
		{"NTOSBOOT-B00DFAAD.pf", scca, prefetch.KindBoot},
		{`C:\Windows\Prefetch\Op-EXPLORER.EXE-A1B2C3D4-00000001.pf`, "MAM\x04\x00\x10\x00\x00", prefetch.KindOperation},
		{"Layout.ini", "[\x00O\x00p\x00t\x00", prefetch.KindLayout},
		{"ReadyBoot/Trace1.fx", "", prefetch.KindReadyBoot},
		{"anything", "PfB\xE3", prefetch.KindReadyBoot},
		{"rblayout.xin", "", prefetch.KindReadyBoot},
		{"AgGlFaultHistory.db", "MAM\x84\x00\x10\x00\x00", prefetch.KindSuperfetch},
		{"AgAppLaunch.db", "", prefetch.KindSuperfetch},
		{"PfSvPerfStats.bin", "", prefetch.KindSuperfetch},
		{"ResPriHMStaticDb.ebd", "MAM\x84\x00\x10\x00\x00", prefetch.KindSuperfetch},
		{"PfPre_1a2b3c4d.mkd", "", prefetch.KindSuperfetch},
		{"cadrespri.7db", "", prefetch.KindSuperfetch},
		{"notes.txt", "hello wo", prefetch.KindUnknown},
	} {
		if got := prefetch.Sniff(tt.name, []byte(tt.head)); got != tt.want {
			t.Errorf("Sniff(%q, %q) = %s, want %s", tt.name, tt.head, got, tt.want)
		}
	}
}
