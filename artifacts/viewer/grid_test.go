//go:build unix

package viewer

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// gridPage shows rows with another grid. They come to it as they come to our page: one
// gzip stream in base64. The columns are those that our page draws.
const gridPage = `const columns = ["time", "level", "proves", "artifact", "path", "message"];
(async () => {
	const bytes = Uint8Array.from(atob(document.getElementById("rows").textContent), (c) => c.charCodeAt(0));
	const text = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
	globalThis.table = new Tabulator("#grid", { height: 700, layout: "fitColumns", index: "id", data: JSON.parse(text), columns: columns.map((c) => ({ title: c, field: c })) });
	table.on("tableBuilt", () => requestAnimationFrame(() => { document.documentElement.dataset.state = "ready"; }));
})();
globalThis.count = (word) => {
	const begin = performance.now();
	table.setFilter((r) => columns.some((c) => r[c].toLowerCase().includes(word)));
	const n = table.getDataCount("active");
	globalThis.took = performance.now() - begin;
	return n;
};`

// TestGrid measures Tabulator beside our own grid, with the same rows: docs/performance.md.
// VIEWER_GRID is the folder of its package, with dist; VIEWER_ROWS the number of rows.
func TestGrid(t *testing.T) {
	dir := os.Getenv("VIEWER_GRID")
	if dir == "" {
		t.Skip("VIEWER_GRID names no grid")
	}
	n, err := strconv.Atoi(os.Getenv("VIEWER_ROWS"))
	if err != nil {
		n = MaxRows
	}
	var rows, html bytes.Buffer
	zip := gzip.NewWriter(&rows)
	list := make([]map[string]string, 0, n)
	for r, err := range many(n) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, map[string]string{"id": r.ID, "time": r.Datetime(), "level": r.Level, "proves": string(r.Proof), "artifact": r.Parser,
			"path": r.Path, "message": r.Message})
	}
	if err := json.NewEncoder(zip).Encode(list); err != nil {
		t.Fatal(err)
	}
	zip.Close()
	script, err := os.ReadFile(filepath.Join(dir, "dist/js/tabulator.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	style, err := os.ReadFile(filepath.Join(dir, "dist/css/tabulator.min.css"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range [][]byte{[]byte(`<!doctype html><meta charset="utf-8"><style>`), style, []byte(`</style><div id="grid"></div><script type="text/plain" id="rows">`),
		[]byte(base64.StdEncoding.EncodeToString(rows.Bytes())), []byte("</script><script>"), script, []byte("</script><script>" + gridPage + "</script>")} {
		html.Write(part)
	}
	name := filepath.Join(t.TempDir(), "grid.html")
	if err := os.WriteFile(name, html.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	b := startBrowser(t)
	took := b.open(name, "")
	process, heap, cpu := b.memory()
	found := b.number(`count("svchost")`)
	t.Logf("%d rows: %.1f MB, ready in %.2f s (%.2f s of a processor), memory %d MB, heap %d MB; svchost: %d rows in %d ms", n, float64(html.Len())/1e6,
		took.Seconds(), cpu, process/1024, heap/1024, found, b.number(`Math.round(took)`))
	process, _, _ = b.memory()
	t.Logf("memory after the search: %d MB", process/1024)
}
