package corpus

import (
	"archive/zip"
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

// A Hostile is evidence that is made to exhaust the memory of whoever reads it.
type Hostile struct {
	Name  string
	Write func(dir string) (evidence string, err error) // below an empty folder
}

// HostileSet returns evidence that is small to store and large to read: archives
// that expand, sparse files, and files with very many records.
func HostileSet() []Hostile {
	return []Hostile{
		{Name: "firewall log of 3,000,000 lines", Write: func(dir string) (string, error) {
			return hostileZip(dir, "C/Windows/System32/LogFiles/Firewall/pfirewall.log", func(w io.Writer) error {
				return hostileLines(w, 3_000_000,
					"#Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack tcpwin icmptype icmpcode info path\n",
					"2026-03-01 01:02:03 DROP TCP 192.0.2.1 192.0.2.2 1 2 52 S 1 0 1 - - - RECEIVE\n")
			})
		}},
		{Name: "firewall log that is none", Write: func(dir string) (string, error) {
			return hostileZip(dir, "C/Windows/System32/LogFiles/Firewall/pfirewall.log", func(w io.Writer) error {
				return hostileLines(w, 20_000_000, "", "x\n")
			})
		}},
		{Name: "list of launches with 3,000,000 damaged lines", Write: func(dir string) (string, error) {
			return hostileZip(dir, "C/Windows/appcompat/pca/PcaAppLaunchDic.txt", func(w io.Writer) error {
				return hostileLines(w, 3_000_000, "", `c:\windows\system32\cmd.exe|2026-13-01 01:02:03.000`+"\n")
			})
		}},
		{Name: "layout file of 2,000,000 lines", Write: func(dir string) (string, error) {
			return hostileZip(dir, "C/Windows/Prefetch/Layout.ini", func(w io.Writer) error {
				return hostileLines(w, 2_000_000, "[OptimalLayoutFile]\n", `C:\WINDOWS\SYSTEM32\CMD.EXE`+"\n")
			})
		}},
		{Name: "layout file of 1,000,000 programs", Write: func(dir string) (string, error) {
			return hostileZip(dir, "C/Windows/Prefetch/Layout.ini", func(w io.Writer) error {
				return hostileNumbers(w, 1_000_000, "[OptimalLayoutFile]\n", `C:\PROGRAM FILES\VENDOR\FOLDER\PROGRAM%07d.EXE`+"\n")
			})
		}},
		{Name: "list of launches of 1,000,000 programs in odd places", Write: func(dir string) (string, error) {
			return hostileZip(dir, "C/Windows/appcompat/pca/PcaAppLaunchDic.txt", func(w io.Writer) error {
				return hostileNumbers(w, 1_000_000, "", `C:\Users\Public\program%07d.exe|2026-03-01 01:02:03.000`+"\n")
			})
		}},
		{Name: "hosts file of 1,000,000 names", Write: func(dir string) (string, error) {
			return hostileZip(dir, "C/Windows/System32/drivers/etc/hosts", func(w io.Writer) error {
				return hostileNumbers(w, 1_000_000, "", "127.0.0.1 update%07d.microsoft.com\n")
			})
		}},
		{Name: "45,000 entries in 250 folders each", Write: hostileFolders},
		{Name: "sparse files of 1 GiB", Write: hostileSparse},
		{Name: "task of 60 MiB", Write: func(dir string) (string, error) {
			return hostileZip(dir, "C/Windows/System32/Tasks/large", func(w io.Writer) error {
				return hostileLines(w, 1_000_000,
					`<?xml version="1.0"?><Task xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><Actions>`,
					"<Exec><Command>cmd.exe</Command></Exec><!-- not the end -->\n")
			})
		}},
		{Name: "hive with huge values", Write: hostileHive},
		{Name: "$MFT of 110,000 programs in odd places", Write: func(dir string) (string, error) {
			return hostileZip(dir, "C/$MFT", hostileMFT)
		}},
	}
}

// hostileMFT writes the records of programs in a folder for all users, in
// thousands, each thousand with a minute of its own.
func hostileMFT(w io.Writer) error {
	made := time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)
	v := ntfsmeta.New(ntfsmeta.Spec{Made: made, FirstUSN: 4096})
	users := v.Mkdir(ntfsmeta.Root, "Users", made)
	public := v.Mkdir(users, "Public", made)
	for i := range 110 {
		at := made.AddDate(0, 0, 2+i)
		folder := v.Mkdir(public, fmt.Sprintf("%03d", i), at)
		for k := range 1000 {
			v.Create(folder, fmt.Sprintf("program%03d.exe", k), nil, at.Add(time.Duration(k)*time.Minute))
		}
	}
	_, err := w.Write(v.MFT())
	return err
}

