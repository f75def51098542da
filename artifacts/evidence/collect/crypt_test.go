package collect_test

import (
	"archive/zip"
	"bytes"
	"crypto/aes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/flate"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
)

// aesData encrypts after WinZip's specification: salt, verifier, data, authentication code.
func aesData(plain []byte, password string, strength int) []byte {
	size := 8 + 8*strength
	salt := bytes.Repeat([]byte{0x5A}, size/2)
	keys, _ := pbkdf2.Key(sha1.New, password, salt, 1000, 2*size+2)
	block, _ := aes.NewCipher(keys[:size])
	out := bytes.Clone(plain)
	for i := 0; i < len(out); i += 16 {
		var n, pad [16]byte
		binary.LittleEndian.PutUint64(n[:], uint64(i/16+1))
		block.Encrypt(pad[:], n[:])
		for k := i; k < min(i+16, len(out)); k++ {
			out[k] ^= pad[k-i]
		}
	}
	mac := hmac.New(sha1.New, keys[size:2*size])
	mac.Write(out)
	return append(append(append(salt, keys[2*size:]...), out...), mac.Sum(nil)[:10]...)
}

// oldData encrypts after APPNOTE 6.1.
func oldData(plain []byte, password string, check byte) []byte {
	k := [3]uint32{0x12345678, 0x23456789, 0x34567890}
	update := func(b byte) {
		k[0] = crc32.IEEETable[byte(k[0])^b] ^ k[0]>>8
		k[1] = (k[1]+k[0]&0xFF)*134775813 + 1
		k[2] = crc32.IEEETable[byte(k[2])^byte(k[1]>>24)] ^ k[2]>>8
	}
	for _, b := range []byte(password) {
		update(b)
	}
	out := append(make([]byte, 11), check)
	out = append(out, plain...)
	for i, b := range out {
		t := k[2] | 2
		out[i] = b ^ byte((t&0xFFFF)*((t&0xFFFF)^1)>>8)
		update(b)
	}
	return out
}

