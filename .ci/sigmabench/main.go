// Sigmabench measures how long sigma-go needs to ask every rule about every
// event, as its interface does without a configuration of log sources. It reads
// the rules of a folder and events from standard input, in the form of
//
//	artifactdump inspect --format jsonl FILE.evtx…
//
// It is a module of its own: the product does not link what it measures.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/bradleyjkemp/sigma-go"
	"github.com/bradleyjkemp/sigma-go/evaluator"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: sigmabench RULES <events.jsonl")
	}
	rules, failed, err := readRules(args[0])
	if err != nil {
		return err
	}
	events, err := readEvents()
	if err != nil {
		return err
	}
	begin := processorTime()
	hits, errs := 0, 0
	for _, e := range events {
		for _, r := range rules {
			res, err := r.Matches(context.Background(), e)
			if err != nil {
				errs++
			} else if res.Match {
				hits++
			}
		}
	}
	took := processorTime() - begin
	fmt.Printf("%d rules (%d not parsed), %d events, %d hits, %d errors, %v of processor time, %v for an event\n",
		len(rules), failed, len(events), hits, errs, took.Round(time.Millisecond),
		(took / time.Duration(max(1, len(events)))).Round(time.Microsecond))
	return nil
}

func readRules(dir string) (list []*evaluator.RuleEvaluator, failed int, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.yml"))
	if err != nil {
		return nil, 0, err
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, 0, err
		}
		r, err := sigma.ParseRule(b)
		if err != nil {
			failed++
			continue
		}
		list = append(list, evaluator.ForRule(r))
	}
	return list, failed, nil
}

func readEvents() (list []map[string]any, err error) {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 16<<20)
	for in.Scan() {
		var e struct {
			Channel  string      `json:"channel"`
			Provider string      `json:"provider"`
			EventID  int         `json:"event_id"`
			Data     [][2]string `json:"data"`
		}
		if err := json.Unmarshal(in.Bytes(), &e); err != nil {
			return nil, err
		}
		m := map[string]any{"Channel": e.Channel, "Provider_Name": e.Provider, "EventID": strconv.Itoa(e.EventID)}
		for _, p := range e.Data {
			if p[0] != "" {
				m[p[0]] = p[1]
			}
		}
		list = append(list, m)
	}
	return list, in.Err()
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