// hostileZip writes an archive with a SOFTWARE hive, which shows that it is of a
// machine, and one large file.
func hostileZip(dir, name string, write func(io.Writer) error) (string, error) {
	path := filepath.Join(dir, "collection.zip")
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	z := zip.NewWriter(f)
	w, err := z.Create("C/Windows/System32/config/SOFTWARE")
	if err != nil {
		return "", err
	}
	if _, err := w.Write(hostileSoftware().Build()); err != nil {
		return "", err
	}
	if w, err = z.Create(name); err != nil {
		return "", err
	}
	if err := write(w); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return path, f.Close()
}

func hostileSoftware() *regf.Hive {
	h := regf.New("ROOT", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	h.Root.Sub(`Microsoft\Windows NT\CurrentVersion`).Set("ProductName", regf.String("Windows 10 Pro"))
	return h
}

func hostileLines(w io.Writer, n int, head, line string) error {
	b := bufio.NewWriterSize(w, 1<<20)
	b.WriteString(head)
	for range n {
		b.WriteString(line)
	}
	return b.Flush()
}

// hostileNumbers writes lines with a number in each.
func hostileNumbers(w io.Writer, n int, head, line string) error {
	b := bufio.NewWriterSize(w, 1<<20)
	b.WriteString(head)
	for i := range n {
		fmt.Fprintf(b, line, i)
	}
	return b.Flush()
}

// hostileFolders implies 250 folders by each name.
func hostileFolders(dir string) (string, error) {
	path := filepath.Join(dir, "collection.zip")
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	z := zip.NewWriter(f)
	below := strings.Repeat("a/", 248)
	for i := range 45_000 {
		if _, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("C/Windows/%05d/%sb", i, below)}); err != nil {
			return "", err
		}
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return path, f.Close()
}

// hostileSparse makes files of many artifacts large without bytes: each takes as
// good as no room on the disk.
func hostileSparse(dir string) (string, error) {
	objects := WMIRepository().Files().Objects
	for name, head := range map[string][]byte{
		"Windows/System32/config/SOFTWARE":                               nil,
		"Windows/System32/LogFiles/Firewall/pfirewall.log":               []byte("#Fields: date time action\n"),
		"Windows/System32/drivers/etc/hosts":                             []byte("127.0.0.1 localhost\n"),
		"Windows/System32/wbem/Repository/OBJECTS.DATA":                  objects,
		"Windows/Prefetch/Layout.ini":                                    []byte("[OptimalLayoutFile]\n"),
		"Windows/Prefetch/CMD.EXE-087B4001.pf":                           []byte("MAM\x04"),
		"Windows/appcompat/pca/PcaGeneralDb0.txt":                        {0xFF, 0xFE, 'a', 0},
		"Windows/System32/Tasks/large":                                   []byte("<Task>"),
		"Windows/System32/WindowsPowerShell/v1.0/profile.ps1":            []byte("exit\n"),
		"Windows/System32/winevt/Logs/System.evtx":                       []byte("ElfFile\x00"),
		"ProgramData/Microsoft/Windows/WER/ReportQueue/large/Report.wer": []byte("EventType=APPCRASH\n"),
		"Windows/inf/setupapi.dev.log":                                   []byte("[Device Install Log]\n"),
	} {
		size := int64(1 << 30)
		if strings.HasSuffix(name, "SOFTWARE") {
			head = hostileSoftware().Build()
			size = int64(len(head))
		}
		if err := writeFile(filepath.Join(dir, "C"), name, bytes.Clone(head)); err != nil {
			return "", err
		}
		if err := os.Truncate(filepath.Join(dir, "C", filepath.FromSlash(name)), size); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// hostileHive has values of 1 MiB where short texts are expected.
func hostileHive(dir string) (string, error) {
	h := hostileSoftware()
	long := strings.Repeat("cmd.exe /c ", 48_000)
	for _, key := range []string{"Run", "RunOnce", `Policies\Explorer\Run`} {
		k := h.Root.Sub(`Microsoft\Windows\CurrentVersion\` + key)
		for i := range 16 {
			k.Set(fmt.Sprintf("value %d", i), regf.String(long))
		}
	}
	return dir, writeFile(filepath.Join(dir, "C"), "Windows/System32/config/SOFTWARE", h.Build())
}