// lockedZip writes files with each kind of encryption, packed or not.
func lockedZip(t testing.TB, names []string, data map[string]string, password string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i, name := range names {
		plain := []byte(data[name])
		h := &zip.FileHeader{Name: name, Flags: 1, CRC32: crc32.ChecksumIEEE(plain), UncompressedSize64: uint64(len(plain))}
		method := uint16(zip.Store)
		if i%2 == 0 {
			var z bytes.Buffer
			f, err := flate.NewWriter(&z, 6)
			if err != nil {
				t.Fatal(err)
			}
			f.Write(plain)
			f.Close()
			plain, method = z.Bytes(), zip.Deflate
		}
		var body []byte
		if i%4 == 3 {
			h.Method, body = method, oldData(plain, password, byte(h.CRC32>>24))
		} else {
			strength := 1 + i%3
			h.Method, body = 99, aesData(plain, password, strength)
			h.Extra = []byte{0x01, 0x99, 7, 0, 2, 0, 'A', 'E', byte(strength), byte(method), 0}
			h.CRC32 = 0
		}
		h.CompressedSize64 = uint64(len(body))
		f, err := w.CreateRaw(h)
		if err != nil {
			t.Fatal(err)
		}
		f.Write(body)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPassword(t *testing.T) {
	names, data := filesOf(12)
	b := lockedZip(t, names, data, "secret")
	for _, tt := range []struct {
		password string
		b        []byte
		want     int
	}{
		{"secret", b, len(names)},
		{"secret", b[:len(b)-1], len(names)},
		{"wrong", b, 0},
		{"", b, 0},
	} {
		c, err := openZip(t, tt.b, &collect.Options{Password: tt.password})
		if tt.want == 0 {
			if !errors.Is(err, collect.ErrEncrypted) {
				t.Errorf("password %q: %v", tt.password, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("password %q: %v", tt.password, err)
			continue
		}
		if n, wrong, errs := read(c, data); n != tt.want || wrong || (len(errs) > 0) != (len(tt.b) < len(b)) {
			t.Errorf("password %q: %d files of %d: %v", tt.password, n, tt.want, errs)
		}
	}
	// A file that is not compressed can be read at any offset.
	c, err := openZip(t, b, &collect.Options{Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	f, err := c.Hosts[0].Volumes[0].FS.Open("Windows/Prefetch/FILE1.pf")
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 50)
	if _, err := f.(io.ReaderAt).ReadAt(p, 101); err != nil || string(p) != data[names[1]][101:151] {
		t.Errorf("%q, %v", p, err)
	}
	// One wrong bit in encrypted data is never read as good.
	for i := range names {
		bad := bytes.Clone(b)
		at := bytes.Index(bad, []byte(names[i])) + len(names[i]) + 60
		bad[at] ^= 0x10
		c, err := openZip(t, bad, &collect.Options{Password: "secret"})
		if err != nil {
			t.Fatal(err)
		}
		if n, wrong, errs := read(c, data); n != len(names)-1 || wrong || len(errs) == 0 {
			t.Errorf("a wrong bit in %s: %d files, wrong bytes: %v, %v", names[i], n, wrong, errs)
		}
	}
}

// What other programs encrypt is read.
func TestPasswordTools(t *testing.T) {
	dir := t.TempDir()
	names, data := filesOf(5)
	for _, n := range names {
		os.MkdirAll(filepath.Join(dir, filepath.Dir(n)), 0o700)
		if err := os.WriteFile(filepath.Join(dir, n), []byte(data[n]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, argv := range map[string][]string{
		"7-Zip, AES-256":             {"7z", "a", "-tzip", "-psecret", "-mem=AES256", "out.zip", "C"},
		"7-Zip, AES-128, stored":     {"7z", "a", "-tzip", "-psecret", "-mem=AES128", "-mx0", "out.zip", "C"},
		"7-Zip, ZipCrypto":           {"7z", "a", "-tzip", "-psecret", "-mem=ZipCrypto", "out.zip", "C"},
		"7-Zip, BZip2 and AES":       {"7z", "a", "-tzip", "-psecret", "-mem=AES256", "-mm=BZip2", "out.zip", "C"},
		"Info-ZIP":                   {"zip", "-q", "-r", "-P", "secret", "out.zip", "C"},
		"7-Zip, in no need of a key": {"7z", "a", "-tzip", "out.zip", "C"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath(argv[0]); err != nil {
				t.Skip(err)
			}
			out := filepath.Join(dir, "out.zip")
			os.Remove(out)
			cmd := exec.Command(argv[0], argv[1:]...)
			cmd.Dir = dir
			if b, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, b)
			}
			c, err := collect.Open(out, &collect.Options{Password: "secret"})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if n, wrong, errs := read(c, data); n != len(names) || wrong || len(errs) > 0 {
				t.Errorf("%d files, %v", n, errs)
			}
		})
	}
}

// Velociraptor's container is a zip in a zip.
func TestVelociraptorContainer(t *testing.T) {
	names, data := filesOf(5)
	inner := sized(t, names, data, zip.Deflate)
	locked := lockedZip(t, []string{"data.zip", "x"}, map[string]string{"data.zip": string(inner)}, "secret")
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	r, err := zip.NewReader(bytes.NewReader(locked), int64(len(locked)))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Copy(r.File[0]); err != nil {
		t.Fatal(err)
	}
	f, _ := w.Create("metadata.json")
	io.WriteString(f, "{}")
	w.Close()
	c, err := openZip(t, b.Bytes(), &collect.Options{Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if n, _, errs := read(c, data); n != len(names) || len(errs) > 0 {
		t.Errorf("%d files, %v", n, errs)
	}
	if _, err := openZip(t, b.Bytes(), nil); err == nil || !strings.Contains(err.Error(), "--password") {
		t.Errorf("%v", err)
	}
}

// FuzzPassword opens archives of any bytes, with and without a password, and reads what they hold.
func FuzzPassword(f *testing.F) {
	names, data := filesOf(3)
	f.Add(streamed(f, names, data), "")
	f.Add(sized(f, names, data, zip.Store), "")
	f.Add(lockedZip(f, names, data, "secret"), "secret")
	b := streamed(f, names, data)
	f.Add(b[:len(b)-30], "")
	f.Fuzz(func(t *testing.T, b []byte, password string) {
		c, err := openZip(t, b, &collect.Options{Password: password, MaxEntry: 1 << 20, MaxExpanded: 4 << 20, MaxReadFile: 1 << 20})
		if err != nil {
			return
		}
		defer c.Close()
		for _, h := range c.Hosts {
			for _, v := range h.Volumes {
				fs.WalkDir(v.FS, ".", func(p string, e fs.DirEntry, err error) error {
					if err == nil && !e.IsDir() {
						fs.ReadFile(v.FS, p)
					}
					return nil
				})
			}
		}
	})
}
