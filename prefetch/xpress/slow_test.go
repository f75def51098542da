package xpress

// decodeSlowly is Decode without the bursts.
func decodeSlowly(dst, src []byte) error {
	d := newDecoder()
	d.src, d.dst, d.size = src, dst, len(dst)
	return d.runSlowly()
}
