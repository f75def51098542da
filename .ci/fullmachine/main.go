// Fullmachine composes machines of full size from real evidence and measures the
// command beside the floor: one read and SHA-256 of the same files.
//
//	fullmachine -evidence DIR -repo DIR -command FILE [-runs N] [-containers] [MACHINE…]
//
// It prints one table. Times are processor times, user and system, of the whole
// process; all figures are medians of runs in turn.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	evidence := flag.String("evidence", os.Getenv("ARTIFACTDUMP_EVIDENCE"), "folder of real evidence")
	repo := flag.String("repo", ".", "folder of the repository")
	command := flag.String("command", "", "program to measure")
	runs := flag.Int("runs", 5, "runs of each job")
	containers := flag.Bool("containers", false, "also as zip, E01 and VHDX")
	work := flag.String("work", "", "folder to compose in, kept (default: a temporary folder)")
	floor := flag.String("floor", "", "only read and hash the files that FILE lists")
	flag.Parse()
	var err error
	if *floor != "" {
		err = readAll(*floor)
	} else {
		err = run(*evidence, *repo, *command, *work, *runs, *containers, flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "fullmachine:", err)
		os.Exit(1)
	}
}

func run(evidence, repo, command, work string, runs int, containers bool, names []string) error {
	if evidence == "" || command == "" {
		return fmt.Errorf("-evidence and -command are needed")
	}
	if work == "" {
		dir, err := os.MkdirTemp("", "fullmachine")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		work = dir
	}
	fmt.Println("| machine | as | read | job | CPU | floors | wall | wall ÷ CPU | peak memory |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	for _, m := range machines {
		if len(names) > 0 && !slices.Contains(names, m.name) {
			continue
		}
		root := filepath.Join(work, m.name, "C")
		if _, err := os.Stat(root); err != nil {
			if err := compose(m, evidence, repo, root); err != nil {
				return err
			}
		}
		kinds := []kind{{"folder", root, nil}}
		if containers {
			more, err := pack(work, m.name, root)
			if err != nil {
				return err
			}
			kinds = append(kinds, more...)
		}
		for _, k := range kinds {
			if k.err != nil {
				fmt.Printf("| %s | %s | not made: %v | | | | | | |\n", m.name, k.name, k.err)
				continue
			}
			if err := measure(m.name, k, root, command, work, runs); err != nil {
				return err
			}
		}
	}
	return nil
}

// A cost is what a process needed.
type cost struct {
	cpu, wall time.Duration
	memory    int64 // KiB
}

// measure runs the floor, timeline and scan in turn.
func measure(name string, k kind, root, command, work string, runs int) error {
	list, size, err := filesRead(command, root, work)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	caseDir := filepath.Join(work, "case")
	jobs := []struct {
		name string
		args []string
	}{
		{"floor", []string{self, "-floor", list}},
		{"timeline", []string{command, "timeline", "-q", "--format", "jsonl", "-o", filepath.Join(work, "timeline.jsonl"), k.path}},
		{"findings", []string{command, "findings", "-q", "--format", "jsonl", "-o", filepath.Join(work, "findings.jsonl"), k.path}},
		{"scan", []string{command, "scan", "-q", "-o", caseDir, k.path}},
	}
	costs := make([][]cost, len(jobs))
	for range runs {
		for i, j := range jobs {
			for _, old := range []string{"timeline.jsonl", "findings.jsonl", "case", "case.partial"} {
				if err := os.RemoveAll(filepath.Join(work, old)); err != nil {
					return err
				}
			}
			c, err := execute(j.args)
			if err != nil {
				return err
			}
			costs[i] = append(costs[i], c)
		}
	}
	floor := median(costs[0], func(c cost) float64 { return c.cpu.Seconds() })
	for i, j := range jobs {
		cpu := median(costs[i], func(c cost) float64 { return c.cpu.Seconds() })
		wall := median(costs[i], func(c cost) float64 { return c.wall.Seconds() })
		memory := median(costs[i], func(c cost) float64 { return float64(c.memory) })
		fmt.Printf("| %s | %s | %d MB | %s | %.2f s | %.1f | %.2f s | %.2f | %.0f MiB |\n", name, k.name, size/1e6, j.name, cpu, cpu/floor,
			wall, wall/cpu, memory/1024)
	}
	return nil
}

// filesRead scans the machine once and writes the list of the files that were read.
func filesRead(command, root, work string) (list string, size int64, err error) {
	dir := filepath.Join(work, "case")
	if err := os.RemoveAll(dir); err != nil {
		return "", 0, err
	}
	if _, err := execute([]string{command, "scan", "-q", "-o", dir, root}); err != nil {
		return "", 0, err
	}
	b, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		return "", 0, err
	}
	var manifest struct {
		Hosts []struct {
			Inputs []struct {
				Path string `json:"path"`
				Size int64  `json:"size"`
			} `json:"inputs"`
		} `json:"hosts"`
	}
	if err := json.Unmarshal(b, &manifest); err != nil {
		return "", 0, err
	}
	var lines []string
	for _, h := range manifest.Hosts {
		for _, f := range h.Inputs {
			rel := strings.ReplaceAll(strings.TrimPrefix(f.Path, `C:\`), `\`, "/")
			path := filepath.Join(root, rel)
			st, err := os.Stat(path)
			if err != nil || !st.Mode().IsRegular() {
				continue // a file inside of another, or the machine itself
			}
			lines = append(lines, path)
			size += st.Size()
		}
	}
	if len(lines) == 0 {
		return "", 0, fmt.Errorf("the manifest names no file")
	}
	list = filepath.Join(work, "files")
	return list, size, os.WriteFile(list, []byte(strings.Join(lines, "\n")+"\n"), 0o600)
}

// execute runs a program. An exit code of 3 says that something was damaged, which
// real evidence often is.
func execute(args []string) (cost, error) {
	cmd := exec.Command(args[0], args[1:]...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.Discard, &said
	start := time.Now()
	err := cmd.Run()
	wall := time.Since(start)
	if err != nil && cmd.ProcessState != nil && cmd.ProcessState.ExitCode() != 3 || cmd.ProcessState == nil {
		return cost{}, fmt.Errorf("%s: %w: %.2000s", strings.Join(args, " "), err, said.Bytes())
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return cost{cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), wall: wall, memory: usage.Maxrss}, nil
}

func median(costs []cost, of func(cost) float64) float64 {
	var list []float64
	for _, c := range costs {
		list = append(list, of(c))
	}
	slices.Sort(list)
	return list[len(list)/2]
}

// readAll is the floor: each file is read into one block of 1 MiB and hashed.
func readAll(list string) error {
	b, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	block := make([]byte, 1<<20)
	h := sha256.New()
	for path := range strings.Lines(string(b)) {
		f, err := os.Open(strings.TrimSuffix(path, "\n"))
		if err != nil {
			return err
		}
		h.Reset()
		if _, err := io.CopyBuffer(struct{ io.Writer }{h}, struct{ io.Reader }{f}, block); err != nil {
			f.Close()
			return err
		}
		h.Sum(nil)
		f.Close()
	}
	return nil
}
