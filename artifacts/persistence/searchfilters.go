package persistence

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/hive"
)

// A SearchFilter is one component that the search service loads.
type SearchFilter struct{ Hook }

const (
	languageKey = `{CS}\Control\ContentIndex\Language\*`
	filterKey   = `Classes\*\PersistentHandler`
)

var searchFilters = artifacts.Define(artifacts.Artifact{
	Name:     "searchfilters",
	Title:    "Search filter",
	DataType: "windows:registry:search_filter",
	About: `Components that Windows Search loads: the DLLs that cut words apart and find their stems for each language,
with their overrides, and the filters that read the text of files of one extension. Proves that they
were registered. Does not prove that they were loaded: the word components run when a text of the
language is indexed or searched, the filters when a file of the extension is indexed. Windows' own lie
in System32; office and PDF programs bring filters. The time is that of the key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1546"},
	Refs: []string{
		"https://persistence-info.github.io/Data/naturallanguage6.html",
		"https://persistence-info.github.io/Data/ifilters.html",
		"https://learn.microsoft.com/windows/win32/search/-search-ifilter-about",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, languageKey),
		artifacts.Key(evidence.SOFTWARE, filterKey),
		artifacts.Key(evidence.USRCLASS, strings.TrimPrefix(filterKey, `Classes\`)),
	},
}, decodeSearchFilters)

func decodeSearchFilters(in artifacts.Input, yield func(SearchFilter) bool) error {
	mark := func(r *Hook) {
		if r != nil {
			dir := winpath.Dir(r.Image)
			r.Default = r.Image != "" && (dir == "" || in.Machine.IsSystem32(dir))
		}
	}
	if in.Source.Hive == evidence.SYSTEM {
		h := hooksOf(in, `Language\*`)
		for _, name := range []string{"StemmerDLLPathOverride", "WBDLLPathOverride", "StemmerDLLPath", "WBDLLPath"} {
			h.value(name, func(v hive.Value) {
				r := h.dll(v, "Word component")
				mark(r)
				if r != nil && strings.HasSuffix(name, "Override") {
					r.Default = false // Windows sets no overrides
				}
			})
		}
		return hookRecords(h, func(r Hook) SearchFilter { return SearchFilter{r} }, yield)
	}
	// The handler names a class; below it the interface IFilter names the filter's.
	h := hooksOf(in, `*\PersistentHandler`)
	h.value("", func(v hive.Value) {
		handler, _ := h.text(v)
		if !comIsCLSID(handler) {
			return
		}
		filter := searchFilterClass(in, handler)
		if filter == "" {
			return
		}
		a, title := autostartCOM(in, "Search filter", filter)
		r := h.add(v, a)
		r.Value = strings.TrimSpace(filter + " " + title)
		mark(r)
	})
	return hookRecords(h, func(r Hook) SearchFilter { return SearchFilter{r} }, yield)
}

// searchFilterClass follows a persistent handler to the class of its filter in the
// same hive.
func searchFilterClass(in artifacts.Input, handler string) string {
	head := `Classes\`
	if in.Source.Hive == evidence.USRCLASS {
		head = ""
	}
	k, err := in.Hive.Key(head + `CLSID\` + handler + `\PersistentAddinsRegistered\{89BCB740-6119-101A-BCB7-00DD010655AF}`)
	if err != nil {
		return ""
	}
	if s := strings.TrimSpace(in.Of(k).Text("")); comIsCLSID(s) {
		return s
	}
	return ""
}
