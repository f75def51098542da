package activity

import (
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

// TestWallpaperDamage: a copied picture that is too short is an error with its
// place, and the picture beside it is still a record.
func TestWallpaperDamage(t *testing.T) {
	for _, n := range []int{0, 8, 24} {
		recs, errs := testtree.Found(t, testtree.HiveOf("Users/anna/NTUSER.DAT", func(root *regf.Key) {
			root.Sub(`Control Panel\Desktop`).Set("Wallpaper", regf.String(`C:\x.jpg`)).Set("TranscodedImageCache", regf.Binary(make([]byte, n)))
		}), wallpaper)
		testtree.WantErrors(t, errs, "a copied picture has more than 24")
		testtree.WantSummaries(t, recs, `[C:\x.jpg] picture`)
	}
	// The path may lack its end.
	b := append(make([]byte, 24), regf.UTF16(`C:\y.jpg`)...)
	recs, errs := testtree.Found(t, testtree.HiveOf("Users/anna/NTUSER.DAT", func(root *regf.Key) {
		root.Sub(`Control Panel\Desktop`).Set("TranscodedImageCache", regf.Binary(b))
	}), wallpaper)
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs, `[C:\y.jpg] copied picture`)
}

// TestWallpaperReal reads the picture of a machine of Windows 10. Size and time of
// its file are those that the maker of the machine shipped it with.
func TestWallpaperReal(t *testing.T) {
	recs := testtree.RealRecords(t, "images/win10-composed/Users/analyst/NTUSER.DAT", wallpaper)
	testtree.WantSummaries(t, recs,
		`[C:\Windows\web\wallpaper\Lenovo\ThinkStation_wallpaper_2560x1440.png] picture`,
		`[C:\Windows\web\wallpaper\Lenovo\ThinkStation_wallpaper_2560x1440.png] copied picture, 2560 × 1440, 3932690 bytes`,
		`[C:\Windows\web\wallpaper\Lenovo\ThinkStation_wallpaper_2560x1440.png] source`)
	if w := recs[1].Data.(Wallpaper); w.Modified.Truncate(time.Second) != time.Date(2020, 7, 3, 3, 2, 50, 0, time.UTC) {
		t.Errorf("modified %s", w.Modified)
	}
}
