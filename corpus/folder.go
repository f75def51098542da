package corpus

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/artifactdump/artifactdump/corpus/scca"
)

// PrefetchFolder returns n distinct prefetch files of one Windows 10 machine, by name, for benchmarks and for tests
// at full size: Windows keeps up to 1,024. They have the sizes of real ones (about thirty to a hundred files, ten
// thousand pages at most) and the hashes that belong to their paths. The same n gives the same bytes.
func PrefetchFolder(n int) map[string][]byte {
	specs := make([]scca.Spec, n)
	files := make([][]byte, n)
	var wg sync.WaitGroup
	for part := range 4 {
		wg.Go(func() {
			for i := part; i < n; i += 4 {
				specs[i] = folderSpec(i)
				files[i] = specs[i].Build()
			}
		})
	}
	wg.Wait()
	all := make(map[string][]byte, n)
	for i, s := range specs {
		all[s.FileName()] = files[i]
	}
	if len(all) != n {
		panic("corpus: two files of the folder have one name")
	}
	return all
}

// folderSpec is the i-th file: an invented program with the files of some groups, and its own data.
func folderSpec(i int) scca.Spec {
	seed := mix(fmt.Sprint("folder", i))
	vendors := []string{"Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel"}
	kinds := []string{"Edit", "View", "Sync", "Chat", "Scan", "Draw", "Play", "Mail", "Calc", "Host"}
	vendor := vendors[i%len(vendors)]
	name := fmt.Sprintf("%s%s%d", vendor, kinds[i/len(vendors)%len(kinds)], 1+i/80)
	home := `C:\Program Files\` + vendor + ` Software\` + name + `\`
	p := program{path: home + name + ".exe", loads: "base com"}
	for j, group := range slices.Sorted(maps.Keys(groups)) {
		if seed>>j&1 != 0 {
			p.loads += " " + group
		}
	}
	for j := range seed % 40 {
		ext := []string{"dll", "dat", "mui", "pak"}[(seed>>(j%16))%4]
		p.extra = append(p.extra, fmt.Sprintf("%smodules\\part%02d.%s", home, j, ext))
	}
	last := CopiedAt.Add(-time.Duration(seed%2_000_000) * time.Second).Add(-time.Duration(mix(name)%10_000_000) * 100)
	p.runs = runs{1, []time.Time{last}}.earlier(int(seed>>8&63), time.Duration(3+seed%50)*hour)

	s := p.spec()
	for k := range s.Files { // more pages than the incident needs
		f := &s.Files[k]
		if f.Flags == 3 || !strings.Contains(f.Name, `\`) {
			continue
		}
		seed := mix(f.Name + name)
		for range seed % 210 {
			last := f.Pages[len(f.Pages)-1]
			last.Offset += 4096 * uint64(1+seed>>16%3)
			last.Skip = seed>>20%11 == 0
			if seed>>29 == 0 {
				last.Mask = 0xFFFF << (seed >> 16 % 12)
				last.Usage = uint8(last.Mask)
			}
			seed = seed*1664525 + 1013904223
			f.Pages = append(f.Pages, last)
		}
	}
	return s
}
