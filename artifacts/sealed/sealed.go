// Package sealed encrypts collections with age, and reads encrypted ones in place: nothing is decrypted to a disk.
//
// A machine that is collected needs only public keys. Keys are those of age (X25519, and the post-quantum ones), of SSH (Ed25519 and
// RSA), and pass phrases.
package sealed

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
)

// Ending is that of the names of encrypted files.
const Ending = ".age"

// maxWork bounds the work that a hostile file can demand for a pass phrase: 2^22 is some seconds.
const maxWork = 22

// A Key encrypts, and cannot decrypt.
type Key = age.Recipient

// ParseKey reads a public key: age1…, ssh-ed25519 … or ssh-rsa ….
func ParseKey(text string) (Key, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "ssh-") {
		k, err := agessh.ParseRecipient(text)
		if err != nil {
			return nil, fmt.Errorf("no SSH key to encrypt to: %w", err)
		}
		return k, nil
	}
	if strings.HasPrefix(text, "AGE-SECRET-KEY-") {
		return nil, errors.New("that is a secret key: give the public one, age1…")
	}
	if strings.ContainsAny(text, "\r\n") || !strings.HasPrefix(text, "age1") {
		return nil, errors.New("no public key: give age1…, ssh-ed25519 … or ssh-rsa …")
	}
	list, err := age.ParseRecipients(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// Keys reads public keys, or makes one of a pass phrase. age allows a pass phrase only alone.
func Keys(public []string, passphrase string) ([]Key, error) {
	if passphrase != "" {
		if len(public) > 0 {
			return nil, errors.New("a pass phrase and keys exclude each other")
		}
		k, err := age.NewScryptRecipient(passphrase)
		if err != nil {
			return nil, err
		}
		return []Key{k}, nil
	}
	var out []Key
	for _, p := range public {
		k, err := ParseKey(p)
		if err != nil {
			return nil, fmt.Errorf("%.12s…: %w", p, err) // not all of it: it may be a secret by mistake
		}
		out = append(out, k)
	}
	return out, nil
}

// Writer encrypts what is written to it. Closing it writes the end, without which the file is damaged, and leaves w open.
func Writer(w io.Writer, keys []Key) (io.WriteCloser, error) { return age.Encrypt(w, keys...) }

// An Opener reads encrypted files with secret keys.
type Opener struct {
	Files      []string // of secret keys: what age-keygen writes, or a private key of SSH without a pass phrase
	Passphrase string
}

// maxKeys bounds a file of keys.
const maxKeys = 1 << 20

// identities reads the keys.
func (o *Opener) identities() ([]age.Identity, error) {
	var out []age.Identity
	for _, name := range o.Files {
		list, err := readIdentities(name)
		if err != nil {
			return nil, fmt.Errorf("no secret key in %s: %v", name, err) // not %w: it is not the evidence that is missing
		}
		out = append(out, list...)
	}
	if o.Passphrase != "" {
		p, err := age.NewScryptIdentity(o.Passphrase)
		if err != nil {
			return nil, err
		}
		p.SetMaxWorkFactor(maxWork)
		out = append(out, p)
	}
	return out, nil
}

func readIdentities(name string) ([]age.Identity, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxKeys))
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(b, []byte("-----BEGIN")) {
		k, err := agessh.ParseIdentity(b)
		if err != nil {
			return nil, err
		}
		return []age.Identity{k}, nil
	}
	return age.ParseIdentities(bytes.NewReader(b))
}

// Open returns the bytes of an encrypted file. Any of them can be read without those before it. Its result may be used by several
// goroutines.
func (o *Opener) Open(r io.ReaderAt, size int64) (io.ReaderAt, int64, error) {
	keys, err := o.identities()
	if err != nil {
		return nil, 0, err
	}
	if len(keys) == 0 {
		return nil, 0, errors.New("encrypted: give --identity FILE with the secret key, or --password for a pass phrase")
	}
	plain, n, err := age.DecryptReaderAt(r, size, keys...)
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		return nil, 0, errors.New("encrypted, and no key that was given opens it")
	}
	if err != nil {
		return nil, 0, fmt.Errorf("encrypted: %w", err)
	}
	return newBlocks(plain, n), n, nil
}
