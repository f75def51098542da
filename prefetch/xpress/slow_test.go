package xpress

// decodeSlowly is Decode without the bursts; n is as in AppendDecodePrefix.
func decodeSlowly(dst, src []byte) (n int, err error) {
	d := newDecoder()
	d.src, d.dst, d.size = src, dst, len(dst)
	err = d.run(false)
	return min(d.pos, len(src)), err
}
