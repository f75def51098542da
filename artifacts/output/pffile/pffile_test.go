package pffile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/scca"
	"github.com/artifactdump/artifactdump/prefetch"
)

// TestEach reads whole, damaged and missing files in parallel: they come in their
// order, each with what is wrong with it.
func TestEach(t *testing.T) {
	dir := t.TempDir()
	spec := scca.Sample(30, 0)
	whole := spec.Build()
	var paths []string
	for i := range 300 {
		p := filepath.Join(dir, fmt.Sprintf("A%03d.pf", i))
		paths = append(paths, p)
		b := whole
		switch i % 3 {
		case 1:
			b = whole[:len(whole)/2]
		case 2:
			continue // not there
		}
		if err := os.WriteFile(p, b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	i := 0
	for f, err := range Each(t.Context(), paths, 3, nil, nil) {
		if err != nil {
			t.Fatal(err)
		}
		if f.Path != paths[i] {
			t.Fatalf("file %d is %s", i, f.Path)
		}
		if damaged := len(f.Problems()) > 0; damaged != (i%3 != 0) || (f.SHA256 == "") != (i%3 == 2) {
			t.Errorf("%s: problems %v, SHA-256 %q", f.Path, f.Problems(), f.SHA256)
		}
		var text, line bytes.Buffer
		if err := errors.Join(f.Text(&text), f.JSON(&line)); err != nil {
			t.Fatal(err)
		}
		var o object
		if err := json.Unmarshal(line.Bytes(), &o); err != nil || o.Path != f.Path || (o.Error == "") != (f.Err == nil) {
			t.Errorf("%s: %v: %s", f.Path, err, line.Bytes())
		}
		if !strings.HasPrefix(text.String(), f.Path+"\n") {
			t.Errorf("%s: %s", f.Path, text.String())
		}
		i++
	}
	if i != len(paths) {
		t.Errorf("%d files, want %d", i, len(paths))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for f, err := range Each(ctx, paths, 3, &prefetch.Options{}, nil) {
		if f != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("after an interrupt: %v, %v", f, err)
		}
	}
}
