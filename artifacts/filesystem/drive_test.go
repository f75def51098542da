package filesystem

import "testing"

// TestPaging takes a paging file for no program.
func TestPaging(t *testing.T) {
	for name, want := range map[string]bool{"pagefile.sys": false, `C:\HIBERFIL.SYS`: false, `C:\x\my.sys`: true, `pagefile.sys.exe`: true} {
		if IsProgram(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

// TestDrive names the volume of a $MFT by where it is, and by its name when it is
// loose.
func TestDrive(t *testing.T) {
	for path, want := range map[string]string{
		`d:\$MFT`: "D:", `\$MFT`: "C:", `\sub\E_$MFT`: "E:", `\1_$MFT`: "C:", `\server_$MFT`: "C:",
		`Volume{12AB-34CD}\$MFT`: "Volume{12AB-34CD}", `D:\X_$MFT`: "D:",
	} {
		if got := drive(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
