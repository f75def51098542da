package scca

// Hash is the function that Prefetch applies to a path, a command line or a package name: one for version 17,
// another from version 23 on. Both run over the bytes of the UTF-16LE text, not over its characters.
func Hash(version uint32, text string) uint32 {
	var h uint32
	if version > XP {
		h = 314159
	}
	for _, u := range utf16Units(text) {
		h = h*37 + uint32(u&0xFF)
		h = h*37 + uint32(u>>8)
	}
	if version > XP {
		return h
	}
	h *= 314159269
	if h > 1<<31 {
		h = -h
	}
	return h % 1000000007
}

func hex8(n uint32) string {
	const digits = "0123456789ABCDEF"
	var b [8]byte
	for i := range b {
		b[i] = digits[n>>(28-4*i)&0xF]
	}
	return string(b[:])
}
