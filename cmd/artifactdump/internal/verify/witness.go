package verify

import (
	"bufio"
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"time"

	goprefetch "www.velocidex.com/golang/go-prefetch"
	"www.velocidex.com/golang/regparser"
)

// The witnesses are independent parsers that nobody hardened against hostile
// files. They run in a child process, which may die: then the file that it
// died on is named, and a new child continues with the next.

// A witnessQuestion asks for one file.
type witnessQuestion struct {
	Hive       bool
	Log        bool // chunks of an event log
	MFT        bool // Data is a piece of a $MFT
	Data       []byte
	Keys       []int64 // of a hive: where the keys lie that are to be read
	RecordSize int     // of a $MFT
}

// A witnessAnswer is what the witness read.
type witnessAnswer struct {
	Error    string
	Prefetch witnessPrefetch
	Keys     []witnessKey
	Chunks   []witnessChunk
	Records  []witnessRecord // of a $MFT, one for each position
}

type witnessPrefetch struct {
	Executable, Hash, Version string
	RunCount                  uint32
	LastRuns                  []int64 // seconds since 1970
	Files                     []string
}

type witnessKey struct {
	Name    string
	Written int64 // seconds since 1970
	Values  []witnessValue
}

type witnessValue struct {
	Name string
	Type uint32
	Data []byte
}

// witnessMemory bounds the child, in bytes.
const witnessMemory = 3 << 29

// Serve is the child process: it answers what it is asked until its input ends,
// within a limit of memory.
func Serve(r io.Reader, w io.Writer) error {
	limitMemory(witnessMemory)
	return serveWitness(r, w)
}

// serveWitness answers until its input ends.
func serveWitness(r io.Reader, w io.Writer) error {
	dec := gob.NewDecoder(bufio.NewReader(r))
	out := bufio.NewWriter(w)
	enc := gob.NewEncoder(out)
	for {
		var q witnessQuestion
		if err := dec.Decode(&q); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		a := ask(q)
		if err := enc.Encode(a); err != nil {
			return err
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
}

// ask lets the witness read one file. A panic of the witness is an answer.
func ask(q witnessQuestion) (a witnessAnswer) {
	defer func() {
		if p := recover(); p != nil {
			a = witnessAnswer{Error: fmt.Sprintf("panic: %v", p)}
		}
	}()
	debug.SetMemoryLimit(witnessMemory / 2)
	switch {
	case q.Hive:
		return askHive(q)
	case q.Log:
		return askLog(q)
	case q.MFT:
		return askMFT(q)
	}
	p, err := goprefetch.LoadPrefetch(bytes.NewReader(q.Data))
	if err != nil {
		return witnessAnswer{Error: err.Error()}
	}
	a.Prefetch = witnessPrefetch{Executable: p.Executable, Hash: p.Hash, Version: p.Version, RunCount: p.RunCount, Files: p.FilesAccessed}
	for _, t := range p.LastRunTimes {
		a.Prefetch.LastRuns = append(a.Prefetch.LastRuns, t.Unix())
	}
	return a
}

func askHive(q witnessQuestion) (a witnessAnswer) {
	reg, err := regparser.NewRegistry(bytes.NewReader(q.Data))
	if err != nil {
		return witnessAnswer{Error: err.Error()}
	}
	for _, off := range q.Keys {
		p := reg.Profile.CM_KEY_NODE(reg.Reader, off+4)
		k := witnessKey{Name: p.Name(), Written: p.LastWriteTime().Unix()}
		for _, v := range p.Values() {
			k.Values = append(k.Values, witnessValue{v.ValueName(), v.Type(), v.ValueData().Data})
		}
		a.Keys = append(a.Keys, k)
	}
	return a
}

// A Witness is the child process, started again when it died: this program with
// the argument "witness", which calls [Serve].
type Witness struct {
	ctx  context.Context
	exe  string
	cmd  *exec.Cmd
	in   io.WriteCloser
	enc  *gob.Encoder
	dec  *gob.Decoder
	errs *bytes.Buffer
}

// NewWitness starts a witness that lives at most as long as the context.
func NewWitness(ctx context.Context) (*Witness, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("the witness cannot be started: %w", err)
	}
	return newWitness(ctx, exe)
}

// newWitness starts the first child: a program that cannot be started says nothing
// about any file.
func newWitness(ctx context.Context, exe string) (*Witness, error) {
	w := &Witness{ctx: ctx, exe: exe}
	if err := w.start(); err != nil {
		return nil, fmt.Errorf("the witness cannot be started: %w", err)
	}
	return w, nil
}

func (w *Witness) start() error {
	cmd := exec.CommandContext(w.ctx, w.exe, "witness")
	w.errs = &bytes.Buffer{}
	cmd.Stderr = &head{w: w.errs, left: 4096}
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	w.cmd, w.in = cmd, in
	w.enc, w.dec = gob.NewEncoder(w.in), gob.NewDecoder(bufio.NewReader(out))
	return nil
}

// ask returns the witness's answer, or why there is none. died is set when the
// child did not survive the file.
func (w *Witness) ask(q witnessQuestion) (a witnessAnswer, died bool, err error) {
	if w.cmd == nil {
		if err := w.start(); err != nil {
			return a, false, err
		}
	}
	done := make(chan error, 1)
	go func() {
		err := w.enc.Encode(q)
		if err == nil {
			err = w.dec.Decode(&a)
		}
		done <- err
	}()
	limit := 30*time.Second + time.Duration(len(q.Data)/(256<<10))*time.Second
	select {
	case err = <-done:
		if err == nil {
			return a, false, nil
		}
	case <-time.After(limit):
		w.cmd.Process.Kill()
		<-done
		err = fmt.Errorf("no answer within %s", limit)
	}
	w.Stop() // the child's last words are whole only now
	why := firstLine(w.errs.String())
	if why != "" {
		err = errors.New(why)
	}
	return witnessAnswer{}, true, err
}

// Stop ends the child process.
func (w *Witness) Stop() {
	if w.cmd != nil {
		w.in.Close()
		w.cmd.Wait()
		w.cmd = nil
	}
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s
}

// head keeps the beginning of what is written to it.
type head struct {
	w    io.Writer
	left int
}

func (h *head) Write(p []byte) (int, error) {
	n := len(p)
	if n > h.left {
		p = p[:h.left]
	}
	h.left -= len(p)
	_, err := h.w.Write(p)
	return n, err
}
