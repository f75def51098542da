package jumplist

import (
	"slices"
	"testing"
)

// The ids are names of real lists.
func TestAppID(t *testing.T) {
	for name, want := range map[string]string{
		"Microsoft.Windows.Explorer":                                                          "f01b4d95cf55d32a",
		`{F38BF404-1D43-42F2-9305-67DE0B28FC23}\explorer.exe`:                                 "1b4dd67f29cb1962",
		"Microsoft.Windows.ControlPanel":                                                      "7e4dca80246863e3",
		"Microsoft.Windows.RemoteDesktop":                                                     "1bc392b8e104a00e",
		"Microsoft.InternetExplorer.Default":                                                  "28c8b86deab549a1",
		"MSEdge":                                                                              "ccba5a5986c77e43",
		"Microsoft.MicrosoftEdge_8wekyb3d8bbwe!MicrosoftEdge":                                 "9d1f905ce5044aee",
		"Microsoft.XboxGamingOverlay_8wekyb3d8bbwe!App":                                       "dd7c3b1adb1c168b",
		`{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\notepad.exe`:                                  "9b9cdc69c1c24e2b",
		`{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\WindowsPowerShell\v1.0\powershell.exe`:        "590aee7bdd69b59b",
		"windows.immersivecontrolpanel_cw5n1h2txyewy!microsoft.windows.immersivecontrolpanel": "f18460fded109990",
	} {
		if got := AppID(name); got != want {
			t.Errorf("AppID(%q) = %s, want %s", name, got, want)
		}
		if p, ok := Known(want); !ok || p.ID != name {
			t.Errorf("Known(%s) = %v, %t", want, p, ok)
		}
	}
	if p, ok := Known("5F7B5F1E01B83767"); !ok || p.Name != "Quick access" {
		t.Errorf("quick access is %v", p)
	}
	if p, ok := Known("0000000000000000"); ok {
		t.Errorf("Known(0) = %v", p)
	}
}

func TestNames(t *testing.T) {
	got := Names(`C:\Windows\System32\notepad.exe`)
	if !slices.ContainsFunc(got, func(n string) bool { return AppID(n) == "9b9cdc69c1c24e2b" }) || got[0] != `C:\Windows\System32\notepad.exe` {
		t.Errorf("%q", got)
	}
	if got := Names(`D:\Users\anna\AppData\Local\x\y.exe`); !slices.Equal(got, []string{`D:\Users\anna\AppData\Local\x\y.exe`,
		`{F1B32785-6FBA-4FCF-9D55-7B8E7F157091}\x\y.exe`, `{5E6C858F-0E22-4760-9AFE-EA3317B67173}\AppData\Local\x\y.exe`}) {
		t.Errorf("%q", got)
	}
	for _, plain := range []string{"MSEdge", `C:\WindowsX\a.exe`, `C:\Windows`, `\\host\share\a.exe`, ""} {
		if got := Names(plain); len(got) != 1 {
			t.Errorf("Names(%q) = %q", plain, got)
		}
	}
}
