package testcost

import (
	"fmt"
	"runtime"
	"testing"
	"time"
)

// TestCPU works until time is used, and then sleeps at no cost.
func TestCPU(t *testing.T) {
	for begin := used(); used() < begin+20*time.Millisecond; {
	}
	if !map[string]bool{"linux": true, "darwin": true}[runtime.GOOS] {
		return
	}
	begin := used()
	time.Sleep(300 * time.Millisecond)
	if d := used() - begin; d > 150*time.Millisecond {
		t.Errorf("sleeping took %v", d)
	}
}

// TestSample wants parts from everywhere, and everything without the race detector.
func TestSample(t *testing.T) {
	list := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	for n, want := range map[int]string{1: fmt.Sprint(list), 3: "[0 3 6 9]", 5: "[0 5]", 10: "[0]", 20: "[0]"} {
		if got := fmt.Sprint(oneOf(list, n)); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	want := 10
	if (Race || emulated) && testing.Short() {
		want = 5
	}
	if got := len(Sample(list, 2)); got != want {
		t.Errorf("%d of 10, want %d", got, want)
	}
	if got := Rounds(11); got != 11 && !Samples() || got != 2 && Samples() {
		t.Errorf("%d rounds of 11", got)
	}
}

// TestAgain skips only where .ci/run says that the same has passed.
func TestAgain(t *testing.T) {
	for value, want := range map[string]bool{"": false, "1": true} {
		t.Setenv("ARTIFACTDUMP_AGAIN", value)
		skipped := false
		t.Run("child", func(t *testing.T) {
			defer func() { skipped = t.Skipped() }()
			Again(t)
		})
		if skipped != want {
			t.Errorf("%q: skipped %v", value, skipped)
		}
	}
}
