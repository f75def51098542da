package corpus

import (
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// typeLibsCase writes the library of an add-in that mira has for herself, a path of
// Windows that is not worth a record, and the script that the intruder put in place of
// the browser's own library.
func typeLibsCase(m *Machine) {
	m.Hive(usrClass(Mira)).Sub(`TypeLib\{7B0A4F02-53C9-4E0B-9A61-2C54C6A0D311}\1.0\0\win64`).At(utc(2025, 2, 11, 9, 12, 4, 0)).
		Set("", regf.String(`C:\Users\mira\AppData\Local\Programs\Plover\plover.tlb`))
	m.Hive(softwareHive).Sub(`Classes\TypeLib\{00020430-0000-0000-C000-000000000046}\2.0\0\win64`).At(Installed).
		Set("", regf.String(`C:\Windows\System32\stdole2.tlb`))
	m.Hive(usrClass(Daniel)).Sub(`TypeLib\{EAB22AC0-30C1-11CF-A7EB-0000C05BAE0B}\1.1\0\win64`).At(utc(2026, 3, 6, 18, 17, 22, 0)).
		Set("", regf.String(`script:C:\Users\Public\svchost.sct`))
}

// graphicsAppsCase writes the last programs that drew with Direct3D.
func graphicsAppsCase(m *Machine) {
	m.Hive(ntuser(Mira)).Sub(`Software\Microsoft\Direct3D\MostRecentApplication`).At(utc(2026, 3, 5, 7, 41, 9, 0)).
		Set("Name", regf.String("PaperScan.exe"))
	m.Hive(softwareHive).Sub(`Microsoft\DirectDraw\MostRecentApplication`).At(utc(2025, 1, 27, 1, 3, 55, 0)).
		Set("Name", regf.String("DllHost.exe"))
}

// wallpaperCase writes the picture of mira's desktop with the copy that Windows keeps, and
// a page of the desktop of Windows XP.
func wallpaperCase(m *Machine) {
	const picture = `C:\Users\mira\Pictures\coast.jpg`
	desktop := m.Hive(ntuser(Mira)).Sub(`Control Panel\Desktop`)
	desktop.Set("Wallpaper", regf.String(`C:\Users\mira\AppData\Roaming\Microsoft\Windows\Themes\TranscodedWallpaper`))
	b := le.AppendUint32([]byte{0x7A, 0xC3, 1, 0}, 812_034)
	b = le.AppendUint32(le.AppendUint32(b, 2560), 1440)
	b = le.AppendUint64(b, regf.FILETIME(utc(2025, 5, 30, 16, 2, 11, 0).Add(420*time.Millisecond)))
	b = append(b, regf.UTF16(picture)...)
	desktop.Set("TranscodedImageCache", regf.Binary(append(b, make([]byte, 800-len(b))...)))
	ie := m.Hive(ntuser(Mira)).Sub(`Software\Microsoft\Internet Explorer\Desktop`)
	ie.Sub("General").At(utc(2025, 6, 2, 3, 9, 41, 0)).Set("WallpaperSource", regf.String(picture))
	ie.Sub(`Components\0`).At(Installed).Set("Source", regf.String("About:Home")).Set("FriendlyName", regf.String("My Current Home Page"))
}
