package browser

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A SearchScope is one search provider of Internet Explorer.
type SearchScope struct {
	artifacts.Origin
	ID      string    `json:"id"`
	Name    string    `json:"name,omitempty"`
	URL     string    `json:"url,omitempty"`
	Suggest string    `json:"suggestions_url,omitempty"`
	Default bool      `json:"is_default,omitempty"`
	Written time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var searchScopes = artifacts.Define(artifacts.Artifact{
	Name:     "searchscopes",
	Title:    "Search provider",
	DataType: "windows:registry:searchscopes",
	About: `The search providers of Internet Explorer for a user or for the machine, with the addresses that searches
and the letters typed go to. Proves that the provider was registered, and which one is the default.
Does not prove that anybody searched. Adware and browser hijackers register providers of their own;
toolbars and makers of computers do so, too. The time is that of the provider's key, near its
registration.`,
	Proves:  artifacts.Configured,
	Attack:  []string{"T1112", "T1185"},
	Refs:    []string{"https://learn.microsoft.com/previous-versions/windows/internet-explorer/ie-developer/platform-apis/dd433050(v=vs.85)"},
	Sources: searchScopeSources(),
}, decodeSearchScopes)

func searchScopeSources() []artifacts.Source {
	const key = `Microsoft\Internet Explorer\SearchScopes\*`
	return []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\`+key), artifacts.Key(evidence.SOFTWARE, key),
		artifacts.Key(evidence.NTUSER, `Software\Policies\`+key), artifacts.Key(evidence.SOFTWARE, `Policies\`+key),
	}
}

func decodeSearchScopes(in artifacts.Input, yield func(SearchScope) bool) error {
	if in.Partial() {
		return nil
	}
	s := SearchScope{Origin: in.AtKey(), ID: in.Matched(0), Name: in.Text("DisplayName"), URL: cmp.Or(in.Text("URL"), in.Text("FaviconURL")),
		Suggest: cmp.Or(in.Text("SuggestionsURL"), in.Text("SuggestionsURLFallback")), Written: in.Written()}
	if i := strings.LastIndexByte(in.From.Key, '\\'); i > 0 {
		if k, err := in.Hive.Key(in.From.Key[:i]); err == nil {
			s.Default = strings.EqualFold(in.Of(k).Text("DefaultScope"), s.ID)
		}
	}
	if s.Name != "" || s.URL != "" {
		yield(s)
	}
	return nil
}

// Tags marks the provider that searches go to.
func (s SearchScope) Tags() []string {
	if s.Default {
		return []string{"default"}
	}
	return nil
}

// Summary names the provider.
func (s SearchScope) Summary() string {
	return fmt.Sprintf("[%s] searches with %s", cmp.Or(s.Name, s.ID), cmp.Or(s.URL, "(no address)"))
}
