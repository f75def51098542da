package corpus

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/regf"
	"www.velocidex.com/golang/regparser"
)

// A parser that is not ours finds the keys in the primary files.
func TestHivesOracle(t *testing.T) {
	files := Incident().Files()
	for _, tt := range []struct{ path, key, value string }{
		{systemHive, "ControlSet001/Control/ComputerName/ComputerName", "ComputerName"},
		{systemHive, "ControlSet001/Services/PSEXESVC", "ImagePath"},
		{softwareHive, "Microsoft/Windows NT/CurrentVersion/ProfileList/" + DanielSID, "ProfileImagePath"},
		{samHive, "SAM/Domains/Account/Users/000003EA", "V"},
		{securityHive, "Policy/PolAcDmS", ""},
		{defaultHive, "Control Panel/International", "LocaleName"},
		{ntuser(Mira), "Software/Microsoft/Windows/CurrentVersion/Run", "OneDrive"},
		{ntuser(Daniel), "Software/Microsoft/Windows/CurrentVersion/Run", RunValue},
		{usrClass(Mira), "Local Settings/Software/Microsoft/Windows/Shell/BagMRU", ""},
		{amcacheHive, "Root/InventoryApplicationFile", ""},
	} {
		r, err := regparser.NewRegistry(bytes.NewReader(files[tt.path]))
		if err != nil {
			t.Errorf("%s: %v", tt.path, err)
			continue
		}
		key := r.OpenKey(tt.key)
		if key == nil {
			t.Errorf("%s: no key %s", tt.path, tt.key)
			continue
		}
		found := tt.value == ""
		for _, v := range key.Values() {
			found = found || v.ValueName() == tt.value
		}
		if !found {
			t.Errorf("%s: no value %s in %s", tt.path, tt.value, tt.key)
		}
	}
}

// A hive with late changes is dirty, its primary file does not hold them, and its logs do.
func TestLateChangesAreInLogsOnly(t *testing.T) {
	files := Incident().Files()
	for path, text := range map[string]string{
		softwareHive:   "\x01\x00\x00\x00C:\\Users\\Public", // the name of a value, stored in 8 bits
		ntuser(Daniel): Server + ":8080",
		systemHive:     "BootId",
	} {
		primary := files[path]
		if a, b := binary.LittleEndian.Uint32(primary[4:]), binary.LittleEndian.Uint32(primary[8:]); a == b {
			t.Errorf("%s is not dirty: %d %d", path, a, b)
		}
		holds := func(b []byte) bool {
			return bytes.Contains(b, []byte(text)) || bytes.Contains(b, regf.UTF16(text))
		}
		if holds(primary) {
			t.Errorf("%s holds %q", path, text)
		}
		if !holds(files[path+".LOG1"]) && !holds(files[path+".LOG2"]) {
			t.Errorf("the logs of %s do not hold %q", path, text)
		}
	}
}

// The command line of each svchost that Prefetch saw is that of a service: its ImagePath, and the switch -s.
func TestServicesOfPrefetch(t *testing.T) {
	for _, p := range programs() {
		if !strings.HasSuffix(p.path, `\svchost.exe`) || p.command == "" {
			continue
		}
		found := false
		for _, s := range services {
			command := strings.ReplaceAll(s.imagePath(), "%SystemRoot%", `C:\Windows`)
			found = found || p.command == command || p.command == command+" -s "+s.name
		}
		if !found {
			t.Errorf("%q is no service's", p.command)
		}
	}
}
