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

func FuzzWMIPath(f *testing.F) {
	f.Add(`\\.\root\subscription:ActiveScriptEventConsumer.Name="a\"b"`)
	f.Add(`__EventFilter.Name="f"`)
	f.Fuzz(func(t *testing.T, s string) {
		class, name := wmiPath(s)
		if len(class)+len(name) > len(s) {
			t.Fatalf("%q gives %q and %q", s, class, name)
		}
		if line := wmiLine(s); len(line) > 3*210 {
			t.Fatalf("a line of %d bytes", len(line))
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
