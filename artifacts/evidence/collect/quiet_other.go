//go:build !linux

package collect

const quietly = 0
