//go:build unix

package viewer

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A browser is a headless Chromium that is spoken to over the DevTools protocol, by a
// pipe: messages end with a zero byte.
type browser struct {
	t       testing.TB
	cmd     *exec.Cmd
	in      io.WriteCloser
	mu      sync.Mutex
	id      int
	waiting map[int]chan message
	session string
	target  string
	asked   []string // addresses that the page asked for
	said    []string // what the console says, and violations of the policy
	done    chan struct{}
}

type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// startBrowser starts Chromium with one empty page, or skips the test.
func startBrowser(t testing.TB) *browser {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium on PATH")
	}
	fromUs, toThem, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromThem, toUs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, in: toThem, waiting: map[int]chan message{}, done: make(chan struct{})}
	// Not t.TempDir: the browser can still write while it ends.
	profile, err := os.MkdirTemp("", "viewer-browser-")
	if err != nil {
		t.Fatal(err)
	}
	b.cmd = exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-extensions", "--remote-debugging-pipe",
		"--user-data-dir="+profile, "about:blank")
	b.cmd.ExtraFiles = []*os.File{fromUs, toUs}
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	fromUs.Close()
	toUs.Close()
	go b.read(fromThem)
	t.Cleanup(func() {
		toThem.Close()
		select {
		case <-b.done:
		case <-time.After(10 * time.Second):
		}
		syscall.Kill(-b.cmd.Process.Pid, syscall.SIGKILL)
		b.cmd.Wait()
		os.RemoveAll(profile)
	})
	b.tab()
	return b
}

// tab opens an empty tab in place of the present one.
func (b *browser) tab() {
	b.t.Helper()
	old := b.target
	b.session = ""
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	if old != "" {
		b.call("Target.closeTarget", map[string]any{"targetId": old}, nil)
	}
	b.target, b.session = target.TargetID, attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Network", "Log", "Audits", "Performance"} {
		b.call(domain+".enable", nil, nil)
	}
	b.call("Page.bringToFront", nil, nil)
	b.call("Emulation.setFocusEmulationEnabled", map[string]any{"enabled": true}, nil)
	b.size(1400, 900, false)
}

func (b *browser) read(r io.Reader) {
	defer close(b.done)
	in := bufio.NewReaderSize(r, 1<<20)
	for {
		line, err := in.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(bytes.TrimSuffix(line, []byte{0}), &m) != nil {
			continue
		}
		b.mu.Lock()
		if m.ID != 0 {
			if c := b.waiting[m.ID]; c != nil {
				delete(b.waiting, m.ID)
				c <- m
			}
		} else {
			b.event(&m)
		}
		b.mu.Unlock()
	}
}

// event notes what a page must not do. b.mu is held.
func (b *browser) event(m *message) {
	switch m.Method {
	case "Network.requestWillBeSent":
		var p struct{ Request struct{ URL string } }
		json.Unmarshal(m.Params, &p)
		b.asked = append(b.asked, p.Request.URL)
	case "Audits.issueAdded":
		if strings.Contains(string(m.Params), "ContentSecurityPolicy") {
			b.said = append(b.said, string(m.Params))
		}
	case "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded":
		b.said = append(b.said, m.Method+" "+string(m.Params))
	}
}

func (b *browser) call(method string, params, result any) {
	b.t.Helper()
	b.mu.Lock()
	b.id++
	id, c := b.id, make(chan message, 1)
	b.waiting[id] = c
	m := map[string]any{"id": id, "method": method}
	if params != nil {
		m["params"] = params
	}
	if b.session != "" {
		m["sessionId"] = b.session
	}
	line, err := json.Marshal(m)
	b.mu.Unlock()
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.in.Write(append(line, 0)); err != nil {
		b.t.Fatal(err)
	}
	select {
	case m := <-c:
		if m.Error != nil {
			b.t.Fatalf("%s: %s", method, m.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				b.t.Fatal(err)
			}
		}
	case <-b.done:
		b.t.Fatalf("%s: the browser has ended", method)
	case <-time.After(5 * time.Minute):
		b.t.Fatalf("%s: no answer", method)
	}
}

// eval runs an expression in the page and decodes its value.
func (b *browser) eval(expression string, result any) {
	b.t.Helper()
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &r)
	if r.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, r.ExceptionDetails.Exception.Description)
	}
	if result != nil {
		if err := json.Unmarshal(r.Result.Value, result); err != nil {
			b.t.Fatalf("%s: %v", expression, err)
		}
	}
}

func (b *browser) text(expression string) string {
	b.t.Helper()
	var s string
	b.eval("String("+expression+")", &s)
	return s
}

func (b *browser) number(expression string) int {
	b.t.Helper()
	var n float64
	b.eval("Number("+expression+")", &n)
	return int(n)
}

// wait waits until an expression is true.
func (b *browser) wait(expression string) {
	b.t.Helper()
	end := time.Now().Add(5 * time.Minute)
	for {
		var ok bool
		b.eval("Boolean("+expression+")", &ok)
		if ok {
			return
		}
		if time.Now().After(end) {
			b.t.Fatalf("never true: %s", expression)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// open shows a page from a file and waits until it is ready. It returns how long that
// took.
func (b *browser) open(path, fragment string) time.Duration {
	b.t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		b.t.Fatal(err)
	}
	b.mu.Lock()
	used := len(b.asked) > 0
	b.mu.Unlock()
	if used {
		b.tab()
	}
	b.mu.Lock()
	b.asked, b.said = nil, nil
	b.mu.Unlock()
	begin := time.Now()
	b.call("Page.navigate", map[string]any{"url": (&url.URL{Scheme: "file", Path: abs, Fragment: fragment}).String()}, nil)
	b.wait(`["ready", "failed"].includes(document.documentElement?.dataset.state)`)
	took := time.Since(begin)
	if s := b.text(`document.documentElement.dataset.state`); s != "ready" {
		b.t.Fatalf("the page is %s: %s", s, b.text(`document.getElementById("loading").textContent`))
	}
	return took
}

// query puts a search line into the address and returns how many rows are shown.
func (b *browser) query(line string) int {
	b.t.Helper()
	q, _ := json.Marshal(line)
	b.eval(fmt.Sprintf(`location.hash = "q=" + encodeURIComponent(%s)`, q), nil)
	b.wait(fmt.Sprintf(`document.documentElement.dataset.query === %s`, q))
	return b.number(`document.querySelector("[role=grid]").getAttribute("aria-rowcount")`)
}

func (b *browser) key(key string) {
	b.t.Helper()
	p := map[string]any{"type": "keyDown", "key": key}
	if len(key) == 1 {
		p["text"] = key
	}
	b.call("Input.dispatchKeyEvent", p, nil)
	b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key}, nil)
}

func (b *browser) size(width, height int, mobile bool) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}, nil)
}

// screenshot writes what the page shows to the folder that VIEWER_SCREENSHOTS names.
func (b *browser) screenshot(name string) {
	b.t.Helper()
	dir := os.Getenv("VIEWER_SCREENSHOTS")
	if dir == "" {
		return
	}
	var shot struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"format": "png"}, &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o666)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// quiet fails the test when the page said or asked for anything.
func (b *browser) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.said {
		b.t.Errorf("the page is not quiet: %.600s", s)
	}
	for _, s := range b.asked {
		if !strings.HasPrefix(s, "file://") || len(b.asked) != 1 {
			b.t.Errorf("the page asked for %s", s)
		}
	}
}
