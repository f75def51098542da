package regf

// Encrypt overwrites the first n bytes of a file, or all of it when it is shorter, as programs that hold files to
// ransom do to save time: with bytes that look random. The same seed gives the same bytes.
func Encrypt(file []byte, n int, seed uint64) {
	x := seed*0x9E3779B97F4A7C15 | 1
	for i := range file[:min(n, len(file))] {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		file[i] = byte(x * 0x2545F4914F6CDD1D >> 56)
	}
}
