package findings

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// A layer is what the ATT&CK Navigator loads: format 4.5 of its layers
// (mitre-attack/attack-navigator, layers/spec/v4.5).
type layer struct {
	Name        string           `json:"name"`
	Versions    layerVersions    `json:"versions"`
	Domain      string           `json:"domain"`
	Description string           `json:"description"`
	Filters     layerFilters     `json:"filters"`
	Sorting     int              `json:"sorting"` // 3: by score, highest first
	Layout      layerLayout      `json:"layout"`
	HideOff     bool             `json:"hideDisabled"`
	Techniques  []layerTechnique `json:"techniques"`
	Gradient    layerGradient    `json:"gradient"`
	Legend      []layerLegend    `json:"legendItems"`
	Metadata    []layerMeta      `json:"metadata"`
}

type layerVersions struct {
	Attack    string `json:"attack"`
	Navigator string `json:"navigator"`
	Layer     string `json:"layer"`
}

type layerFilters struct {
	Platforms []string `json:"platforms"`
}

type layerLayout struct {
	Layout   string `json:"layout"`
	ShowID   bool   `json:"showID"`
	ShowName bool   `json:"showName"`
	Expanded string `json:"expandedSubtechniques"`
}

type layerTechnique struct {
	ID      string      `json:"techniqueID"`
	Tactic  string      `json:"tactic"`
	Score   int         `json:"score"`
	Comment string      `json:"comment"`
	Enabled bool        `json:"enabled"`
	Meta    []layerMeta `json:"metadata"`
	Links   []layerLink `json:"links"`
	Show    bool        `json:"showSubtechniques"`
}

type layerGradient struct {
	Colors []string `json:"colors"`
	Min    int      `json:"minValue"`
	Max    int      `json:"maxValue"`
}

type layerLegend struct {
	Label string `json:"label"`
	Color string `json:"color"`
}

type layerMeta struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type layerLink struct {
	Label string `json:"label"`
	URL   string `json:"url"`
}

// WriteNavigator writes the techniques of the findings as a layer of the
// ATT&CK Navigator: the score is the number of findings, the comment names the
// worst of them.
func (r *Report) WriteNavigator(w io.Writer) error {
	l := layer{
		Name: "artifactdump", Versions: layerVersions{"18", "5.1.0", "4.5"}, Domain: "enterprise-attack",
		Description: fmt.Sprintf("Techniques of %d findings. Findings deserve review and prove nothing by themselves. ATT&CK is the work of The MITRE Corporation.", len(r.Findings)),
		Filters:     layerFilters{[]string{"Windows"}}, Sorting: 3,
		Layout:     layerLayout{"side", true, true, "annotated"},
		Techniques: []layerTechnique{}, Gradient: layerGradient{[]string{"#ffffff", "#ff6666"}, 0, 1},
		Legend:   []layerLegend{{"more findings", "#ff6666"}},
		Metadata: []layerMeta{},
	}
	byID := map[string][]*Finding{}
	for i := range r.Findings {
		for _, id := range r.Findings[i].Techniques {
			byID[id] = append(byID[id], &r.Findings[i])
		}
	}
	for id, list := range byID {
		info, ok := Technique(id)
		if !ok {
			continue
		}
		hosts := map[string]int{}
		for _, f := range list {
			hosts[f.Host]++
		}
		t := layerTechnique{ID: id, Score: len(list), Enabled: true, Show: true, Links: []layerLink{}}
		for h, n := range hosts {
			t.Meta = append(t.Meta, layerMeta{cmp.Or(h, "machine"), strconv.Itoa(n)})
		}
		slices.SortFunc(t.Meta, func(a, b layerMeta) int { return cmp.Compare(a.Name, b.Name) })
		f := list[0]
		t.Comment = fmt.Sprintf("%s: %s %s", f.Level, f.RuleID, f.Title)
		if f.Host != "" {
			t.Comment += " on " + f.Host
		}
		if !f.FirstSeen.IsZero() {
			t.Comment += ", " + f.FirstSeen.UTC().Format("2006-01-02 15:04:05") + " " + f.zone()
		}
		l.Gradient.Max = max(l.Gradient.Max, t.Score)
		for _, tactic := range info.Tactics {
			t.Tactic = tactic
			l.Techniques = append(l.Techniques, t)
		}
	}
	slices.SortFunc(l.Techniques, func(a, b layerTechnique) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Tactic, b.Tactic))
	})
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(l)
}
