package artifacts_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// TestContainers reads the incident as it arrives: as a folder, as the zip
// files of two collectors, and as disk images of every kind, made with public
// tools. The events are the same, byte for byte.
func TestContainers(t *testing.T) {
	testcost.Again(t)
	dir := t.TempDir()
	incident := corpus.Incident().WithoutMetadata()
	files := incident.Files()
	if err := incident.Write(dir); err != nil {
		t.Fatal(err)
	}
	want := containerTimeline(t, dir)
	if len(want) < 1000 {
		t.Fatalf("the folder gives %d bytes of timeline", len(want))
	}
	compare := func(t *testing.T, path string) {
		t.Helper()
		got := containerTimeline(t, path)
		if !bytes.Equal(got, want) {
			t.Errorf("%s: the timeline differs from the folder's in %s", filepath.Base(path), firstDiff(want, got))
		}
	}
	t.Run("volume", func(t *testing.T) { compare(t, filepath.Join(dir, "C")) })
	t.Run("KAPE zip", func(t *testing.T) {
		compare(t, writeZip(t, files, func(name string) string { return "C/" + name }, nil))
	})
	t.Run("Velociraptor zip", func(t *testing.T) {
		encode := strings.NewReplacer("%", "%25", ":", "%3A", "*", "%2A", "?", "%3F", "|", "%7C", `"`, "%22", "<", "%3C", ">", "%3E")
		compare(t, writeZip(t, files, func(name string) string {
			return "uploads/ntfs/%5C%5C.%5CC%3A/" + encode.Replace(name)
		}, map[string]string{"uploads.json": "", "client_info.json": `{"Hostname":"KESTREL-PC"}`}))
	})

	need(t, "mkfs.ntfs", "wimcapture", "wimapply", "sfdisk")
	img := t.TempDir()
	sh := func(t *testing.T, name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = img
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
	}
	sh(t, "truncate", "-s", "64M", "ntfs.img")
	sh(t, "mkfs.ntfs", "-F", "-Q", "-L", "EVIDENCE", "-s", "512", "-c", "4096", "-p", "0", "-H", "255", "-S", "63", "ntfs.img")
	// Without a list of its own wimcapture leaves out RECYCLER and its like.
	if err := os.WriteFile(filepath.Join(img, "all.ini"), []byte("[ExclusionList]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sh(t, "wimcapture", filepath.Join(dir, "C"), "t.wim", "--compress=none", "--config=all.ini")
	sh(t, "wimapply", "t.wim", "1", "ntfs.img")
	sh(t, "truncate", "-s", "80M", "disk.raw")
	sh(t, "sh", "-c", "printf 'label: dos\\nstart=2048, type=7, bootable\\n' | sfdisk -q disk.raw")
	sh(t, "dd", "if=ntfs.img", "of=disk.raw", "bs=512", "seek=2048", "conv=notrunc", "status=none")
	for _, name := range []string{"ntfs.img", "disk.raw"} {
		t.Run(name, func(t *testing.T) { compare(t, filepath.Join(img, name)) })
	}
	t.Run("E01", func(t *testing.T) {
		need(t, "ewfacquire")
		sh(t, "ewfacquire", "-u", "-q", "-t", "one", "-f", "encase6", "-c", "deflate:fast", "-S", "100M", "disk.raw")
		compare(t, filepath.Join(img, "one.E01"))
		sh(t, "ewfacquire", "-u", "-q", "-t", "many", "-f", "encase6", "-c", "none", "-S", "20M", "disk.raw")
		if _, err := os.Stat(filepath.Join(img, "many.E02")); err != nil {
			t.Error("one segment, several were wanted")
		}
		compare(t, filepath.Join(img, "many.E01"))
		readsLittle(t, filepath.Join(img, "many.E01"))
		ev, err := evidence.Open(filepath.Join(img, "many.E01"), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer ev.Close()
		if v, stored, err := ev.VerifyImage(t.Context()); err != nil || !stored || !v.OK() {
			t.Errorf("the stored hash: %+v, %v, %v", v, stored, err)
		}
	})
	for name, args := range map[string][]string{
		"disk.vhdx":       {"-O", "vhdx"},
		"fixed.vhdx":      {"-O", "vhdx", "-o", "subformat=fixed"},
		"disk.vmdk":       {"-O", "vmdk"},
		"stream.vmdk":     {"-O", "vmdk", "-o", "subformat=streamOptimized"},
		"flat.vmdk":       {"-O", "vmdk", "-o", "subformat=monolithicFlat"},
		"disk.vhd":        {"-O", "vpc"},
		"fixed.vhd":       {"-O", "vpc", "-o", "subformat=fixed,force_size"},
		"disk.qcow2":      {"-O", "qcow2"},
		"extensionless00": {"-O", "vhdx"}, // a kind is known by its bytes
	} {
		t.Run(name, func(t *testing.T) {
			need(t, "qemu-img")
			sh(t, "qemu-img", slices.Concat([]string{"convert"}, args, []string{"disk.raw", name})...)
			compare(t, filepath.Join(img, name))
		})
	}
}

func need(t *testing.T, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
}

func containerTimeline(t *testing.T, path string) []byte {
	t.Helper()
	ev, err := evidence.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	if len(ev.Trees) != 1 {
		t.Fatalf("%s: %d machines", path, len(ev.Trees))
	}
	for _, err := range ev.Trees[0].Problems() {
		t.Errorf("%s: %v", path, err)
	}
	events, errs := rows(t, ev.Trees[0])
	for _, e := range errs {
		t.Errorf("%s: %v", path, e)
	}
	return rowLines(t, withoutVolume(events))
}

// readsLittle holds a run to what it needs: the files of the incident are a
// hundredth of the image.
func readsLittle(t *testing.T, path string) {
	t.Helper()
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	ev, err := evidence.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	timeline(t, ev.Trees[0], nil)
	whole := 4 * st.Size() // four segments or a little more
	if n := ev.BytesRead(); n == 0 || n > whole/5 {
		t.Errorf("read %d bytes of an image of about %d", n, whole)
	} else {
		t.Logf("read %d bytes of an image of about %d", n, whole)
	}
}

func writeZip(t *testing.T, files map[string][]byte, place func(string) string, more map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	add := func(name string, data []byte) {
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range files {
		add(place(name), data)
	}
	for name, data := range more {
		add(name, []byte(data))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "collection.zip")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func firstDiff(a, b []byte) string {
	la, lb := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range la {
		if i >= len(lb) || !bytes.Equal(la[i], lb[i]) {
			other := []byte("(nothing)")
			if i < len(lb) {
				other = lb[i]
			}
			return fmt.Sprintf("line %d\n- %.300s\n+ %.300s", i+1, la[i], other)
		}
	}
	return "what follows the last line"
}
