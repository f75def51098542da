package collect

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/subtle"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
)

// Encrypted entries are of two kinds: the old one of PKWARE (APPNOTE 6.1), which keeps nobody out but is what many tools write, and
// WinZip's with AES ("AES Encryption Information: Encryption Specification AE-1 and AE-2").

var errPassword = errors.New("wrong password")

// An aesExtra is WinZip's extra field 0x9901.
type aesExtra struct {
	version  uint16 // 1, or 2 without a CRC
	strength byte   // 1, 2, 3: 128, 192, 256 bits
	method   uint16 // of compression
}

const (
	extraAES    = 0x9901
	aesVerifier = 2
	aesMAC      = 10
	aesRounds   = 1000
	zipCryptHdr = 12
)

func (e *zipEntry) readExtra(extra []byte) {
	for len(extra) >= 4 {
		id, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		if extra = extra[4:]; n > len(extra) {
			return
		}
		if x := extra[:n]; id == extraAES && n >= 7 && e.method == zipAES {
			e.aes = &aesExtra{le.Uint16(x), x[4], le.Uint16(x[5:])}
			e.noCRC = e.aes.version == 2
		}
		extra = extra[n:]
	}
}

// An aesKey is what a password and a salt give.
type aesKey struct {
	block cipher.Block
	mac   []byte
	salt  int64
}

// aesKey derives the keys of an entry. A wrong password shows in two bytes, one time in 65,536 it does not: then the authentication code
// at the end of the data does.
func (e *zipEntry) aesKey() (*aesKey, error) {
	if e.aes == nil || e.aes.strength < 1 || e.aes.strength > 3 {
		return nil, fmt.Errorf("encrypted in a way that is not known: %w", errZipFormat)
	}
	size := 8 + 8*int(e.aes.strength)
	k := &aesKey{salt: int64(size / 2)}
	head := make([]byte, k.salt+aesVerifier)
	if e.packed < int64(len(head))+aesMAC {
		return nil, errZipFormat
	}
	if n, err := e.r.ReadAt(head, e.at); n < len(head) {
		return nil, noEnd(err)
	}
	keys, err := pbkdf2.Key(sha1.New, e.a.opts.Password, head[:k.salt], aesRounds, 2*size+aesVerifier)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(keys[2*size:], head[k.salt:]) == 0 {
		return nil, errPassword
	}
	k.mac = keys[size : 2*size]
	k.block, err = aes.NewCipher(keys[:size])
	return k, err
}

// checkPassword reports errPassword when the password is surely wrong.
func (e *zipEntry) checkPassword() error {
	if e.at < 0 {
		return nil
	}
	if e.method == zipAES {
		_, err := e.aesKey()
		return err
	}
	_, err := e.zipCrypt(io.NewSectionReader(e.r, e.at, e.packed))
	return err
}

func (e *zipEntry) openEncrypted(data *io.SectionReader) (fs.File, error) {
	if e.method != zipAES {
		plain, err := e.zipCrypt(data)
		if err != nil {
			return nil, err
		}
		return e.unpack(plain, e.method, e.sum())
	}
	k, err := e.aesKey()
	if err != nil {
		return nil, err
	}
	n := e.packed - k.salt - aesVerifier - aesMAC
	at := &ctrReader{r: io.NewSectionReader(e.r, e.at+k.salt+aesVerifier, n), block: k.block}
	auth := make([]byte, aesMAC)
	if m, err := e.r.ReadAt(auth, e.at+e.packed-aesMAC); m < aesMAC {
		return nil, noEnd(err)
	}
	seq := &macReader{r: at, size: n, mac: hmac.New(sha1.New, k.mac), want: auth}
	if e.aes.method == zipStore && n == e.size {
		return &aesFile{macReader: seq}, nil
	}
	return e.unpack(seq, e.aes.method, e.sum())
}

// A ctrReader decrypts at any offset: block i of the data is combined with the encrypted number i+1, in little-endian order.
type ctrReader struct {
	r     *io.SectionReader
	block cipher.Block
}

func (c *ctrReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(p, off)
	c.crypt(p[:n], off)
	return n, err
}

func (c *ctrReader) crypt(p []byte, off int64) {
	var count, pad [aes.BlockSize]byte
	for len(p) > 0 {
		in := off % aes.BlockSize
		le.PutUint64(count[:], uint64(off/aes.BlockSize)+1)
		c.block.Encrypt(pad[:], count[:])
		n := subtle.XORBytes(p[:min(len(p), int(aes.BlockSize-in))], p, pad[in:])
		p, off = p[n:], off+int64(n)
	}
}

// A macReader reads decrypted data from its beginning and holds the encrypted data to its authentication code at the end.
type macReader struct {
	r    *ctrReader
	off  int64
	size int64
	mac  hash.Hash
	want []byte
}

var errAuth = errors.New("its authentication code is wrong: the data or the password is")

func (m *macReader) Read(p []byte) (int, error) {
	if m.off >= m.size {
		if !hmac.Equal(m.mac.Sum(nil)[:aesMAC], m.want) {
			return 0, errAuth
		}
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), m.size-m.off)]
	n, err := m.r.r.ReadAt(p, m.off)
	m.mac.Write(p[:n])
	m.r.crypt(p[:n], m.off)
	m.off += int64(n)
	if n < len(p) {
		return n, noEnd(err)
	}
	return n, nil
}

// An aesFile is an entry that is encrypted and not compressed: it can be read at any offset.
type aesFile struct{ *macReader }

func (*aesFile) Stat() (fs.FileInfo, error)                { return nil, fs.ErrInvalid }
func (*aesFile) Close() error                              { return nil }
func (f *aesFile) ReadAt(p []byte, off int64) (int, error) { return f.r.ReadAt(p, off) }

// A zipCrypt is the state of PKWARE's traditional encryption.
type zipCrypt struct {
	r          io.Reader
	k0, k1, k2 uint32
}

func (z *zipCrypt) update(b byte) {
	z.k0 = crc32.IEEETable[byte(z.k0)^b] ^ z.k0>>8
	z.k1 = (z.k1+z.k0&0xFF)*134775813 + 1
	z.k2 = crc32.IEEETable[byte(z.k2)^byte(z.k1>>24)] ^ z.k2>>8
}

func (z *zipCrypt) decrypt(p []byte) {
	for i, c := range p {
		t := z.k2&0xFFFF | 2
		c ^= byte(t * (t ^ 1) >> 8)
		z.update(c)
		p[i] = c
	}
}

func (z *zipCrypt) Read(p []byte) (int, error) {
	n, err := z.r.Read(p)
	z.decrypt(p[:n])
	return n, err
}

// zipCrypt begins to decrypt an entry. The last byte of the header is that of the CRC, or of the time when the CRC follows the data: a
// wrong password passes one time in 256, and then shows in the CRC.
func (e *zipEntry) zipCrypt(data io.Reader) (io.Reader, error) {
	z := &zipCrypt{r: data, k0: 0x12345678, k1: 0x23456789, k2: 0x34567890}
	for _, b := range []byte(e.a.opts.Password) {
		z.update(b)
	}
	var head [zipCryptHdr]byte
	if _, err := io.ReadFull(data, head[:]); err != nil {
		return nil, noEnd(err)
	}
	z.decrypt(head[:])
	want := []byte{byte(e.crc >> 24)}
	if e.flags&flagDescriptor != 0 {
		want = append(want, byte(e.modTime>>8))
	}
	if bytes.IndexByte(want, head[zipCryptHdr-1]) < 0 {
		return nil, errPassword
	}
	return z, nil
}
