package collector

import (
	"syscall"
	"unsafe"
)

// elevated reports whether the program has the rights of an administrator ([TOKEN_ELEVATION] of winnt.h).
func elevated() bool {
	const tokenElevation = 20
	t, err := syscall.OpenCurrentProcessToken()
	if err != nil {
		return false
	}
	defer t.Close()
	var is, n uint32
	err = syscall.GetTokenInformation(t, tokenElevation, (*byte)(unsafe.Pointer(&is)), uint32(unsafe.Sizeof(is)), &n)
	return err == nil && is != 0
}
