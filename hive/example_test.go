package hive_test

import (
	"fmt"
	"log"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/hive"
)

// sample is a hive with one Run key, whose newest value is in the log only.
func sample() (primary, log1 []byte) {
	before := regf.New("ROOT", time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC))
	before.Root.Sub(`Software\Run`).Set("Updater", regf.String(`C:\Users\Public\u.exe`))
	after := before.Clone()
	after.Root.Sub(`Software\Run`).Set("Start", regf.DWord(2)).At(time.Date(2024, 5, 2, 8, 30, 0, 1234500, time.UTC))
	primary, log1, _ = regf.Dirty(before, after)
	return primary, log1
}

func Example() {
	primary, log1 := sample()
	h, err := hive.Open(primary, &hive.Options{Logs: []hive.Log{{Name: "NTUSER.DAT.LOG1", Data: log1}}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("dirty:", h.Header().Dirty, "- log entries applied:", h.Recovery().Entries)
	k, err := h.Key(`software\RUN`)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(k.Path(), k.Written())
	for v, err := range k.Values() {
		if err != nil {
			log.Print(err)
			continue
		}
		fmt.Println(v.Name(), v.Type())
	}
	// Output:
	// dirty: true - log entries applied: 1
	// \Software\Run 2024-05-02 08:30:00.0012345 +0000 UTC
	// Updater REG_SZ
	// Start REG_DWORD
}

func ExampleHive_Deleted() {
	spec := regf.New("ROOT", time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC))
	spec.Root.Sub(`Software\Tool`).Set("Path", regf.String(`C:\tool.exe`))
	spec.Root.Sub(`Software\Tool`).Delete(time.Date(2024, 5, 3, 9, 0, 0, 0, time.UTC))
	h, err := hive.Open(spec.Build(), nil)
	if err != nil {
		log.Fatal(err)
	}
	for r := range h.Deleted() {
		if r.IsKey {
			fmt.Println("key", r.Path, r.Grade, r.Source, "deleted at or before", r.NotAfter)
			continue
		}
		s, err := r.Value.Text()
		fmt.Println("value", r.Path, r.Value.Name(), s, err, r.Data)
	}
	// Output:
	// key \Software\Tool exact free cell deleted at or before 2024-05-03 09:00:00 +0000 UTC
	// value \Software\Tool Path C:\tool.exe <nil> merged
}
