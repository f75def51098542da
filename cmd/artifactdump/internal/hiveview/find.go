package hiveview

import (
	"context"
	"fmt"
	"io"
	"regexp"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/hivefile"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
	"github.com/artifactdump/artifactdump/hive"
)

// Pattern reads a text, or a regular expression, that is searched in any case.
func Pattern(text string, isRegexp bool) (*regexp.Regexp, error) {
	if !isRegexp {
		text = regexp.QuoteMeta(text)
	}
	re, err := regexp.Compile("(?is)" + text)
	if err != nil {
		return nil, usage.Errorf("PATTERN: %v", err)
	}
	return re, nil
}

// A Search is what is searched where.
type Search struct {
	Pattern           *regexp.Regexp
	Keys, Names, Data bool // none is all three
}

// Search writes the keys and values at and below top that match, and counts them.
func (f *File) Search(ctx context.Context, w io.Writer, top hive.Key, s Search) (hits int, err error) {
	if !s.Keys && !s.Names && !s.Data {
		s.Keys, s.Names, s.Data = true, true, true
	}
	var buf []byte
	named := func(append func([]byte) []byte) bool {
		buf = append(buf[:0])
		return s.Pattern.Match(buf)
	}
	err = f.below(top, func(k hive.Key) error {
		if s.Keys && named(k.AppendName) {
			hits++
			fmt.Fprintf(w, "%s\n", output.Clean(k.Path()))
		}
		for v, err := range k.Values() {
			if err != nil {
				f.bad(err)
				continue
			}
			if s.Names && named(v.AppendName) || s.Data && hivefile.Matches(s.Pattern, v) {
				hits++
				text, _ := hivefile.Show(v, found)
				fmt.Fprintf(w, "%s\n    %s    %s    %s\n", output.Clean(k.Path()), output.Clean(hivefile.ValueName(v)), v.Type(), text)
			}
		}
		return ctx.Err()
	})
	return hits, err
}
