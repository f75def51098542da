package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// TestBillOfMaterials runs the script of the release over this test program.
func TestBillOfMaterials(t *testing.T) {
	for _, tool := range []string{"sh", "awk", "go"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("sh", "../../.ci/sbom", program, "1.2.3").Output()
	if err != nil {
		t.Fatal(err)
	}
	type component struct {
		Ref     string `json:"bom-ref"`
		Name    string `json:"name"`
		Version string `json:"version"`
		PURL    string `json:"purl"`
	}
	var bom struct {
		Format   string `json:"bomFormat"`
		Metadata struct {
			Component component `json:"component"`
		} `json:"metadata"`
		Components   []component `json:"components"`
		Dependencies []struct {
			DependsOn []string `json:"dependsOn"`
		} `json:"dependencies"`
	}
	if err := json.Unmarshal(out, &bom); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	if bom.Format != "CycloneDX" || bom.Metadata.Component.Version != "1.2.3" {
		t.Errorf("format %q, version %q", bom.Format, bom.Metadata.Component.Version)
	}
	seen := map[string]string{}
	for _, c := range bom.Components {
		if seen[c.Name] != "" {
			t.Errorf("%s is listed twice", c.Name)
		}
		seen[c.Name] = c.Version
		if c.Ref != c.PURL || !strings.HasPrefix(c.PURL, "pkg:golang/"+c.Name+"@") {
			t.Errorf("%s has the purl %s", c.Name, c.PURL)
		}
	}
	if seen["github.com/urfave/cli/v2"] == "" || "go"+seen["stdlib"] != strings.Fields(runtime.Version())[0] {
		t.Errorf("modules %v", seen)
	}
	if len(bom.Dependencies) != 1 || len(bom.Dependencies[0].DependsOn) != len(bom.Components) {
		t.Errorf("dependencies %v", bom.Dependencies)
	}
}
