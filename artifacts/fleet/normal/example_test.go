package normal_test

import (
	"fmt"

	"github.com/artifactdump/artifactdump/artifacts/fleet/normal"
)

func ExamplePath() {
	for _, path := range []string{
		`C:\Users\mira\AppData\Local\Temp\a.exe`,
		`\Device\HarddiskVolume3\Users\daniel\AppData\Local\Temp\A.EXE`,
		`%TEMP%\a.exe`,
		`\Device\Mup\srv\tools\a.exe`,
	} {
		fmt.Println(normal.Path(path))
	}
	// Output:
	// \users\%user%\appdata\local\temp\a.exe
	// \users\%user%\appdata\local\temp\a.exe
	// \users\%user%\appdata\local\temp\a.exe
	// \\srv\tools\a.exe
}
