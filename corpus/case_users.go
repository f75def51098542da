package corpus

import (
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// usersCase writes the hives of the two users, of the profile that new ones are copied from, and of the services.
func usersCase(m *Machine) {
	for _, u := range []struct {
		name    string
		created time.Time
		logon   time.Time
	}{
		{Mira, Installed.Add(23 * time.Minute), utc(2026, 3, 6, 23, 49, 52, 1043877)},
		{Daniel, utc(2025, 1, 24, 1, 17, 2, 5510042), LastLogon},
	} {
		root := m.Hive(ntuser(u.name)).At(u.created)
		home := `C:\Users\` + u.name
		root.Sub("Environment").At(u.created).
			Set("TEMP", regf.Expand(`%USERPROFILE%\AppData\Local\Temp`)).Set("TMP", regf.Expand(`%USERPROFILE%\AppData\Local\Temp`))
		root.Sub(`Control Panel\Desktop`).At(u.created).Set("ScreenSaveActive", regf.String("0"))
		root.Sub("Volatile Environment").At(u.logon)
		current := root.Sub(`Software\Microsoft\Windows\CurrentVersion`)
		current.Sub("RunOnce")
		current.Sub(`Explorer\Shell Folders`).At(u.logon.Add(2*time.Second)).
			Set("Desktop", regf.String(home+`\Desktop`)).
			Set("Personal", regf.String(home+`\Documents`)).
			Set("Startup", regf.String(home+`\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup`))
		current.Sub(`Explorer\User Shell Folders`).
			Set("Desktop", regf.Expand(`%USERPROFILE%\Desktop`)).
			Set("Personal", regf.Expand(`%USERPROFILE%\Documents`)).
			Set("Startup", regf.Expand(`%USERPROFILE%\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup`))
		current.Sub("Internet Settings").Set("ProxyEnable", regf.DWord(0)).Set("User Agent",
			regf.String("Mozilla/4.0 (compatible; MSIE 8.0; Win32)"))
		root.Sub(`Software\Microsoft\Windows NT\CurrentVersion\Winlogon`).Set("ExcludeProfileDirs",
			regf.String(`AppData\Local;AppData\LocalLow;$Recycle.Bin`))
		root.Sub(`Software\Microsoft\Windows NT\CurrentVersion\Windows`)

		classes := m.Hive(usrClass(u.name)).At(u.created)
		classes.Sub(`Local Settings\Software\Microsoft\Windows\Shell\Bags`)
		classes.Sub(`Local Settings\Software\Microsoft\Windows\Shell\BagMRU`)
		classes.Sub("CLSID")
	}

	const run = `Software\Microsoft\Windows\CurrentVersion\Run`
	m.Hive(ntuser(Mira)).Sub(run).At(utc(2024, 11, 20, 5, 2, 47, 3300981)).
		Set("OneDrive", regf.String(`"C:\Users\mira\AppData\Local\Microsoft\OneDrive\OneDrive.exe" /background`))
	// The intruder's value: the key has the time at which it was set.
	m.Hive(ntuser(Daniel)).Sub(run).At(PersistenceTime.Add(19*time.Second)).
		Set("MicrosoftEdgeAutoLaunch", regf.String(`"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe" --no-startup-window --win-session-start`)).
		Set(RunValue, regf.String(Implant+" -s"))
	// The proxy that the implant sets had not reached the primary file.
	m.Late(ntuser(Daniel), func(root *regf.Key) {
		root.Sub(`Software\Microsoft\Windows\CurrentVersion\Internet Settings`).At(ProxyTime).
			Set("ProxyEnable", regf.DWord(1)).Set("ProxyServer", regf.String(Server+":8080"))
	})

	m.Hive(ntuser("Default")).Sub(run).Set("OneDriveSetup", regf.String(`C:\Windows\SysWOW64\OneDriveSetup.exe /thfirstsetup`))
	for _, service := range []string{"LocalService", "NetworkService"} {
		m.Hive("Windows/ServiceProfiles/"+service+"/NTUSER.DAT").Sub("Environment").
			Set("TEMP", regf.Expand(`%USERPROFILE%\AppData\Local\Temp`))
	}
	m.Hive(defaultHive).Sub(run)
	m.Hive(defaultHive).Sub(`Control Panel\International`).Set("LocaleName", regf.String("en-US"))
}
