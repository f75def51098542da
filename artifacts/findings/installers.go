package findings

import (
	"regexp"
	"strings"
)

// installer reports whether a path looks like an installer's: by its words, or in
// a browser's cache by a name with a version.
func (s *scene) installer(p *program) bool {
	return anyGlob(s.t.installers, p.parts) || inBrowserCache(p.key) && versionedName(p.base)
}

// inBrowserCache reports whether a path lies where Internet Explorer and Edge keep
// what a user opens instead of saving it.
func inBrowserCache(key string) bool {
	return strings.Contains(key, `\inetcache\`) || strings.Contains(key, `\temporary internet files\`)
}

// A version follows the name, with or without a separator: product-5.30.2.1-64bit,
// product__163171420.1576549659, 7z920. A date behind a separator, invoice_20240131, is
// no version. Copies that a browser numbers, (1) and
// [2], end the name.
var versioned = regexp.MustCompile(`^[a-z0-9+ _.-]*[a-z+]([-_ v]*[0-9]+(\.[0-9]+)+|[0-9]{3,4})` +
	`([-_ .]?(x86|x64|x86_64|amd64|arm64|win|win32|win64|windows|32-?bit|64-?bit|ia32|full|offline|online|portable|stable|release|en|en-us|ja))*` +
	`( ?[(\[][0-9]{1,2}[)\]])?$`)

// versionedName reports whether a program or package is named as products name
// their installers: with a version behind the name.
func versionedName(base string) bool {
	e := ext(base)
	return (e == ".exe" || e == ".msi") && versioned.MatchString(strings.TrimSuffix(base, e))
}
