package sealed

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"io"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"
)

// keyFile writes a secret key.
func keyFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestRoundTrip encrypts for each kind of key, and reads any part of the result.
func TestRoundTrip(t *testing.T) {
	x, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	pq, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(priv, "")
	if err != nil {
		t.Fatal(err)
	}
	sshPub, err := ssh.NewPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	content := make([]byte, 5<<20+123)
	r := mathrand.New(mathrand.NewPCG(1, 2))
	for i := range content {
		content[i] = byte(r.Uint32())
	}
	for _, c := range []struct {
		name, public, secret, phrase string
	}{
		{"X25519", x.Recipient().String(), x.String(), ""},
		{"post-quantum", pq.Recipient().String(), "# a comment\n" + pq.String() + "\n", ""},
		{"SSH", strings.TrimSpace(string(ssh.MarshalAuthorizedKey(sshPub))), string(pem.EncodeToMemory(block)), ""},
		{"pass phrase", "", "", "kestrel at dusk"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var public, files []string
			if c.public != "" {
				public, files = []string{c.public}, []string{keyFile(t, c.secret)}
			}
			keys, err := Keys(public, c.phrase)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			w, err := Writer(&out, keys)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(content); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			sealed := bytes.NewReader(out.Bytes())
			o := &Opener{Files: files, Passphrase: c.phrase}
			plain, n, err := o.Open(sealed, sealed.Size())
			if err != nil || n != int64(len(content)) {
				t.Fatalf("%d bytes, %v", n, err)
			}
			sameContent(t, plain, content)
			stranger, err := age.GenerateX25519Identity()
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range []*Opener{{}, {Files: []string{keyFile(t, stranger.String())}}, {Passphrase: "no"}} {
				if _, _, err := o.Open(sealed, sealed.Size()); err == nil || !strings.Contains(err.Error(), "encrypted") {
					t.Errorf("with other keys: %v", err)
				}
			}
		})
	}
}

// sameContent reads parts from several goroutines.
func sameContent(t *testing.T, plain io.ReaderAt, content []byte) {
	t.Helper()
	var wg sync.WaitGroup
	for seed := range uint64(4) {
		wg.Go(func() {
			r := mathrand.New(mathrand.NewPCG(seed, 3))
			for range 40 {
				off := r.Int64N(int64(len(content)))
				b := make([]byte, r.IntN(400_000))
				n, err := plain.ReadAt(b, off)
				want := content[off:min(off+int64(len(b)), int64(len(content)))]
				if !bytes.Equal(b[:n], want) || (n < len(b)) != (err == io.EOF) {
					t.Errorf("%d bytes at %d: %d bytes, %v", len(b), off, n, err)
				}
			}
		})
	}
	wg.Wait()
	if n, err := plain.ReadAt(make([]byte, 1), int64(len(content))); n != 0 || err != io.EOF {
		t.Errorf("after the end: %d, %v", n, err)
	}
}

// TestDamaged reads a file with one bit changed, and files that end early.
func TestDamaged(t *testing.T) {
	x, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w, err := Writer(&out, []Key{x.Recipient()})
	if err != nil {
		t.Fatal(err)
	}
	w.Write(make([]byte, 300<<10))
	w.Close()
	o := &Opener{Files: []string{keyFile(t, x.String())}}
	b := bytes.Clone(out.Bytes())
	b[len(b)/2] ^= 1
	plain, n, err := o.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plain.ReadAt(make([]byte, n), 0); err == nil || err == io.EOF {
		t.Errorf("a changed bit is not noticed: %v", err)
	}
	if _, err := plain.ReadAt(make([]byte, 100), 0); err != nil {
		t.Errorf("a whole chunk of a damaged file: %v", err)
	}
	for _, n := range []int{0, 10, 100, out.Len() - 1, out.Len() - 70<<10} {
		if _, _, err := o.Open(bytes.NewReader(out.Bytes()[:n]), int64(n)); err == nil {
			t.Errorf("cut after %d bytes: opened", n)
		}
	}
}

func TestKeysRefused(t *testing.T) {
	x, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		public []string
		phrase string
		says   string
	}{
		{[]string{x.String()}, "", "secret key"},
		{[]string{"age1nothing"}, "", "age1nothing…"},
		{[]string{"hello"}, "", "no public key"},
		{[]string{"ssh-dss AAAA"}, "", "SSH"},
		{[]string{x.Recipient().String()}, "x", "exclude each other"},
	} {
		if _, err := Keys(c.public, c.phrase); err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), x.String()) {
			t.Errorf("%v: %v", c.public, err)
		}
	}
	if _, _, err := (&Opener{Files: []string{"/nowhere"}}).Open(nil, 0); err == nil {
		t.Error("a missing file of keys is no error")
	}
}
