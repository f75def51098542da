package persistence

import "testing"

func FuzzWinsockItem(f *testing.F) {
	f.Add(make([]byte, winsockSize))
	f.Add([]byte("C:\\a.dll\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, err := winsockItem(b)
		if (err == nil) != (len(b) >= winsockSize) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	})
}

func FuzzWMI(f *testing.F) {
	f.Add([]byte("\x00CommandLineEventConsumer\x00\x00C:\\x.exe\x00\x00n\x00CommandLineEventConsumer.Name=\"n\"\x00__EventFilter.Name=\"f\""))
	f.Add(wmiWide([]byte(`xEventConsumer.Name="n"__EventFilter.Name="f"`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, wide := range []bool{false, true} {
			n := 0
			for ref := range wmiReferences(b, wide) {
				if n++; ref.at < 0 || ref.at >= int64(len(b)) || n > len(b)/20 {
					t.Fatalf("reference %+v, number %d, of %d bytes", ref, n, len(b))
				}
				wmiFilter(b, ref.at, wide)
			}
		}
		total := 0
		for s := range wmiNearStrings(b) {
			total += len(s)
		}
		if total > len(b) {
			t.Fatalf("%d characters out of %d bytes", total, len(b))
		}
	})
}

func FuzzINI(f *testing.F) {
	f.Add([]byte("[s]\r\nname=value\r\n; comment"))
	f.Add([]byte("\xFF\xFEa\x00=\x00\n\x00b\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		last := int64(-1)
		for l := range iniLines(b) {
			if l.off < last || l.off >= int64(len(b)) {
				t.Fatalf("setting %+v after %d", l, last)
			}
			last = l.off
		}
		autostartExcerpt(b)
	})
}
