// Command growth measures how the time and the memory of the command grow with the
// number of events: machines of 10^4, 10^5 … events, half of them records of the
// Security log, half lines of a firewall log.
//
//	.ci/bench growth [-most N] [-findings N] [-scan N] [-work DIR]
//
// It prints one table. A machine is removed when it is measured.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/artifactdump/artifactdump/corpus/evtx"
)

func main() {
	command := flag.String("command", "", "program to measure")
	most := flag.Int("most", 1e6, "events of the largest machine")
	findings := flag.Int("findings", 1e6, "events of the largest machine that findings judges, too")
	scans := flag.Int("scan", 0, "events of the largest machine that is scanned, too")
	work := flag.String("work", "", "folder to work in (default: a temporary folder)")
	only := flag.Int("compose", 0, "only write a machine of N events into -work")
	flag.Parse()
	var err error
	if *only > 0 {
		err = compose(*work, *only)
	} else {
		err = run(*command, *work, *most, *findings, *scans)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(1)
	}
}

func run(command, work string, most, findings, scans int) error {
	dir, err := os.MkdirTemp(work, "growth")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Println("| events | read | job | rows | CPU | CPU an event | wall | peak memory |")
	fmt.Println("| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: |")
	for n := int(1e4); n <= most; n *= 10 {
		root := filepath.Join(dir, fmt.Sprint(n), "C")
		size, err := composed(root, n)
		if err != nil {
			return err
		}
		jobs := [][]string{{"timeline", "-q", "--all", "--events", "all", "--format", "jsonl", root}}
		if n <= findings {
			jobs = append(jobs, []string{"findings", "-q", "--format", "jsonl", root})
		}
		if n <= scans {
			jobs = append(jobs, []string{"scan", "-q", "-o", filepath.Join(filepath.Dir(root), "case"), root})
		}
		for _, args := range jobs {
			if err := measure(command, args, n, size); err != nil {
				return err
			}
		}
		if err := os.RemoveAll(filepath.Dir(root)); err != nil {
			return err
		}
	}
	return nil
}

// measure prints the row of one job.
func measure(command string, args []string, n int, size int64) error {
	cmd := exec.Command(command, args...)
	rows, said := &lines{}, &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = rows, said
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %.2000s", strings.Join(args, " "), err, said.Bytes())
	}
	wall := time.Since(began)
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	fmt.Printf("| %d | %.1f MB | %s | %d | %.2f s | %.1f µs | %.1f s | %d MiB |\n", n, float64(size)/1e6, args[0], rows.n, cpu.Seconds(),
		float64(cpu.Microseconds())/float64(n), wall.Seconds(), cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss>>10)
	if args[0] == "timeline" && rows.n < n {
		return fmt.Errorf("%d rows of %d events", rows.n, n)
	}
	return nil
}

// lines counts them.
type lines struct{ n int }

func (l *lines) Write(p []byte) (int, error) {
	l.n += bytes.Count(p, []byte("\n"))
	return len(p), nil
}

// perLog is the number of records of one log: what Windows archives at 64 MB.
const perLog = 50_000

// composed writes a machine of n events in a process of its own and returns its
// bytes. Linux counts for a process what its parent had when it began: this one
// must stay small.
func composed(root string, n int) (size int64, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	if out, err := exec.Command(self, "-compose", fmt.Sprint(n), "-work", root).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%w: %s", err, out)
	}
	err = filepath.WalkDir(root, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		st, err := d.Info()
		if err == nil {
			size += st.Size()
		}
		return err
	})
	return size, err
}

// compose writes a machine of n events.
func compose(root string, n int) error {
	logs := filepath.Join(root, "Windows", "System32", "winevt", "Logs")
	firewall := filepath.Join(root, "Windows", "System32", "LogFiles", "Firewall")
	if err := errors.Join(os.MkdirAll(logs, 0o700), os.MkdirAll(firewall, 0o700)); err != nil {
		return err
	}
	records := n / 2
	for first := 0; first < records; first += perLog {
		name := "Security.evtx"
		if first+perLog < records {
			name = "Archive-Security-" + moment(first).Format("2006-01-02-15-04-05-000") + ".evtx"
		}
		if err := os.WriteFile(filepath.Join(logs, name), securityLog(first, min(perLog, records-first)), 0o600); err != nil {
			return err
		}
	}
	f, err := os.Create(filepath.Join(firewall, "pfirewall.log"))
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	io.WriteString(w, "#Version: 1.5\r\n#Fields: date time action protocol src-ip dst-ip src-port dst-port size "+
		"tcpflags tcpsyn tcpack tcpwin icmptype icmpcode info path\r\n")
	for i := range n - records {
		fmt.Fprintf(w, "%s ALLOW TCP 192.0.2.%d 198.51.100.%d %d 443 0 - 0 0 0 - - - SEND\r\n",
			moment(i).Format("2006-01-02 15:04:05"), i%200, i%250, 49152+i%16000)
	}
	return errors.Join(w.Flush(), f.Close())
}

// moment is the time of an event: one every 1.7 s, so that two sources meet.
func moment(i int) time.Time {
	return time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 1700 * time.Millisecond)
}

// securityLog has log-ons and starts of processes in turn.
func securityLog(first, n int) []byte {
	var w evtx.Writer
	l := evtx.Log{Records: make([]evtx.Record, 0, n)}
	for i := first; i < first+n; i++ {
		e := evtx.Event{
			Provider: "Microsoft-Windows-Security-Auditing", GUID: "{54849625-5478-4994-A5BA-3E3B0328C30D}", Keywords: 0x8020000000000000,
			Created: moment(i), ProcessID: 4, ThreadID: 100, Channel: "Security", Computer: "GROWTH",
		}
		user := fmt.Sprintf("user%02d", i%40)
		if i%2 == 0 {
			e.EventID = 4624
			e.Data = fields("SubjectUserSid", "S-1-0-0", "SubjectUserName", "-", "SubjectDomainName", "-", "SubjectLogonId", "0x0",
				"TargetUserSid", "S-1-5-21-1-2-3-1001", "TargetUserName", user, "TargetDomainName", "GROWTH", "TargetLogonId", fmt.Sprintf("0x%x", i),
				"LogonType", "3", "LogonProcessName", "NtLmSsp", "AuthenticationPackageName", "NTLM", "WorkstationName", "DESK",
				"IpAddress", fmt.Sprintf("192.0.2.%d", i%200), "IpPort", "50000")
		} else {
			e.EventID = 4688
			e.Data = fields("SubjectUserSid", "S-1-5-21-1-2-3-1001", "SubjectUserName", user, "SubjectDomainName", "GROWTH",
				"SubjectLogonId", fmt.Sprintf("0x%x", i-1), "NewProcessId", fmt.Sprintf("0x%x", 4*(i%10000)),
				"NewProcessName", fmt.Sprintf(`C:\Program Files\Tool %02d\tool.exe`, i%50), "TokenElevationType", "%%1936",
				"ProcessId", "0x4", "CommandLine", fmt.Sprintf("tool.exe /job %d", i))
		}
		l.Records = append(l.Records, w.Record(uint64(i+1), e))
	}
	return l.Build()
}

// fields pairs names with texts.
func fields(words ...string) (list []evtx.Field) {
	for i := 0; i < len(words); i += 2 {
		list = append(list, evtx.Field{Name: words[i], Value: evtx.Str(words[i+1])})
	}
	return list
}
